"""Stage 1b: the headings of a file -> our columns.

In:  headings as they stand, and the format of the file.
Out: where each of our columns stands, and what is wrong with the headings.
"""

from difflib import get_close_matches

import pandas as pd

from sftpingest.roster.finding import Code, Severity, found, one_line, together
from sftpingest.roster.format import FileFormat, fold
from sftpingest.roster.frames import text
from sftpingest.roster.secret import is_secret

#: Of the unknown headings, so many are compared with known ones, and must be so much alike (difflib).
_COMPARED, _ALIKE = 50, 0.8
_CORRECT = "Correct its heading if it is meant to be read."


def match(
    headings: tuple[str, ...], name: str, form: FileFormat, refused: Severity
) -> tuple[dict[str, int], pd.DataFrame]:
    """Our column -> position, and what is wrong with the headings."""
    known = form.by_heading
    columns: dict[str, int] = {}
    unknown, repeated = [], []
    for at, heading in enumerate(headings):
        folded = fold(heading)
        own = _extension(folded, form)
        names = [column.name for column in known[folded]] if folded in known else [own] if own else []
        if not names:
            unknown += (
                [] if is_secret(heading, form) or folded in form.known else [heading or f"{at + 1} (it has no heading)"]
            )
        elif names[0] in columns:
            repeated.append(heading)
        else:
            columns |= dict.fromkeys(names, at)
    needed = [column for column in form.columns.values() if column.sought and column.name not in form.elsewhere]
    missing = [column.heading for column in needed if column.name not in columns]
    said = [_about_columns(Code.COLUMN_REPEATED, refused, name, repeated)]
    filled = ["Its cells must be filled."] * len(missing)
    said.append(_about_columns(Code.COLUMN_MISSING, refused, name, missing, filled))
    if any(column in form.columns for column in columns):
        said.append(_about_columns(Code.COLUMN_UNKNOWN, Severity.NOTE, name, unknown, _advice(unknown, columns, form)))
    # else this is no header but a record, which is never shown as headings
    return columns, together(said)


def other_separator(headings: tuple[str, ...]) -> str:
    """What stands between the headings where that is no comma; '' where they are parted as they should be."""
    marks = {";": "semicolons instead of commas", "\t": "tabs instead of commas", "|": "bars instead of commas"}
    return next((said for mark, said in marks.items() if len(headings) == 1 and headings[0].count(mark) > 1), "")


def _about_columns(
    code: Code, severity: Severity, name: str, headings: list[str], advice: list[str] | None = None
) -> pd.DataFrame:
    """One finding a heading."""
    nowhere = [None] * len(headings)
    return found(
        code, severity, name, nowhere, column=one_line(text(headings)), detail=text(advice or [""] * len(headings))
    )


def _advice(unknown: list[str], columns: dict[str, int], form: FileFormat) -> list[str]:
    """What to do about each unknown heading. Only the first ones are compared with those that are not there."""
    left = {folded: all_[0].heading for folded, all_ in form.by_heading.items() if all_[0].name not in columns}
    alike = [get_close_matches(fold(heading), left, 1, _ALIKE) for heading in unknown[:_COMPARED]]
    known = [f"Is it {left[match[0]]}? Then give it that heading." if match else _CORRECT for match in alike]
    return known + [_CORRECT] * (len(unknown) - len(known))


def _extension(folded: str, form: FileFormat) -> str | None:
    """Our name of a column of the district's own (`ext.nickname`), where the format has such."""
    prefix = form.extensions
    own = prefix and folded.startswith(prefix) and folded != prefix and not is_secret(folded, form)
    return f"ext.{folded.removeprefix(prefix)}" if own else None
