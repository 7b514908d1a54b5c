"""What parts the cells of a file: commas, or what a spreadsheet may write in their place.

In: UTF-8 bytes of a file, and the headings that its format knows.
Out: the same without a first line `sep=;`, and the separator.

Decided from the header alone, and only where that is certain: parted by commas it has no heading that the format
knows, and parted by the other sign at least two.
"""

import re
from collections.abc import Container

from sftpingest.roster.format import fold
from sftpingest.roster.table import header

COMMA = ","
#: What else is read, and what a message calls it.
OTHERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
#: A line for Excel, which reads it and does not show it: the header below is row 1. Saved again it may be quoted, and
#: filled up with separators.
_FOR_EXCEL = re.compile(rb'"?sep=([,;|\t])"?[,;|\t]*(?:\r\n|\n|\r)', re.IGNORECASE)
#: How far a header is looked for.
_HEAD = 1 << 16
#: So many headings must be known.
_ENOUGH = 2


def parted(raw: bytes, known: Container[str] | None = None) -> tuple[bytes, str]:
    """The file without a line for Excel, and its separator. `known`: folded headings.

    Where it is not given, the separator is the sign that stands most often in the header, outside quotation marks.
    """
    said = _FOR_EXCEL.match(raw)
    raw = raw[said.end() :] if said else raw
    return raw, _separator(raw[:_HEAD], known)


def _separator(head: bytes, known: Container[str] | None) -> str:
    first = next((line for line in head.splitlines() if line.strip(b" ,")), b"")
    others = [sign for sign in OTHERS if sign.encode() in first]
    if not others:
        return COMMA
    if known is None:
        bare = re.sub(rb'"[^"]*"', b"", first)
        return max((COMMA, *others), key=lambda sign: bare.count(sign.encode()))
    counts = {sign: _known(head, sign, known) for sign in (COMMA, *others)}
    best = max(counts, key=lambda sign: counts[sign])
    return best if not counts[COMMA] and counts[best] >= _ENOUGH else COMMA


def _known(head: bytes, sign: str, known: Container[str]) -> int:
    """How many headings are known, where they are parted so."""
    return sum(fold(cell) in known for cell in header(head, sign).cells)
