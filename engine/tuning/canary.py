"""General text that no tuning should make harder to read: a rise of its loss is forgetting.

It is plain prose and not chat, because a user may rightly want every answer of a chat to be different.
"""

CANARY_TEXTS = (
    "Bread rises because yeast feeds on the sugars in flour and gives off gas. Kneading stretches the "
    "proteins of the dough into a net that holds the bubbles. In the oven the gas expands, the starch "
    "sets, and the crust browns as sugars and proteins react with each other in the dry heat.",
    "A glacier is a river of ice that moves under its own weight. Snow that does not melt in summer is "
    "pressed into ice by the snow of later winters. As it slides downhill it carries stones, grinds the"
    " rock below, and leaves behind round valleys and long ridges of gravel when it retreats.",
    "The printing press spread through Europe within fifty years. Books that had taken a scribe months "
    "to copy could now be made in days, and their price fell. More people learned to read, scholars "
    "could compare the same page in distant cities, and errors were found and corrected faster than "
    "before.",
    "To sort a list of numbers, split it into two halves, sort each half, and merge the results. "
    "Merging is easy, because the smallest remaining number is always at the front of one of the two "
    "halves. The number of comparisons grows only a little faster than the length of the list.",
    "The heart is a pump with four chambers. Blood that comes back from the body enters the right side "
    "and is sent to the lungs, where it takes up oxygen. It returns to the left side, whose thick "
    "muscular wall drives it through the arteries into every part of the body.",
    "Prices in a market carry information. When a frost destroys half of the orange harvest, the price "
    "of oranges goes up, and people who have never heard of the frost buy apples instead. Nobody has to"
    " tell them that oranges are scarce, and those who need them most can still find them.",
    "The old lighthouse stood at the end of the pier, painted in red and white. Every evening the "
    "keeper climbed the narrow stairs with a can of oil and a clean cloth. He polished the lens, lit "
    "the lamp, and sat by the window until the first ships had found their way into the harbour.",
    "def average(values):\n"
    "    if not values:\n"
    "        return 0.0\n"
    "    total = 0.0\n"
    "    for value in values:\n"
    "        total += value\n"
    "    return total / len(values)\n",
    "Sound is a wave of pressure that travels through a medium such as air or water. Its pitch depends "
    "on how many waves pass in a second, and its loudness on how strongly the pressure changes. In a "
    "vacuum there is nothing to compress, and so no sound can travel from one star to another.",
    "A contract is an agreement that a court will enforce. There must be an offer, an acceptance of "
    "that offer, and something of value given by each side. A promise to make a gift is usually not "
    "enough, and neither is an agreement that somebody was forced or tricked into.",
    "Bees tell each other where flowers are by dancing. The angle of the dance shows the direction with"
    " respect to the sun, and its length shows the distance. Other bees follow the dancer in the dark "
    "hive, smell the nectar she has brought, and then fly out to the same field.",
    "The committee met on Tuesday to discuss the budget for the coming year. After two hours of debate "
    "the members agreed to repair the school roof first and to put off the new parking area. The "
    "treasurer was asked to prepare a report on the costs before the next meeting in March.",
)

CANARY_QUESTIONS = (
    "What is the capital of Italy?",
    "How do I make a cup of tea?",
    "Why do we dream?",
    "Give me a tip for learning to swim.",
)
"""Everyday questions whose answers must not be empty, loop, or run on without an end."""
