"""Bytes to text: labels that are right, missing, lying or late, for the charsets that pages still use."""

import pytest

from engine.articles.decode import decode

SIMPLIFIED = "中国的科学家昨天宣布，他们在深海中发现了一种新的鱼类，这种鱼可以在没有阳光的地方生活很多年。"
TRADITIONAL = "臺灣的科學家昨天宣布，他們在深海中發現了一種新的魚類，這種魚可以在沒有陽光的地方生活很多年。"
JAPANESE = "日本の科学者は昨日、深い海の中で新しい種類の魚を発見したと発表しました。"
KOREAN = "한국의 과학자들은 어제 깊은 바다에서 새로운 종류의 물고기를 발견했다고 발표했다."
RUSSIAN = (
    "Российские учёные вчера сообщили, что они нашли в глубоком море новый вид рыбы, который живёт без света."
)
POLISH = (
    "Polscy naukowcy ogłosili wczoraj, że odkryli w głębokim morzu nowy gatunek ryby, który żyje bez światła."
)
GERMAN = "Die Forscher haben gestern erklärt, daß sie tief im Meer für längere Zeit fünf Fische hätten."

CHARSETS = [
    ("gb2312", "gb2312", SIMPLIFIED),
    ("gbk", "gbk", SIMPLIFIED),
    ("gb18030", "gb18030", SIMPLIFIED),
    ("gbk", "gb2312", SIMPLIFIED.replace("鱼", "鎔")),
    ("big5", "big5", TRADITIONAL),
    ("cp1251", "windows-1251", RUSSIAN),
    ("koi8-r", "koi8-r", RUSSIAN),
    ("shift_jis", "shift_jis", JAPANESE),
    ("euc-jp", "euc-jp", JAPANESE),
    ("euc-kr", "euc-kr", KOREAN),
    ("iso-8859-2", "iso-8859-2", POLISH),
    ("cp1250", "windows-1250", POLISH),
    ("cp1252", "iso-8859-1", GERMAN),
    ("utf-8", "utf-8", RUSSIAN),
]
IDS = [f"{codec}-as-{label}" for codec, label, _ in CHARSETS]


def page(text: str, meta: str) -> str:
    paragraphs = "".join(f"<p>{text}</p>" for _ in range(6))
    return f"<html><head>{meta}<title>{text[:12]}</title></head><body>{paragraphs}</body></html>"


@pytest.mark.parametrize(("codec", "label", "text"), CHARSETS, ids=IDS)
def test_reads_a_page_by_its_meta_label(codec: str, label: str, text: str):
    html = page(text, f'<meta http-equiv="Content-Type" content="text/html; charset={label}">')

    assert decode(html.encode(codec)) == html


@pytest.mark.parametrize(("codec", "label", "text"), CHARSETS, ids=IDS)
def test_reads_a_page_by_its_header(codec: str, label: str, text: str):
    html = page(text, "")

    assert decode(html.encode(codec), f'text/html; charset="{label}"') == html


@pytest.mark.parametrize(("codec", "label", "text"), CHARSETS, ids=IDS)
def test_detects_the_charset_of_an_unlabelled_page(codec: str, label: str, text: str):
    html = page(text, "")

    assert text in decode(html.encode(codec))


@pytest.mark.parametrize(("codec", "label", "text"), CHARSETS, ids=IDS)
def test_does_not_believe_a_lying_utf8_label(codec: str, label: str, text: str):
    html = page(text, '<meta charset="utf-8">')

    assert text in decode(html.encode(codec), "text/html; charset=utf-8")


@pytest.mark.parametrize(("codec", "label", "text"), CHARSETS, ids=IDS)
def test_finds_a_label_after_20_kilobytes(codec: str, label: str, text: str):
    late = f"<!--{'x' * 20_000}--><meta charset={label}>"

    assert text in decode(page(text, late).encode(codec))


@pytest.mark.parametrize("text", [SIMPLIFIED, RUSSIAN, JAPANESE], ids=["chinese", "russian", "japanese"])
def test_does_not_believe_a_server_that_calls_everything_latin(text: str):
    codec = {SIMPLIFIED: "gbk", RUSSIAN: "cp1251", JAPANESE: "shift_jis"}[text]

    assert text in decode(page(text, "").encode(codec), "text/html; charset=ISO-8859-1")


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_obeys_a_byte_order_mark_before_any_label(codec: str):
    html = page(KOREAN, '<meta charset="euc-kr">')

    assert decode(html.encode(codec), "text/html; charset=gbk") == html


def test_reads_utf16_without_a_mark_by_its_header():
    assert decode(page(GERMAN, "").encode("utf-16-le"), "text/html; charset=utf-16") == page(GERMAN, "")


def test_keeps_a_utf8_page_with_one_broken_byte():
    html = page(RUSSIAN * 20, "")
    broken = html.encode().replace("света".encode(), b"\xff", 1)

    assert decode(broken).count("\ufffd") == 1
    assert RUSSIAN in decode(broken)


@pytest.mark.parametrize("label", ["zlib", "rot13", "utf-7", "no-such-charset", "\x00", "unicode_escape"])
def test_ignores_labels_that_are_no_charset(label: str):
    assert decode("<p>naïve</p>".encode(), f"text/html; charset={label}") == "<p>naïve</p>"


def test_any_bytes_become_some_text():
    assert isinstance(decode(bytes(range(256)) * 40), str)
    assert decode(b"") == ""
