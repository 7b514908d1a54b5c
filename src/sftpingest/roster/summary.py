"""summary.txt: an upload in words and small tables, for people.

In: what became of an upload, and its findings with their sentences.
Out: text of at most 100 columns.
"""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from sftpingest.roster.changes import Outcome
from sftpingest.roster.finding import Code, Severity

if TYPE_CHECKING:
    from sftpingest.roster.report import Facts

#: How many of the most frequent findings are shown.
MOST = 10

HEADLINES: dict[Outcome, str] = {
    Outcome.APPLIED: "APPLIED. The roster is up to date with this upload.",
    Outcome.HELD: "HELD. Nothing was changed yet: a person must look at this change first.",
    Outcome.REFUSED: "REFUSED. Nothing was changed. Mend what is named below and upload again.",
    Outcome.DISCARDED: "DISCARDED. This upload was put aside and will not be applied.",
    Outcome.FAILED: "FAILED. Nothing was changed. This is our fault, not yours: tell whoever runs this server.",
}

#: What each severity means to a clerk.
MEANINGS: dict[Severity, str] = {
    Severity.NOTE: "nothing was lost",
    Severity.VALUE: "the record came in without this value",
    Severity.ROW: "the row was not taken; what we held of it stays",
    Severity.FILE: "the file was not taken; what we held of it stays",
    Severity.UPLOAD: "nothing of this upload was taken",
}


def summary(facts: "Facts", said: pd.DataFrame) -> str:
    """The whole text."""
    parts = [_head(facts), _files(facts.files), _kinds(facts), _frequent(said), _foot(said)]
    return "\n\n".join(part for part in parts if part) + "\n"


#: The same for a check, which changes nothing.
CHECKED: dict[Outcome, str] = {
    Outcome.APPLIED: "GOOD. An upload of these files would be taken.",
    Outcome.REFUSED: "REFUSED. An upload of these files would change nothing. Mend what is named below.",
}


def headline(facts: "Facts") -> str:
    """The outcome in one or two sentences."""
    if not facts.sync:
        return CHECKED[facts.outcome] + _rejected(facts)
    return HEADLINES[facts.outcome] + (_rejected(facts) if facts.outcome is Outcome.APPLIED else "")


def _rejected(facts: "Facts") -> str:
    if facts.outcome is not Outcome.APPLIED:
        return ""
    rejected = sum(counts["rejected"] for counts in facts.files.values())
    rows = f"{rejected:,} {'row' if rejected == 1 else 'rows'}"
    rows += " would be" if not facts.sync else " was" if rejected == 1 else " were"
    return f" {rows} rejected: see rejections.csv." if rejected else ""


def _head(facts: "Facts") -> str:
    number = f"Upload {facts.sync} of " if facts.sync else "Check of "
    lines = [f"{number}{facts.district}, {facts.at:%Y-%m-%d %H:%M} UTC ({facts.format})", "", headline(facts)]
    return "\n".join([*lines, *([facts.reason] if facts.reason else [])])


def _files(files: Mapping[str, Mapping[str, int]]) -> str:
    if not files:
        return ""
    rows = [[name, *(f"{counts[key]:,}" for key in ("rows", "accepted", "rejected"))] for name, counts in files.items()]
    return _table(["File", "Rows", "Accepted", "Rejected"], rows)


def _kinds(facts: "Facts") -> str:
    keys = ("created", "updated", "removed", "unchanged")
    rows = [
        [name, *(f"{counts[key]:,}" for key in keys)] for name, counts in facts.kinds.items() if any(counts.values())
    ]
    if not rows:
        return ""
    would = {Outcome.HELD: "Would be created", Outcome.DISCARDED: "Would have been created"}
    return _table(["Kind", would.get(facts.outcome, "Created"), "Updated", "Removed", "Unchanged"], rows)


def _table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    lines = []
    for row in (header, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def frequent(said: pd.DataFrame) -> list[tuple[int, pd.Series]]:
    """The most frequent findings: how often, and the first of each. The heavier first where equally frequent."""
    if not len(said):
        return []
    groups = said.groupby(["file", "column", "code", "severity"], sort=False).indices.values()
    weights = list(Severity)
    chosen = [(len(places), said.iloc[places[0]]) for places in groups]
    chosen.sort(key=lambda each: (-each[0], -weights.index(Severity(each[1]["severity"]))))
    return chosen[:MOST]


def _frequent(said: pd.DataFrame) -> str:
    blocks = []
    for count, first in frequent(said):
        place = f"{first['file']}" + (f", column {first['column']}" if first["column"] else "")
        where = f"first in row {first['row']}" if pd.notna(first["row"]) else "about the file"
        times = "once" if count == 1 else f"{count:,} times"
        meaning = MEANINGS[Severity(first["severity"])]
        blocks.append(f"* {place}: {times}, {where}\n" + _wrapped(f"{first['message']} ({first['code']}: {meaning}.)"))
    if not blocks:
        return "Nothing is wrong with this upload."
    more = "" if len(blocks) < MOST else f"The {MOST} most frequent findings:\n\n"
    return (more or "What was found:\n\n") + "\n\n".join(blocks)


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, 100, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _foot(said: pd.DataFrame) -> str:
    if not len(said):
        return ""
    follow = int((said["code"] == Code.REFERENCE_REJECTED.value).sum())
    only = f"{follow:,} of these only follow from other rows: they come in by themselves once those are mended.\n\n"
    return (only if follow else "") + (
        "Every finding, row by row: rejections.csv (opens in a spreadsheet). In a browser: report.html.\n"
        "The rejected rows as they came: the folder rejected. Mend them in your student information system,\n"
        "then upload the whole roster again: an upload is always all of it."
    )
