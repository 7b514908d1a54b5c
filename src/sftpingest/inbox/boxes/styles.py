"""Cells that a workbook shows otherwise than it keeps them, which calamine does not tell.

In:  the bytes of a workbook, and the name of a sheet.
Out: by place (row and column from 0): the fewest digits of a number, such as 5 for 00123; or a fault such as #N/A.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import TypeAlias
from xml.etree import ElementTree as ET

Shown: TypeAlias = dict[tuple[int, int], str | int]

_BOOK, _RELATIONS, _STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CHUNK = 1 << 20
#: A cell with one of some attributes, and what stands in it; one that is empty ends at once and is none.
_CELL = rb"<(?:\w+:)?c\s(?=[^<>]*\b(?:%s))([^<>]*[^<>/])>(.*?)</(?:\w+:)?c>"
_FAULT, _STYLE, _ROW = rb"""t\s*=\s*["']e["']""", rb"""s\s*=\s*["'](?:%s)["']""", b"</row>"
_ATTRIBUTE = re.compile(rb'([rst])\s*=\s*["\']([^"\']*)["\']')
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)</")
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def shown(raw: bytes, sheet: str) -> Shown:
    """Those of one sheet. Few workbooks have any, and those that have none are read past quickly."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        path, digits = _path(archive, sheet), _digits(archive)
        if path not in archive.namelist():
            return {}
        return dict(_odd(archive, path, digits))


def _odd(archive: zipfile.ZipFile, path: str, digits: dict[bytes, int]) -> Iterator[tuple[tuple[int, int], str | int]]:
    for attributes, body in _cells(archive, path, digits):
        said = dict(_ATTRIBUTE.findall(attributes))
        place = _place(said.get(b"r", b"").decode("ascii", "replace"))
        if place and said.get(b"t") == b"e" and (value := _VALUE.search(body)):
            yield place, value[1].decode("utf-8", "replace")
        elif place and said.get(b"t", b"n") == b"n" and (fewest := digits.get(said.get(b"s", b""))):
            yield place, fewest


def _cells(archive: zipfile.ZipFile, path: str, styles: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Attributes and content of the cells with a fault or one of these styles, without the whole sheet in memory."""
    wanted = [_FAULT, *([_STYLE % b"|".join(styles)] if styles else [])]
    cell = re.compile(_CELL % b"|".join(wanted), re.DOTALL)
    rest = b""
    with archive.open(path) as file:
        while chunk := file.read(_CHUNK):
            rest += chunk
            end = 0
            for found in cell.finditer(rest):
                yield found[1], found[2]
                end = found.end()
            rest = rest[max(end, rest.rfind(_ROW)) :]


def _place(reference: str) -> tuple[int, int] | None:
    """B5 is row 4, column 1."""
    found = _PLACE.fullmatch(reference)
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


def _digits(archive: zipfile.ZipFile) -> dict[bytes, int]:
    """The fewest digits of each style that fills numbers up with zeros."""
    root = _parsed(archive, _STYLES)
    if root is None:
        return {}
    codes = {each.get("numFmtId"): each.get("formatCode", "") for each in root.iterfind(".//{*}numFmts/{*}numFmt")}
    zeros = {of: len(code) for of, code in codes.items() if re.fullmatch("0{2,20}", code)}
    styles = enumerate(root.iterfind("./{*}cellXfs/{*}xf"))
    return {str(at).encode(): zeros[of] for at, xf in styles if (of := xf.get("numFmtId")) in zeros}


def _path(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where a sheet lies in the zip; '' where that is not said."""
    book, relations = _parsed(archive, _BOOK), _parsed(archive, _RELATIONS)
    if book is None or relations is None:
        return ""
    found = (each.get(_ID) for each in book.iterfind("./{*}sheets/{*}sheet") if each.get("name") == sheet)
    number = next(found, None)
    target = next((each.get("Target", "") for each in relations if each.get("Id") == number), "")
    return posixpath.normpath(posixpath.join("xl", target)).lstrip("/")


def _parsed(archive: zipfile.ZipFile, path: str) -> ET.Element | None:
    try:
        # entities that grow without end meet the bound of this process, as all else does
        return ET.fromstring(archive.read(path))  # noqa: S314
    except (KeyError, ET.ParseError):
        return None
