"""Every sentence shown to a person, by language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One language's sentences. Braces name what is filled in with `str.format`."""

    welcome: str
    help_head: str
    help_groups: str
    help_privacy_on: str
    help_privacy_off: str
    commands: dict[str, str]
    """What each command does, in the order of /help."""
    owner_commands: dict[str, str]
    refusal: str
    paired: str
    started_over: str
    stopping: str
    nothing_to_stop: str
    in_terminal: str
    ctrl_c_again: str
    stopped_ending: str
    limit_ending: str
    nothing_to_retry: str
    too_long: str
    queue_place: str
    queue_full: str
    empty_reply: str
    failed: str
    given_up: str
    delivery_unknown: str
    preview_unknown: str
    too_many_messages: str
    too_much_to_read: str
    cannot_write: str
    cannot_write_owner: str
    unsupported: str
    deaf: str
    voice_too_long: str
    heard: str
    nothing_heard: str
    seen: str
    nothing_seen: str
    edit_noted: str
    unknown_command: str
    rated_up: str
    rated_down: str
    rating_withdrawn: str
    rating_unknown: str
    rated_outdated: str
    feedback_usage: str
    feedback_noted: str
    feedback_corrected: str
    nothing_to_rate: str
    tune_started: str
    tune_busy: str
    tune_behind_backup: str
    tune_learnt: str
    tune_learnt_thumbs: str
    tune_compared: str
    tune_rejected: str
    tune_skipped: str
    tune_failed: str
    tune_forgotten: str
    swap_refused: str
    rolled_back: str
    rolled_back_to_base: str
    nothing_to_roll_back: str
    rolled_forward: str
    nothing_to_roll_forward: str
    owner_only: str
    ask_usage: str
    joined: str
    left: str
    join_anonymous: str
    in_private: str
    in_groups: str
    not_your_reply: str
    exported: str
    export_too_large: str
    backup_failed: str
    forget_nothing: str
    forget_preview: str
    forget_yes: str
    forget_no: str
    forget_kept: str
    forget_too_late: str
    forget_backups: str
    forget_usage: str
    forget_fewer_words: str
    forget_no_part: str
    forget_about: str
    forget_span: str
    forget_part_preview: str
    forget_part_yes: str
    forgotten_part: str
    purge_yes: str
    purged: str
    forgotten: str
    choose_language: str
    settings: str
    choices: dict[str, str]
    """Labels of buttons, by choice and value; a value without one is its own label."""
    chosen: str
    paused: str
    resumed: str
    private_started: str
    private_ended: str
    not_learnt: str
    why_not_learnt: str
    why_not_learnt_in_group: str
    status_paused: str
    status_private: str
    status: str
    status_base: str
    status_adapter: str
    status_log: str
    status_queue: str
    status_control: str
    status_cost: str
    status_first_sight: str
    weights_trial: str
    weights_trial_thumbs: str
    stats_empty: str
    stats_caption: str
    stats_versions: str
    stats_version: str
    stats_control: str
    stats_nights: str
    stats_night: str
    stats_curve: str
    stats_new: str
    stats_new_base: str
    nothing_to_explain: str
    why_written: str
    why_base: str
    why_control: str
    why_adapter: str
    why_view: str
    why_noted: str
    noted: str
    noted_keep: str
    noted_wrong: str
    noted_kept: str
    struck_out: str
    view_question: str
    view_quoted: str
    view_earlier: str
    view_recalled: str
    view_card: str
    view_length: dict[str, str]
    summarize_usage: str
    summarize_these: str
    summarize_now: str
    too_many_links: str
    reading: str
    reading_text: str
    reading_part: str
    key_sentences: str
    picked_for: str
    words_read: str
    words_read_partial: str
    date: str
    months: dict[int, str]
    """From 1 on."""
    language_missing: str
    language_names: dict[str, str]
    audience_worded: str
    audience_not_worded: str
    wish_unknown: str
    passages: str
    passages_head: str
    shorter: str
    article_says: str
    article_silent: str
    article_unknown: str
    summary_liked: str
    summary_disliked: str
    file_unknown: str
    file_too_large: str
    file_unavailable: str
    problems: dict[str, str]
    """Why there is no summary, by the name of the problem."""
    profile_empty: str
    profile_beliefs: str
    profile_pending: str
    belief_unknown: str
    belief_edit: str
    belief_forget: str
    belief_erased: str
    not_your_profile: str
    edit_ask: str
    edit_left: str
    edit_empty: str
    edit_too_long: str
    edited: str
    edited_for_good: str
    undo: str
    undo_last: str
    undone: str
    undo_too_late: str
    profile_changed: str
    profile_topics: str
    profile_read: str
    profile_style: str
    slots: dict[str, str]
    """Names of the profile's slots; a slot without one is shown by its own word."""
    favourite: str
    certainties: dict[str, str]
    latin: str
    chinese: str


def texts_for(language_code: str | None) -> Texts:
    """The sentences in this language, such as `zh-hans`; English where it is not spoken here."""
    from bot.languages import LANGUAGES

    return LANGUAGES.get((language_code or "")[:2].lower(), LANGUAGES["en"])
