"""Everything that can stand between a link and its summary, one plain sentence each."""

from enum import StrEnum


class Problem(StrEnum):
    """The value is shown to a person as it is; the name is the key for its translations."""

    NO_LINK = "That is not a link."
    NOT_HTTP = "Only http and https links can be opened."
    PORT = "Links to unusual ports are not opened."
    ODD_ADDRESS = "That address is written in a way that is never opened."
    PRIVATE_ADDRESS = "That address cannot be opened."

    UNREACHABLE = "The site could not be reached."
    TIMEOUT = "The page took too long to arrive."
    TOO_LARGE = "That is too large to be read."
    TOO_MANY_REDIRECTS = "The link leads from one redirect to the next without an end."
    ENCODING = "The page came in a form that cannot be unpacked."
    FORBIDDEN = "The site refuses to show this page; send me its text instead."
    MISSING = "There is no page at that address."
    BUSY = "The site is too busy right now; try again later."
    SITE_FAILED = "The site answered with an error."

    BINARY = "That is a file that cannot be read as text."
    MEDIA = "That is a picture, a sound or a video, not an article."
    UNREADABLE = "That could not be read."
    EMPTY = "There is too little text to summarise."
    SCRIPT_ONLY = "The page shows its text only in a browser that runs scripts; send me the text instead."
    PAYWALL = (
        "Only a teaser of this article is public, the rest is for subscribers; send me the text instead."
    )
    COOKIE_WALL = "The site shows only its cookie notice; send me the text instead."
    LOGIN = "The page asks for a login; send me its text instead."
    BOT_CHECK = "The site wants to see first whether a person is reading; send me the text instead."
    ERROR_PAGE = "The page only says that something went wrong or is gone."
    FEED = "That is a feed, not an article; send the link of one of its articles."
    LIST_PAGE = "That is a list of articles; send the link of one of them."
    VIDEO_PAGE = "The page holds a video or a podcast, but not its words."
    SCANNED = "This PDF holds pictures of pages, but no text."
    LOCKED = "This PDF is protected with a password."
