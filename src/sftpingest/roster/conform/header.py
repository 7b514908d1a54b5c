"""The headings of a file: all of them there, spelt so, in that order, and columns of the district's own at the right.

In:  the cells of the first record as they came, and the columns that the file must have.
Out: where each column stands, and what is wrong with the headings.
"""

import re
from collections.abc import Sequence

import pandas as pd

from sftpingest.roster.conform.rules import Column
from sftpingest.roster.finding import Code, Severity, found, nothing, one_line, together
from sftpingest.roster.format import fold
from sftpingest.roster.frames import text

_OWN = re.compile(r"metadata\.\S.*")
_OWN_RULE = "Columns of your own are called metadata. and a name, and stand to the right of all others."


def judge_header(
    headings: Sequence[str], columns: Sequence[Column], name: str, severity: Severity
) -> tuple[dict[str, int], pd.DataFrame]:
    """Heading -> its place, of those that are known; and findings."""
    known = {column.name for column in columns}
    places = {heading: headings.index(heading) for heading in headings if heading in known}
    folded = {fold(column.name): column.name for column in columns if column.name not in places}
    nearly = {at: folded[fold(heading)] for at, heading in enumerate(headings) if fold(heading) in folded}
    if not places and not nearly:  # no header but a record: what stands there is never shown as headings
        return {}, _missing(columns, {}, name, severity)
    unlike = {column.name: 0 for column in columns if column.name in nearly.values()}
    return places, together(
        [
            _unknown(headings, known, nearly, name, severity),
            _missing(columns, places | unlike, name, severity),
            _repeated(headings, known, name, severity),
            _out_of_order(headings, [column.name for column in columns if column.name in places], name, severity),
        ]
    )


def _about(code: Code, severity: Severity, name: str, told: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """One finding a heading; `told` are headings and what to say of them."""
    if not told:
        return nothing()
    shown, detail = one_line(text([heading for heading, _ in told])), text([said for _, said in told])
    return found(code, severity, name, [None] * len(told), column=shown, detail=detail)


def _missing(columns: Sequence[Column], there: dict[str, int], name: str, severity: Severity) -> pd.DataFrame:
    lost = [column for column in columns if column.name not in there and not column.may_lack]
    told = [(one.name, "Its cells must be filled." if one.required else "Its cells may be empty.") for one in lost]
    return _about(Code.COLUMN_MISSING, severity, name, told)


def _unknown(
    headings: Sequence[str], known: set[str], nearly: dict[int, str], name: str, severity: Severity
) -> pd.DataFrame:
    told = []
    for at, heading in enumerate(headings):
        if heading in known or _OWN.fullmatch(heading):
            continue
        advice = f"Write it so: {nearly[at]}. Capital letters and spaces count." if at in nearly else _OWN_RULE
        told.append((heading if heading.strip() else f"{at + 1} (it has no heading)", advice))
    return _about(Code.COLUMN_UNKNOWN, severity, name, told)


def _repeated(headings: Sequence[str], known: set[str], name: str, severity: Severity) -> pd.DataFrame:
    twice = [
        (heading, "")
        for heading in dict.fromkeys(headings)
        if headings.count(heading) > 1 and (heading in known or _OWN.fullmatch(heading))
    ]
    return _about(Code.COLUMN_REPEATED, severity, name, twice)


def _out_of_order(headings: Sequence[str], wanted: list[str], name: str, severity: Severity) -> pd.DataFrame:
    """The first column that does not stand in its place, and own columns between those of the specification."""
    stand = list(dict.fromkeys(heading for heading in headings if heading in wanted))
    told = [(there, f"{first} comes before it") for there, first in zip(stand, wanted, strict=True) if there != first][
        :1
    ]
    last = max((headings.index(heading) for heading in wanted), default=0)
    told += [
        (heading, "columns of your own come after all others") for heading in headings[:last] if _OWN.fullmatch(heading)
    ]
    return _about(Code.COLUMN_ORDER, severity, name, told)
