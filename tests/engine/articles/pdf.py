"""A PDF written by hand: one page of text in a standard font."""

from collections.abc import Sequence


def pdf_of(paragraphs: Sequence[str]) -> bytes:
    """The paragraphs, one line each; plain ASCII without brackets."""
    lines = "".join(f"({paragraph}) Tj T*\n" for paragraph in paragraphs)
    return pdf_around(f"BT /F1 10 Tf 40 780 Td 14 TL\n{lines}ET".encode("ascii"))


def pdf_around(content: bytes, *, packed: bool = False) -> bytes:
    """A page of these instructions; `packed` says that they are deflated."""
    packing = b" /Filter /FlateDecode" if packed else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(content), packing, content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = b"%PDF-1.4\n", list[int]()
    for number, part in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
        + b"trailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    )
