"""中文。"""

from bot.texts import Texts

ZH = Texts(
    welcome=(
        "你好，我是 Mynah。我陪你聊天，记住你的喜好，每天夜里从你的评价和更正中学习。"
        "一切都留在你自己的机器上。直接给我写消息就行；/help 列出我还会做什么。"
    ),
    help_head="像对人说话一样写给我就好。另外还有：",
    help_groups=(
        "在群里，谁写我的名字、回复我，或者发 /ask@{name}，我就回答谁；在 Telegram 不让我看到其他消息时"
        "（隐私模式），最后一种也能用。群里大家共用一段对话。我只向已被主人允许的人和发过 /join 的人学习。"
    ),
    commands={
        "new": "开始一段没有上文的新对话",
        "retry": "重新回答上一个问题",
        "stop": "停止正在写的回复",
        "feedback": "说说哪里不好，或给出正确答案：/feedback better: 内容",
        "summarize": "总结链接里的网页",
        "profile": "我对你的了解",
        "status": "现在由哪一版权重回答你，学到了什么",
        "stats": "各版得到的评价和每夜的收获，用图表示",
        "why": "是什么造就了一条回复：你回复的那条，或最后一条",
        "rollback": "退回上一次学习之前的权重",
        "private": "一段我不会学习的对话，到 /new 为止",
        "pause": "什么都不学，到 /resume 为止",
        "resume": "重新开始学习",
        "settings": "语言、回复长短、免打扰时间、按钮、学习",
        "language": "我和你说哪种语言",
        "rollforward": "撤销上一次 /rollback",
        "export": "把我这里与你有关的一切作为文件发给你",
        "forget": "删除我这里与你有关的一切",
        "ask": "问我一个问题，在群里也行",
        "join": "在群里：允许我从你在那里的提问中学习",
        "leave": "在群里：不再从你那里学习任何东西",
        "help": "这份列表",
        "start": "我是谁",
    },
    owner_commands={"tune": "现在就学习，不等到夜里"},
    refusal="我是私人助手，只和主人允许的人说话。",
    paired="配对成功，从现在起我归你所有。/help 列出我会做什么。",
    started_over="新的对话开始了：之前说过的我不再参考。",
    stopping="已停止。",
    nothing_to_stop="没有什么可以停止的。",
    ctrl_c_again="再按一次 Ctrl-C 就退出。",
    stopped_ending=" …（已停止）",
    limit_ending=" …（已到长度上限；说“继续”我就接着写）",
    nothing_to_retry="没有可以重新回答的问题。",
    too_long="这条消息对我来说太长了：{needed} 个词元，只容得下 {allowed} 个。请分段发送。",
    queue_full="现在排队的人太多了，请过一分钟再问。",
    empty_reply="这个我答不上来。/retry 让我再试一次。",
    failed="处理这条消息时出了错，主人可以在日志里看到。请再试一次。",
    edit_noted="记下了：那条消息以后以新的文字为准。",
    unsupported="目前我只能读文字。",
    deaf="我在这里听不见：主人可以安装附加组件 `voice`。请写给我。",
    voice_too_long="这段太长了，我听不完：最多五分钟。",
    heard="🎙 {text}",
    nothing_heard="我没有听出任何话。",
    unknown_command="我不认识这个命令。/help 列出我认识的。",
    rated_up="👍 记下了，今晚我会从中学习。",
    rated_down="👎 记下了，我不会学这条回复。/feedback better: 内容 可以教我正确的答案。",
    rating_withdrawn="评价已撤回。",
    rating_unknown="我已经找不到那条回复了。",
    feedback_usage="说说哪里不好（/feedback 请短一点），或给出答案：/feedback better: 内容",
    feedback_noted="谢谢，我记住了：“{note}”。它和那条回复存在一起。",
    feedback_corrected="谢谢。今晚我会学着这样回答：“{correction}”",
    nothing_to_rate="还没有可以评价的回复。",
    tune_started="开始学习了。你可以继续聊，学完我会告诉你。",
    tune_busy="我已经在学习了。",
    tune_learnt=(
        "从你的 {examples} 条消息里学到了：在没有训练过的 {held_out} 条上，我的惊讶程度从每词元 {before:.2f} "
        "降到 {after:.2f} 奈特。现在由第 {version} 版回答你。/rollback 可以撤销。"
    ),
    tune_rejected="我试着从你的消息里学习，但没有任何改变：{reason}",
    tune_skipped="没有学到什么：{reason}",
    tune_failed="学习失败了，没有任何改变：{reason}",
    swap_refused="第 {version} 版用不了（{reason}）。我继续用原来的。",
    rolled_back="已退回第 {version} 版。/rollforward 可以撤销。",
    rolled_back_to_base="已退回我出生时的权重。/rollforward 可以撤销。",
    rolled_forward="又由第 {version} 版回答你了。",
    nothing_to_roll_forward="没有可以撤销的 /rollback。",
    nothing_to_roll_back="没有可以退回的：我用的就是出生时的权重。",
    exported="这是我这里与你有关的一切。其中的 README.txt 说明了每个文件的内容。",
    export_too_large="你的数据超过了 Telegram 允许机器人发送的大小。我的主人可以为你运行 `mynah export`。",
    forget_nothing="这里没有与你有关的东西。",
    forget_preview=(
        "将要删除：{messages} 条消息、{ratings} 个评价、{beliefs} 条看法及其依据、你的写法和话题、"
        "{adapters} 版你自己的权重，以及 {runs} 条学习记录。删除后无法恢复。"
        "Telegram 里显示的聊天内容，要由你自己在那里删除。"
    ),
    forget_yes="全部删除",
    forget_no="保留",
    forget_kept="什么都没有删除。",
    forget_too_late="这个问题已经过期，请再发一次 /forget。",
    forgotten=(
        "已删除：{messages} 条消息、{ratings} 个评价、{beliefs} 条看法、{adapters} 版你的权重和 "
        "{runs} 条学习记录。我对你已一无所知，现在用最初的权重回答你。"
    ),
    owner_only="这件事只有主人能做。",
    ask_usage="请把问题写在后面：/ask 鸟怎么睡觉？",
    joined=(
        "从现在起，我会从你在这个群里对我的提问中学习，别人的话不会因此被学习。/leave 可以撤销；"
        "和我的私聊里，/profile、/export 和 /forget 都可以用。"
    ),
    left=(
        "我不再从你在这个群里说的话中学习。你在这里问过我的，从下一夜起不再训练任何权重，"
        "只以它们为依据的看法也已删除。"
    ),
    join_anonymous="我只能向分得清是谁的人学习：你在这里用的是别的名义。",
    in_private="这是你我之间的事，请私下发给我。{link}",
    in_groups="这是给群用的。在这里由你的设置决定：/settings、/pause、/resume。",
    not_your_reply="只有提问的人能评价这条回复。",
    choose_language="我该说哪种语言？",
    settings="你的设置：语言、回复长短、评价按钮、是否从聊天中学习，以及我不主动打扰的时间。",
    choices={
        "language:en": "English",
        "language:zh": "中文",
        "length:short": "短",
        "length:normal": "适中",
        "length:long": "长",
        "buttons:on": "显示 👍 👎",
        "buttons:off": "不显示 👍 👎",
        "learning:on": "学习",
        "learning:off": "不学习",
        "quiet:none": "不设免打扰",
    },
    chosen="好了。",
    paused=(
        "⏸ 已暂停：我照常回答，但不从我们的对话里学任何东西，既不更新对你的了解，夜里也不学。"
        "每条回复都会带上标记。/resume 结束暂停。"
    ),
    resumed="▶ 我又开始从我们的对话中学习了。",
    private_started="🔒 私密对话：对你的了解和夜间学习都不会读它。/new 结束。",
    private_ended="私密对话结束了。现在是新的对话，我又会从中学习。",
    not_learnt="🔒 不学习",
    why_not_learnt="这条回复不会被学习：对话是私密的（/new 结束），或者学习已关闭（/resume 打开）。",
    why_not_learnt_in_group="这条回复不会被学习，对话结束后文字会被删除。发 /join，我就能在这里向你学习。",
    status_paused="⏸ 学习已关闭；/resume 打开。",
    status_private="🔒 这段对话是私密的；/new 结束。",
    status="Mynah {version}，模型 {model}。",
    status_base="现在由基础权重回答你：里面还没有任何你的东西。",
    status_adapter="现在由你自己的第 {version} 版权重回答你，自 {since} 起。",
    status_log="你的消息：{questions} 条。上次学习：{last_run}。下一次在 {next_run}。",
    status_queue="正在写或在排队的回复：{count} 条。",
    weights_trial=(
        "它从你的 {examples} 条消息里学来；在没有训练过的 {held_out} 条上，惊讶程度从每词元 {before:.2f} "
        "降到 {after:.2f} 奈特。"
    ),
    stats_empty="还没有数字：没有评价过的回复，也没有评定过的夜晚。",
    stats_caption=(
        "1：各版权重（0 是基础权重）得到的赞在评价中的比例，竖线是 95% 置信区间。"
        "2：每夜学习前 ○ 和学习后 ● 对留出消息的惊讶程度，单位奈特/词元。3：每夜学习用到的消息数。"
    ),
    stats_versions="各版权重（0 是基础权重）得到的赞在评价中的比例和 95% 区间：",
    stats_version="第 {version} 版：{rated} 个评价中 {liked} 个赞（{low:.0f}% 到 {high:.0f}%）",
    stats_nights="每夜学习前 → 后对留出消息的惊讶程度，单位奈特/词元：",
    stats_night="{date}：{before:.2f} → {after:.2f}，学习了 {examples} 条消息",
    nothing_to_explain="没有可以解释的回复。请回复我的某一条消息，并发送 /why。",
    why_written=(
        "由 {model} 写于 {when}：读了 {read} 个词元，写了 {written} 个，第一个用了 {first:.1f} 秒，"
        "一共 {seconds:.1f} 秒。"
    ),
    why_base="用的是我出生时的权重：里面没有任何你的东西。",
    why_adapter="用的是你自己的第 {version} 版权重，{since} 学成。",
    why_view="当时看到的有：{view}。",
    why_noted="从那个问题里，我为你的档案记下了：{beliefs}。",
    view_question="你的问题",
    view_quoted="你随之引用或转发的文字",
    view_earlier="对话中更早的 {count} 条消息",
    view_length={"short": "你设置的简短回复", "long": "你设置的详细回复"},
    summarize_usage="请发送 /summarize 加链接，例如 /summarize https://example.org/article",
    reading="正在读 {link} …",
    key_sentences="网页中的关键句：",
    what_was_read="读了 {words} 字，{site}",
    profile_empty="我对你还一无所知。每条消息都会让我多了解一点。",
    profile_pending="下面的内容比较敏感，你点 ✓ 之后我才会使用：",
    belief_unknown="这一条我已经不再记着了。",
    profile_beliefs="我对你的了解：",
    profile_topics="你常聊的：{topics}。",
    profile_style=(
        "你的写法：{messages} 条消息，平均 {words} 字，{languages}；{lower}% 以小写字母开头，"
        "{punctuated}% 以标点结尾，{emoji}% 带表情；多在世界时 {hour} 点左右。"
    ),
    slots={
        "name": "名字",
        "city": "住在",
        "origin": "来自",
        "job": "职业",
        "employer": "单位",
        "diet": "饮食",
        "pet": "宠物",
        "likes": "喜欢",
        "dislikes": "不喜欢",
        "answer length": "回答长短",
        "answer emoji": "回答中的表情",
        "answer tone": "回答的语气",
        "answer language": "回答的语言",
    },
    certainties={"sure": "确定", "likely": "很可能", "once": "说过一次"},
    latin="拉丁字母",
    chinese="中文",
)
