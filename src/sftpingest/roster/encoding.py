"""Bytes of an uploaded file -> UTF-8, and what they were.

In: the bytes of one file.
Out: UTF-8 bytes without a byte order mark, and the name of the encoding they came in; or Unreadable.
"""

import codecs
import re

#: Stands for bytes that are no text. A noncharacter: no real file holds it.
DAMAGED = "\uffff"

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_PROBE = 4096


class Unreadable(Exception):
    """The bytes are no text in an encoding we know."""


def to_utf8(raw: bytes) -> tuple[bytes, str]:
    """UTF-8 bytes and a name for people: '' where the file was UTF-8 already.

    UTF-16 is known by its mark or its pattern of NUL bytes. Bytes that are not UTF-8 are read as Windows-1252,
    unless most of what is not ASCII is good UTF-8: then only the bad bytes are marked with DAMAGED.
    Raises Unreadable.
    """
    raw = raw.removeprefix(codecs.BOM_UTF8)
    if name := _utf16(raw):
        return _from_utf16(raw, name), "UTF-16"
    if b"\0" in raw:
        raise Unreadable("it holds a NUL byte, as no text file does")
    if raw.isascii():
        return raw, ""
    try:
        codecs.utf_8_decode(raw, "strict", True)  # noqa: FBT003  (positional only: the input is complete)
    except UnicodeDecodeError:
        return _not_utf8(raw)
    return raw, ""


def _utf16(raw: bytes) -> str:
    """The codec's name where the bytes are UTF-16."""
    if raw[:2] in _UTF16:
        return _UTF16[raw[:2]]
    probe = raw[:_PROBE]
    half = len(probe) // 2
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        # ASCII in UTF-16 has a NUL as every other byte, and none between.
        if half and probe[start::2].count(0) > 0.7 * half and not probe[1 - start :: 2].count(0):
            return name
    return ""


def _from_utf16(raw: bytes, name: str) -> bytes:
    try:
        decoded = raw.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Unreadable("it looks like UTF-16 but is cut off or damaged") from None
    if "\0" in decoded:
        raise Unreadable("it holds a NUL character, as no text file does")
    return decoded.encode()


def _not_utf8(raw: bytes) -> tuple[bytes, str]:
    lenient = raw.decode("utf-8", "surrogateescape")
    bad = len(re.findall(r"[\udc80-\udcff]", lenient))
    good = len(re.findall(r"[^\x00-\x7f\udc80-\udcff]", lenient))
    if good >= bad:
        return re.sub(r"[\udc80-\udcff]+", DAMAGED, lenient).encode(), "UTF-8 with damaged letters"
    try:
        return raw.decode("cp1252").encode(), "Windows-1252"
    except UnicodeDecodeError:
        raise Unreadable("its letters are in no encoding we know") from None
