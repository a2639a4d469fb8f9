"""English."""

from bot.texts import Texts
from engine.articles.problems import Problem

EN = Texts(
    welcome=(
        "Hello, I am Mynah. I talk with you, I remember what you like, and every night I learn from your "
        "ratings and corrections. All of it stays on your own machine. Just write to me; /help shows what "
        "else I can do."
    ),
    help_head="Write to me as you would to a person. Besides that:",
    help_groups=(
        "In a group I answer whoever writes my name, replies to me or sends /ask@{name}. All share one "
        "conversation there. I learn only from people who are let in here or have sent /join."
    ),
    help_privacy_on=(
        "Telegram's privacy mode is on for me: of what is said in groups I am sent little but commands and "
        "replies to me, so /ask@{name} is the sure way."
    ),
    help_privacy_off=(
        "Telegram's privacy mode is off for me: I am sent all that is said in my groups. What is not said to "
        "me I neither answer nor keep."
    ),
    commands={
        "new": "begin a conversation with an empty context",
        "retry": "answer the last question again",
        "stop": "end the reply under way",
        "feedback": "say what was wrong, or give the right answer: /feedback better: TEXT",
        "summarize": "sum up a link, a file or a text: short, long, bullets, in German …",
        "profile": "what I believe about you",
        "status": "which weights answer you, and what was learnt",
        "stats": "your ratings by version, and what each night brought, as a picture",
        "why": "what shaped a reply: the one that you reply to, or the last",
        "rollback": "go back to the weights before the last tuning",
        "private": "a conversation that I do not learn from, until /new",
        "pause": "learn nothing, until /resume",
        "resume": "learn again",
        "settings": "language, length of replies, quiet hours, buttons, learning",
        "language": "the language that I speak with you",
        "rollforward": "undo the last /rollback",
        "export": "all that I hold of you, as a file",
        "forget": "erase all that I hold of you, or a part: last hour, about my job …",
        "ask": "ask me something, in a group too",
        "join": "in a group: let me learn from what you ask me there",
        "leave": "in a group: learn nothing from you there any more",
        "help": "this list",
        "start": "who I am",
    },
    owner_commands={"tune": "learn now instead of tonight"},
    refusal="I am a private assistant and only talk with people whom my keeper has let in.",
    paired="You are paired, and I am yours from now on. /help shows what I can do.",
    started_over="A new conversation: I no longer look at what was said before.",
    stopping="Stopped.",
    nothing_to_stop="There is nothing to stop.",
    in_terminal="Write to Mynah. /help lists what it can do; Ctrl-C stops a reply, Ctrl-D ends the chat.",
    ctrl_c_again="Ctrl-C once more leaves.",
    stopped_ending=" … (stopped)",
    limit_ending=" … (cut at the length limit; say “go on” for more)",
    nothing_to_retry="There is no question that I could answer again.",
    too_long="That message is too long for me: {needed} tokens, and {allowed} fit. Please send it in pieces.",
    queue_place="Others asked before you: you are number {place} in line.",
    queue_full="Too many people are waiting right now. Please ask again in a minute.",
    empty_reply="I have no answer to that. /retry lets me try again.",
    failed="Something went wrong with that message, and the keeper can see it in the log. Please try again.",
    given_up="Each time I began on your message, I was ended before I was done, so I leave it unanswered. "
    "Please write it again, perhaps in other words.",
    delivery_unknown="Part of my answer may not have arrived. If something is missing, /retry gives another.",
    preview_unknown="The connection broke as I began: above, my answer may stand once more, unfinished.",
    too_many_messages="That is more than I can answer at once. The rest is left out; please write it later.",
    too_much_to_read="That is more than I can read at once. The rest is left out; please send it later.",
    cannot_write="I can't write anything down at the moment. Your message is not lost; I answer when I can.",
    cannot_write_owner=(
        "I cannot write anything down at the moment. {reason} Until I can, messages wait and nothing is lost."
    ),
    edit_noted="Noted: from now on I go by the new wording of that message.",
    unsupported="I read text, and files in PDF, text, Markdown or HTML.",
    deaf="I cannot hear here: my keeper can install the extra `voice`. Please write it to me.",
    voice_too_long="That is too long for me to listen to: at most five minutes, please.",
    heard="🎙 {text}",
    nothing_heard="I could not make out any words in that.",
    seen="🖼 {text}",
    nothing_seen="I could not make out anything in that picture.",
    unknown_command="I do not know that command. /help lists those that I know.",
    rated_up="👍 Noted. I will learn from it tonight.",
    rated_down=(
        "👎 Noted: I will not learn to answer like that. /feedback better: TEXT teaches me the right one."
    ),
    rating_withdrawn="Rating taken back.",
    rating_unknown="I no longer know that reply.",
    rated_outdated=(
        "Noted. You have changed that question since, so I learn nothing from this answer; ask again, and I "
        "can learn from the new one."
    ),
    feedback_usage="Say what was wrong (/feedback shorter, please) or the answer: /feedback better: TEXT",
    feedback_noted="Thank you, I keep that in mind: “{note}”. It is stored with that reply.",
    feedback_corrected="Thank you. Tonight I learn to answer that with: “{correction}”",
    nothing_to_rate="There is no reply yet that this could be about.",
    tune_started="Learning now. You can go on talking; I tell you when it is done.",
    tune_busy="I am learning already.",
    tune_behind_backup=(
        "I am writing a backup, and must not learn beside that. Please send /tune again in a minute."
    ),
    tune_learnt=(
        "Learnt from {examples} of your messages: on {held_out} that I had not trained on, my surprise fell "
        "from {before:.2f} to {after:.2f} nats a token. Version {version} answers you now. /rollback "
        "undoes it."
    ),
    tune_learnt_thumbs=(
        "Learnt from {examples} of your messages, by their thumbs: of {held_out} replies that I had not "
        "trained on, those that you like became {apart:.1f} nats likelier against those that you do not. "
        "Version {version} answers you now. /rollback undoes it."
    ),
    tune_compared="With somebody else's weights it would be {other:.2f}.",
    tune_rejected="I tried to learn from your messages, but nothing has changed: {reason}",
    tune_skipped="Nothing learnt: {reason}",
    tune_failed="Learning failed, and nothing has changed: {reason}",
    tune_forgotten=(
        "You had me forget something while I was learning, so I gave that up and changed nothing. /tune "
        "begins anew."
    ),
    swap_refused="Version {version} could not be used ({reason}). I go on with what I had.",
    rolled_back="Back to version {version}. /rollforward undoes that.",
    rolled_back_to_base="Back to the weights that I was born with. /rollforward undoes that.",
    rolled_forward="Version {version} answers you again.",
    nothing_to_roll_forward="There is no /rollback that I could undo.",
    nothing_to_roll_back="There is nothing to go back to: I answer with the weights that I was born with.",
    exported="All that I hold of you. README.txt in it says what is where.",
    export_too_large="That is more than Telegram takes from a bot. My keeper can run `mynah export` for you.",
    backup_failed="The backup of last night is missing: {reason}",
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
    forget_usage=(
        "/forget alone erases everything. For a part of it say when, or what it is about: /forget last hour, "
        "/forget yesterday, /forget about my job."
    ),
    forget_fewer_words="Please say in fewer words what it is about.",
    forget_no_part="I hold nothing of that.",
    forget_about="All turns in which “{about}” occurs:",
    forget_span="All that was said from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}:",
    forget_part_preview=(
        "this erases {messages} messages, {ratings} ratings, {beliefs} beliefs that rest on nothing else and "
        "{adapters} versions of your own weights that may have learnt from them. It cannot be undone. What "
        "this chat shows on Telegram stays until you delete it there."
    ),
    forget_part_yes="Erase these",
    forgotten_part=(
        "{messages} messages, {ratings} ratings, {beliefs} beliefs and {adapters} versions of your own "
        "weights are erased."
    ),
    forget_backups="Nightly backups still hold it until the last of them is deleted on {day:%Y-%m-%d}.",
    purge_yes="Delete all nightly backups",
    purged="All nightly backups are deleted ({count}).",
    forgotten=(
        "Erased: {messages} messages, {ratings} ratings, {beliefs} beliefs, {adapters} versions of your "
        "weights and {runs} records of tuning. I know nothing of you any more, and answer with the weights "
        "that I was born with."
    ),
    owner_only="Only my keeper can do that.",
    ask_usage="Write your question behind it: /ask How do birds sleep?",
    joined=(
        "From now on I learn from what you ask me in this group, and from nobody else's lines by that. "
        "/leave undoes it; in a private chat with me /profile, /export and /forget are yours."
    ),
    left=(
        "I learn nothing from you in this group any more. What you asked me here trains no weights from the "
        "next night on, and beliefs that rested on it alone are erased."
    ),
    join_anonymous="I can learn only from somebody whom I can tell apart: you write here in another's name.",
    in_private="That is between the two of us: please send it to me in private. {link}",
    in_groups="That is for groups. Here it is your settings that count: /settings, /pause, /resume.",
    not_your_reply="Only the person who asked can rate that.",
    choose_language="Which language shall I speak?",
    settings=(
        "Your settings: language, length of replies, rating buttons, what to do with a bare link, learning "
        "from this chat, and the quiet hours in which I send nothing unasked."
    ),
    choices={
        "language:en": "English",
        "language:zh": "中文",
        "length:short": "Short",
        "length:normal": "Normal",
        "length:long": "Long",
        "links:ask": "Links: ask",
        "links:read": "Links: sum up",
        "buttons:on": "👍 👎 on",
        "buttons:off": "👍 👎 off",
        "learning:on": "Learn",
        "learning:off": "Do not learn",
        "quiet:none": "No quiet hours",
    },
    chosen="Done.",
    paused=(
        "⏸ Paused: I answer you, but I learn nothing from what we say, neither for your profile nor by "
        "night, and I erase it when the conversation is over. Each reply carries a sign of it. /resume ends "
        "the pause."
    ),
    resumed="▶ I learn from our conversations again.",
    private_started=(
        "🔒 A private conversation: neither your profile nor the nightly learning will read it. /new ends "
        "it, and then it is erased."
    ),
    private_ended="The private conversation has ended and goes. This is a new one: I learn from it again.",
    not_learnt="🔒 not learnt",
    why_not_learnt=(
        "Nothing is learnt from this reply: the conversation is private (/new ends it) or learning is off "
        "(/resume turns it on)."
    ),
    why_not_learnt_in_group=(
        "Nothing is learnt from this reply, and its text is erased when the conversation is over. /join lets "
        "me learn from you in this group."
    ),
    status_paused="⏸ Learning is off; /resume turns it on.",
    status_private="🔒 This conversation is private; /new ends it.",
    status="Mynah {version}, model {model}.",
    status_base="You are answered by the base weights: nothing of yours is in them yet.",
    status_adapter="You are answered by your own weights, version {version}, since {since}.",
    status_log="Messages of yours: {questions}. Last tuning: {last_run}. The next is due at {next_run}.",
    status_control=(
        "Of a hundred replies, {percent} are left to the base weights, so that the two can be compared; /why "
        "tells which."
    ),
    status_cost=(
        "The last tuning read {tokens:.0f} tokens in {seconds:.0f} s, with {memory:.0f} MB of memory; its "
        "weights take {size:.1f} MB."
    ),
    status_first_sight=(
        "On {turns} replies that nothing had been learnt from yet, the surprise was {base:.2f} with the base "
        "weights and {active:.2f} with yours."
    ),
    status_queue="Replies being written or waiting for their turn: {count}.",
    weights_trial=(
        "They were learnt from {examples} of your messages; on {held_out} that they were not trained on, the "
        "surprise fell from {before:.2f} to {after:.2f} nats a token."
    ),
    weights_trial_thumbs=(
        "They were learnt from {examples} of your messages, by their thumbs; of {held_out} replies that they "
        "were not trained on, those that you like became {apart:.1f} nats likelier against those that you do "
        "not."
    ),
    stats_empty="There are no figures yet: no reply was rated, and no night has been judged.",
    stats_caption=(
        "1: likes among your thumbs, by version of the weights (0: the base), with the range that holds the "
        "truth in 95 of 100 cases. 2: surprise at messages that were held back, in nats a token, before ○ "
        "and after ● each night. 3: messages that were learnt from each night. 4: surprise at each "
        "night's new messages, before anything was learnt from them, with the base weights ○ and with your "
        "own ●. 0*: the base, where it has answered in between to be compared."
    ),
    stats_versions="Likes among your thumbs by version of the weights (0: the base), with 95 % intervals:",
    stats_version="{version}: {liked} of {rated} ({low:.0f} to {high:.0f} %)",
    stats_control="0 beside your own, to compare",
    stats_nights="Surprise at messages that were held back, in nats a token, before → after each night:",
    stats_night="{date}: {before:.2f} → {after:.2f}, learnt from {examples} messages",
    stats_curve="Surprise at new messages before anything was learnt from them, base → your own weights:",
    stats_new="{date}: {base:.2f} → {active:.2f}, {turns} messages",
    stats_new_base="{date}: {base:.2f}, {turns} messages, no weights of your own yet",
    nothing_to_explain="There is no reply to you that I could explain. Send /why as a reply to one of mine.",
    why_written=(
        "Written on {when} by {model}: {read} tokens read, {written} written, the first after {first:.1f} s, "
        "all in {seconds:.1f} s."
    ),
    why_base="The weights were those that I was born with: nothing of yours is in them.",
    why_control=(
        "This one was left to the weights that I was born with, so that the two can be compared. /retry asks "
        "your own."
    ),
    why_adapter="The weights were your own, version {version}, of {since}.",
    why_view="In view were {view}.",
    noted="Noted: {belief}. /profile shows all of it.",
    noted_keep="✓ keep",
    noted_wrong="✗ wrong",
    noted_kept="Kept: {belief}.",
    struck_out="Struck out: {belief}. I do not go by it any more.",
    why_noted="From that question I noted for your profile: {beliefs}.",
    view_question="your question",
    view_quoted="what you quoted, forwarded or showed with it",
    view_earlier="{count} earlier messages of the conversation",
    view_recalled="{count} things that you had said before",
    view_card="{count} lines of your profile",
    view_length={"short": "your wish for short replies", "long": "your wish for long replies"},
    summarize_usage=(
        "Send /summarize with a link or a text, or in reply to one; short, long, bullets, a language or “for "
        "my boss” may stand beside it, as in /summarize short https://example.org/article"
    ),
    summarize_these="Shall I sum this up?",
    summarize_now="Summarise",
    too_many_links="I read {count} links at a time. These were left out:",
    reading="Reading {link} …",
    reading_text="Reading your text …",
    reading_part="Reading {part} of {parts}",
    key_sentences="Key sentences:",
    picked_for="First what touches your interests: {interests}.",
    words_read="Read: {words} words",
    words_read_partial="Read: the first {words} words",
    date="{day} {month} {year}",
    months={
        1: "January",
        2: "February",
        3: "March",
        4: "April",
        5: "May",
        6: "June",
        7: "July",
        8: "August",
        9: "September",
        10: "October",
        11: "November",
        12: "December",
    },
    language_missing="The model that I run cannot write {language}, so the language of the article stays.",
    language_names={
        "en": "English",
        "zh": "Chinese",
        "de": "German",
        "fr": "French",
        "es": "Spanish",
        "it": "Italian",
        "pt": "Portuguese",
        "ru": "Russian",
        "ja": "Japanese",
    },
    audience_worded="Worded for “{audience}”, so your own interests were left aside.",
    audience_not_worded=(
        "The words are the article's own, not put for “{audience}”; only your interests were left aside."
    ),
    wish_unknown=(
        "I did not understand “{words}”; I know short, long, bullets, a language, as in German, and whom it "
        "is for, as for my boss."
    ),
    passages="Passages",
    passages_head="What each point rests on, with what stands around it:",
    shorter="Shorter",
    article_says="From the article:",
    article_silent="The article does not say.",
    article_unknown="I no longer have that article. Send it again, and I read it anew.",
    summary_liked="👍 Noted: your next summaries look like this one.",
    summary_disliked="👎 Noted: your next summaries will look different.",
    file_unknown="I read files in PDF, text, Markdown and HTML, and this is none of them.",
    file_too_large="Telegram hands a bot files of up to 20 MB, and this one is larger.",
    file_unavailable="Telegram did not hand me that file. Please send it again.",
    problems={problem.name: problem.value for problem in Problem},
    profile_empty="I know nothing about you yet. It grows with each message.",
    profile_pending="This is delicate, so I use it only if you say ✓:",
    belief_unknown="I no longer hold that.",
    belief_edit="✎ edit",
    belief_forget="🗑 forget",
    belief_erased="Erased without a trace. That cannot be undone.",
    not_your_profile="These buttons belong to somebody else's profile.",
    edit_ask=(
        "What should stand there instead of “{belief}”? Write just that, within ten minutes; any command, "
        "such as /profile, leaves it as it is."
    ),
    edit_left="“{belief}” stays as it was.",
    edit_empty="I find no words in that. Write what is right, or send /profile to leave it as it is.",
    edit_too_long="That is too long: at most {most} characters. Or send /profile to leave it as it is.",
    edited="Corrected: {belief}. Nothing that you said before overrules it.",
    edited_for_good=(
        "Corrected: {belief}. Nothing that you said before overrules it. What stood there before had waited "
        "for your word; it is erased, and that cannot be undone."
    ),
    undo="↶ undo",
    undo_last="↶ undo: {change}",
    undone="Undone. /profile shows what I hold now.",
    undo_too_late=(
        "That can no longer be undone: it was undone or erased before, or something newer stands in its "
        "place."
    ),
    profile_beliefs="What I believe about you:",
    profile_read="What you read lately:",
    profile_changed="New (+) and over (−) this week:",
    profile_topics="What you talk about: {topics}.",
    profile_style=(
        "How you write: {messages} messages, {words} words each, {languages}; {lower} % begin in lower case, "
        "{punctuated} % end with a full stop or the like, {emoji} % have emoji; mostly around {hour}:00 UTC."
    ),
    slots={"dislikes": "dislikes", "origin": "comes from", "instruction": "how to answer"},
    favourite="favourite {thing}",
    certainties={"sure": "sure", "likely": "likely", "once": "said once"},
    latin="Latin script",
    chinese="Chinese",
)
