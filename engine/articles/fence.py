"""The marks around what goes into a prompt as data (pure)."""


def fenced(data: str) -> str:
    """A text between marks that it cannot contain itself."""
    return "<<<\n" + data.replace("<<<", "<").replace(">>>", ">") + "\n>>>"
