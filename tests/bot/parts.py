"""What may be sent, and what lies under an entity: for the tests of rendering."""

from bot.render import Part


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def covered(part: Part, kind: str) -> list[str]:
    """The texts under the entities of this kind; decoding fails on half a surrogate pair."""
    data = part.text.encode("utf-16-le")
    return [
        data[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")
        for entity in part.entities
        if entity.type == kind
    ]


def assert_sendable(parts: list[Part]) -> None:
    for part in parts:
        assert 0 < units(part.text) <= 4096
        assert len(part.entities) <= 100
        for entity in part.entities:
            assert 0 <= entity.offset < entity.offset + entity.length <= units(part.text)
            assert covered(part, entity.type)
