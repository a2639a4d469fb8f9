"""English."""

from bot.texts import Texts

EN = Texts(
    welcome=(
        "Hello, I am Mynah. I talk with you, I remember what you like, and every night I learn from your "
        "ratings and corrections. All of it stays on your own machine. Just write to me; /help shows what "
        "else I can do."
    ),
    help_head="Write to me as you would to a person. Besides that:",
    commands={
        "new": "begin a conversation with an empty context",
        "retry": "answer the last question again",
        "stop": "end the reply under way",
        "feedback": "say what was wrong, or give the right answer: /feedback better: TEXT",
        "summarize": "summarise the page behind a link",
        "profile": "what I believe about you",
        "status": "which weights answer you, and what was learnt",
        "rollback": "go back to the weights before the last tuning",
        "private": "a conversation that I do not learn from, until /new",
        "pause": "learn nothing, until /resume",
        "resume": "learn again",
        "settings": "language, length of replies, quiet hours, buttons, learning",
        "language": "the language that I speak with you",
        "rollforward": "undo the last /rollback",
        "export": "all that I hold of you, as a file",
        "forget": "erase everything that I hold of you",
        "help": "this list",
        "start": "who I am",
    },
    owner_commands={"tune": "learn now instead of tonight"},
    refusal="I am a private assistant and only talk with people whom my keeper has let in.",
    paired="You are paired, and I am yours from now on. /help shows what I can do.",
    started_over="A new conversation: I no longer look at what was said before.",
    stopping="Stopped.",
    nothing_to_stop="There is nothing to stop.",
    stopped_ending=" … (stopped)",
    limit_ending=" … (cut at the length limit; say “go on” for more)",
    nothing_to_retry="There is no question that I could answer again.",
    too_long="That message is too long for me: {needed} tokens, and {allowed} fit. Please send it in pieces.",
    queue_full="Too many people are waiting right now. Please ask again in a minute.",
    empty_reply="I have no answer to that. /retry lets me try again.",
    failed="Something went wrong with that message, and the keeper can see it in the log. Please try again.",
    edit_noted="Noted: from now on I go by the new wording of that message.",
    unsupported="I read text for now.",
    unknown_command="I do not know that command. /help lists those that I know.",
    rated_up="👍 Noted. I will learn from it tonight.",
    rated_down="👎 Noted: I will not learn from that reply. /feedback better: TEXT teaches me the right one.",
    rating_withdrawn="Rating taken back.",
    rating_unknown="I no longer know that reply.",
    feedback_usage="Say what was wrong (/feedback shorter, please) or the answer: /feedback better: TEXT",
    feedback_noted="Thank you, I keep that in mind: “{note}”. It is stored with that reply.",
    feedback_corrected="Thank you. Tonight I learn to answer that with: “{correction}”",
    nothing_to_rate="There is no reply yet that this could be about.",
    tune_started="Learning now. You can go on talking; I tell you when it is done.",
    tune_busy="I am learning already.",
    tune_learnt=(
        "Learnt from {examples} of your messages: on {held_out} that I had not trained on, my surprise fell "
        "from {before:.2f} to {after:.2f} nats a token. Version {version} answers you now. /rollback "
        "undoes it."
    ),
    tune_rejected="I tried to learn from your messages, but nothing has changed: {reason}",
    tune_skipped="Nothing learnt: {reason}",
    tune_failed="Learning failed, and nothing has changed: {reason}",
    swap_refused="Version {version} could not be used ({reason}). I go on with what I had.",
    rolled_back="Back to version {version}. /rollforward undoes that.",
    rolled_back_to_base="Back to the weights that I was born with. /rollforward undoes that.",
    rolled_forward="Version {version} answers you again.",
    nothing_to_roll_forward="There is no /rollback that I could undo.",
    nothing_to_roll_back="There is nothing to go back to: I answer with the weights that I was born with.",
    exported="All that I hold of you. README.txt in it says what is where.",
    export_too_large="That is more than Telegram takes from a bot. My keeper can run `mynah export` for you.",
    forget_nothing="There is nothing of yours here.",
    forget_preview=(
        "This erases {messages} messages, {ratings} ratings, {beliefs} beliefs with their evidence, the "
        "picture of how you write and what you talk about, {adapters} versions of your own weights and "
        "{runs} records of tuning. It cannot be undone. What this chat shows on Telegram stays until you "
        "delete it there."
    ),
    forget_yes="Erase everything",
    forget_no="Keep it",
    forget_kept="Nothing was erased.",
    forget_too_late="That question is too old. /forget asks again.",
    forgotten=(
        "Erased: {messages} messages, {ratings} ratings, {beliefs} beliefs, {adapters} versions of your "
        "weights and {runs} records of tuning. I know nothing of you any more, and answer with the weights "
        "that I was born with."
    ),
    owner_only="Only my keeper can do that.",
    choose_language="Which language shall I speak?",
    settings=(
        "Your settings: language, length of replies, rating buttons, learning from this chat, and the quiet "
        "hours in which I send nothing unasked."
    ),
    choices={
        "language:en": "English",
        "language:zh": "中文",
        "length:short": "Short",
        "length:normal": "Normal",
        "length:long": "Long",
        "buttons:on": "👍 👎 on",
        "buttons:off": "👍 👎 off",
        "learning:on": "Learn",
        "learning:off": "Do not learn",
        "quiet:none": "No quiet hours",
    },
    chosen="Done.",
    paused=(
        "⏸ Paused: I answer you, but I learn nothing from what we say, neither for your profile nor by "
        "night. Each reply carries a sign of it. /resume ends the pause."
    ),
    resumed="▶ I learn from our conversations again.",
    private_started=(
        "🔒 A private conversation: neither your profile nor the nightly learning will read it. /new ends it."
    ),
    private_ended="The private conversation has ended. This is a new one, and I learn from it again.",
    not_learnt="🔒 not learnt",
    why_not_learnt=(
        "Nothing is learnt from this reply: the conversation is private (/new ends it) or learning is off "
        "(/resume turns it on)."
    ),
    status_paused="⏸ Learning is off; /resume turns it on.",
    status_private="🔒 This conversation is private; /new ends it.",
    status="Model: {model}. {weights} Messages of yours: {questions}. Last tuning: {last_run}.",
    status_base="You are answered by the base weights.",
    status_adapter="You are answered by your own weights, version {version}.",
    summarize_usage="Send /summarize with a link, for example /summarize https://example.org/article",
    reading="Reading {link} …",
    key_sentences="Key sentences of the page:",
    what_was_read="Read: {words} words, {site}",
    profile_empty="I know nothing about you yet. It grows with each message.",
    profile_pending="This is delicate, so I use it only if you say ✓:",
    belief_unknown="I no longer hold that.",
    profile_beliefs="What I believe about you:",
    profile_changed="New (+) and over (−) this week:",
    profile_topics="What you talk about: {topics}.",
    profile_style=(
        "How you write: {messages} messages, {words} words each, {languages}; {lower} % begin in lower case, "
        "{punctuated} % end with a full stop or the like, {emoji} % have emoji; mostly around {hour}:00 UTC."
    ),
    slots={"dislikes": "dislikes", "origin": "comes from"},
    favourite="favourite {thing}",
    certainties={"sure": "sure", "likely": "likely", "once": "said once"},
    latin="Latin script",
    chinese="Chinese",
)
