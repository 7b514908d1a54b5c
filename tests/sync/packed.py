"""Packed uploads to test with: zips, gzips and workbooks, written byte by byte or by the standard library.

In:  files.
Out: the bytes of boxes.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping
from html import escape
from string import ascii_uppercase

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

#: The styles of workbook(): a date, five digits, a date with a time.
DATE, DIGITS, TIME = 1, 2, 3


def zipped(members: Mapping[str, bytes] | Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """A zip of these members, which may have any names, and the same one twice."""
    pairs = members.items() if isinstance(members, Mapping) else members
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pairs:
            archive.writestr(name, content)
    return buffer.getvalue()


def text(cell: str, content: str) -> str:
    """A cell of text."""
    return f'<c r="{cell}" t="inlineStr"><is><t xml:space="preserve">{escape(content)}</t></is></c>'


def number(cell: str, content: float, style: int = 0) -> str:
    """A cell that holds a number."""
    return f'<c r="{cell}" s="{style}"><v>{content!r}</v></c>'


def rows(table: Iterable[Iterable[str]], first: int = 1) -> str:
    """Rows of cells of text; the first has that number."""
    numbered = enumerate(table, first)
    cells = (
        (at, "".join(text(f"{ascii_uppercase[c]}{at}", cell) for c, cell in enumerate(row))) for at, row in numbered
    )
    return "".join(f'<row r="{at}">{content}</row>' for at, content in cells)


def sheet(csv: bytes) -> str:
    """A plain CSV as rows of a sheet."""
    return rows(line.split(",") for line in csv.decode().split("\r\n") if line)


def workbook(sheets: Mapping[str, str], hidden: frozenset[str] = frozenset()) -> bytes:
    """A workbook as spreadsheets save it: sheets by name, each as the XML of its rows."""
    listed, related = [], []
    parts = {}
    for at, (name, content) in enumerate(sheets.items(), 1):
        state = ' state="hidden"' if name in hidden else ""
        listed.append(f'<sheet name="{escape(name)}" sheetId="{at}"{state} r:id="rId{at}"/>')
        related.append(f'<Relationship Id="rId{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>')
        parts[f"xl/worksheets/sheet{at}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{content}</sheetData></worksheet>'
        )
    related.append(f'<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/>')
    formats = '<numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/></numFmts>'
    styles = "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 164, 22))
    parts |= {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{''.join(listed)}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{''.join(related)}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{formats}<cellXfs count="4">{styles}</cellXfs></styleSheet>',
    }
    return zipped({name: f'<?xml version="1.0" encoding="UTF-8"?>{part}'.encode() for name, part in parts.items()})
