"""What a model writes, as the person sees it: complaints 1 to 8 and 36 of docs/telegram.md."""

import pytest

from tests.bot.conftest import USER_ID, Bench
from tests.bot.test_app import is_final
from tests.bot_api import ShownMessage


async def written(bench: Bench, markdown: str) -> list[ShownMessage]:
    """The messages in the chat after the model has written this."""
    ada = bench.server.person(USER_ID, "Ada")
    bench.model.enqueue(markdown)
    await ada.say("Write something.")
    await ada.wait_for_reply(where=is_final)
    await bench.idle()
    assert [is_final(reply) for reply in ada.chat.replies][:-1] == [False] * (len(ada.chat.replies) - 1)
    return ada.chat.replies


def kinds(message: ShownMessage) -> list[tuple[str, str]]:
    """The formats, each with the text that it covers."""
    data = message.text.encode("utf-16-le")
    return [
        (one["type"], data[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le"))
        for one in message.entities
    ]


@pytest.mark.parametrize(
    "text",
    [
        "An *unbalanced star, a _line, an [open link and a <script>alert(1)",
        "1. one! (two) - three.\n2. 5 > 4, a_b_c and {x} = #1 | ~2 + `",
    ],
    ids=["row 1", "row 5"],
)
async def test_what_is_no_markup_arrives_as_it_was_written(bench: Bench, text: str):
    [reply] = await written(bench, text)

    assert (reply.text, reply.entities) == (text, [])


async def test_backticks_within_a_line_are_no_fence(bench: Bench):
    [reply] = await written(bench, "Type ```x``` here, and **then** go on.")

    assert reply.text == "Type x here, and then go on."
    assert kinds(reply) == [("code", "x"), ("bold", "then")]


async def test_a_long_code_block_is_a_code_block_in_each_message(bench: Bench):
    lines = [f"x_{number} = {number}" for number in range(600)]
    replies = await written(bench, "```python\n" + "\n".join(lines) + "\n```")

    assert len(replies) > 1
    assert [kinds(reply) for reply in replies] == [[("pre", reply.text)] for reply in replies]
    assert {entity["language"] for reply in replies for entity in reply.entities} == {"python"}
    assert "\n".join(reply.text for reply in replies).split("\n") == lines


@pytest.mark.parametrize(
    "text",
    [" ".join(f"word{number}" for number in range(1200)), "🐦" * 3000],
    ids=["row 7", "row 8"],
)
async def test_nothing_of_a_long_reply_is_cut_off(bench: Bench, text: str):
    replies = await written(bench, text)

    assert len(replies) > 1
    assert "".join(reply.text for reply in replies).replace(" ", "") == text.replace(" ", "")
    assert max(len(reply.text.encode("utf-16-le")) // 2 for reply in replies) <= 4096


async def test_a_table_is_an_aligned_block_no_wider_than_a_phone(bench: Bench):
    [reply] = await written(bench, "| bird | eggs |\n|---|---|\n| robin | 5 |\n| crow | 4 |")

    assert kinds(reply) == [("pre", reply.text)]
    rows = [line.split() for line in reply.text.splitlines()]
    assert [row for row in rows if "robin" in row or "crow" in row]
    assert max(map(len, reply.text.splitlines())) <= 40
    assert "|---|" not in reply.text
