"""Every sentence shown to a person, by language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One language's sentences. Braces name what is filled in with `str.format`."""

    welcome: str
    help_head: str
    commands: dict[str, str]
    """What each command does, in the order of /help."""
    owner_commands: dict[str, str]
    refusal: str
    paired: str
    started_over: str
    stopping: str
    nothing_to_stop: str
    stopped_ending: str
    limit_ending: str
    nothing_to_retry: str
    too_long: str
    queue_full: str
    empty_reply: str
    failed: str
    unsupported: str
    edit_noted: str
    unknown_command: str
    rated_up: str
    rated_down: str
    rating_withdrawn: str
    rating_unknown: str
    feedback_usage: str
    feedback_noted: str
    feedback_corrected: str
    nothing_to_rate: str
    tune_started: str
    tune_busy: str
    tune_learnt: str
    tune_rejected: str
    tune_skipped: str
    tune_failed: str
    swap_refused: str
    rolled_back: str
    rolled_back_to_base: str
    nothing_to_roll_back: str
    rolled_forward: str
    nothing_to_roll_forward: str
    owner_only: str
    exported: str
    export_too_large: str
    forget_nothing: str
    forget_preview: str
    forget_yes: str
    forget_no: str
    forget_kept: str
    forget_too_late: str
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
    status_paused: str
    status_private: str
    status: str
    status_base: str
    status_adapter: str
    summarize_usage: str
    reading: str
    key_sentences: str
    what_was_read: str
    profile_empty: str
    profile_beliefs: str
    profile_pending: str
    belief_unknown: str
    profile_changed: str
    profile_topics: str
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
