"""summary.txt: an upload in words and small tables, for people.

In: what became of an upload, and its findings with their sentences.
Out: text of at most 100 columns.
"""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sftpingest.roster.changes import Outcome
from sftpingest.roster.finding import Code, Severity
from sftpingest.roster.frames import Mask, pack

if TYPE_CHECKING:
    from sftpingest.roster.report import Facts

#: How many of the most frequent findings are shown.
MOST = 10

#: From so many files on they are counted, not named.
FEW = 3

HEADLINES: dict[Outcome, str] = {
    Outcome.APPLIED: "APPLIED. The roster is up to date with this upload.",
    Outcome.HELD: "HELD. Nothing was changed yet: a person must agree to this change first.",
    Outcome.REFUSED: "REFUSED. Nothing was changed. Mend what is named below and upload again.",
    Outcome.DISCARDED: "DISCARDED. This upload was put aside and will not be applied.",
    Outcome.FAILED: "FAILED. Nothing was changed. This is our fault, not yours: tell whoever runs this server.",
}

#: What each severity means to a clerk.
MEANINGS: dict[Severity, str] = {
    Severity.NOTE: "nothing was lost",
    Severity.VALUE: "the record came in without this value, also where we had one",
    Severity.ROW: "the row was not taken, and nobody is removed because of it",
    Severity.FILE: "the file was not taken; what we held of it stays",
    Severity.UPLOAD: "nothing of this upload was taken",
}

#: What a value means where the rows were not taken anyway.
ANYWAY = "the row was not taken anyway, for another reason; mend this too"


def summary(facts: "Facts", said: pd.DataFrame, often: Sequence[tuple[int, pd.Series]]) -> str:
    """The whole text. `often`: what `frequent` says of the findings."""
    parts = [_head(facts), _files(facts), _kinds(facts), _frequent(facts, often), _foot(facts, said)]
    return "\n\n".join(part for part in parts if part) + "\n"


#: The same for a check, which changes nothing.
CHECKED: dict[Outcome, str] = {
    Outcome.APPLIED: "GOOD. An upload of these files would be taken.",
    Outcome.REFUSED: "REFUSED. An upload of these files would change nothing. Mend what is named below.",
}


def headline(facts: "Facts") -> str:
    """The outcome in one or two sentences."""
    said = HEADLINES[facts.outcome] if facts.sync else CHECKED[facts.outcome]
    return said + _left_out(facts) + _rejected(facts) if facts.outcome is Outcome.APPLIED else said


def _left_out(facts: "Facts") -> str:
    """Files that are not taken as a whole, while the others are."""
    if not facts.left_out:
        return ""
    names = " and ".join(facts.left_out) if len(facts.left_out) < FEW else f"{len(facts.left_out)} files"
    verb = "would not be" if not facts.sync else "was not" if len(facts.left_out) == 1 else "were not"
    return f" {names} {verb} taken; what we held of it stays."


def _rejected(facts: "Facts") -> str:
    rejected = sum(counts["rejected"] for counts in facts.files.values())
    rows = f"{rejected:,} {'row' if rejected == 1 else 'rows'}"
    rows += " would be" if not facts.sync else " was" if rejected == 1 else " were"
    return f" {rows} rejected: see rejections.csv." if rejected else ""


def _head(facts: "Facts") -> str:
    number = f"Upload {facts.sync} of " if facts.sync else "Check of "
    lines = [f"{number}{facts.district}, {facts.at:%Y-%m-%d %H:%M} UTC ({facts.format})", "", headline(facts)]
    return "\n".join([*lines, *([facts.reason] if facts.reason else []), *decision(facts)])


def decision(facts: "Facts") -> list[str]:
    """Of a held upload: what a person may do now."""
    if facts.outcome is not Outcome.HELD:
        return []
    return [
        f"If this is right, ask the people who run this server to release upload {facts.sync}.",
        "If it is a mistake, upload the right roster: it takes the place of this one.",
    ]


def _files(facts: "Facts") -> str:
    keys = ("rows",) if facts.outcome is Outcome.REFUSED else ("rows", "accepted", "rejected")
    rows = [[name, *(f"{counts[key]:,}" for key in keys)] for name, counts in facts.files.items()]
    return _table(["File", *(key.title() for key in keys)], rows) if rows else ""


def _kinds(facts: "Facts") -> str:
    keys = ("created", "updated", "removed", "unchanged")
    rows = [
        [name, *(f"{counts[key]:,}" for key in keys)] for name, counts in facts.kinds.items() if any(counts.values())
    ]
    if not rows:
        return ""
    return f"{changes_heading(facts)}\n\n" + _table(["Kind", *(key.title() for key in keys)], rows)


def changes_heading(facts: "Facts") -> str:
    """What the table of changes shows. Some kinds stand in no file of their own."""
    what = {Outcome.HELD: "What would change", Outcome.DISCARDED: "What would have changed"}
    said = what.get(facts.outcome, "What changed")
    return f"{said}. Courses and terms stand in the sections; enrollments count teachers too."


def _table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    lines = []
    for row in (header, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def frequent(said: pd.DataFrame, *, in_order: bool = False) -> list[tuple[int, pd.Series]]:
    """The most frequent findings: how often, and the first of each. The heavier first where equally frequent.

    `in_order`: those that were found first.
    """
    if not len(said):
        return []
    groups = list(said.groupby(["file", "column", "code", "severity"], sort=False).indices.values())
    if in_order:
        groups = sorted(groups, key=lambda places: int(places[0]))[:MOST]
    weights = list(Severity)
    rejected = _rejected_rows(said)
    chosen = [(len(places), _example(said.iloc[places], rejected[places])) for places in groups]
    if not in_order:
        chosen.sort(key=lambda each: (-each[0], -weights.index(Severity(each[1]["severity"]))))
    return chosen[:MOST]


def _rejected_rows(said: pd.DataFrame) -> Mask:
    """Which findings are about a row that one of them rejects."""
    places = pack(pd.factorize(said["file"])[0], said["row"].fillna(0).to_numpy(np.int64))
    mask: Mask = np.isin(places, places[(said["severity"] == Severity.ROW.value).to_numpy(bool)])
    return mask


def _example(findings: pd.DataFrame, rejected: Mask) -> pd.Series:
    """The first finding of a group, with `meaning`: what it cost. One whose row was taken, where there is one."""
    first = findings.iloc[int(rejected.argmin())]
    lost = first["severity"] in {Severity.VALUE, Severity.NOTE} and rejected.all()
    meaning = pd.Series({"meaning": ANYWAY if lost else MEANINGS[Severity(first["severity"])]})
    both: pd.Series = pd.concat([first, meaning])
    return both


def _frequent(facts: "Facts", often: Sequence[tuple[int, pd.Series]]) -> str:
    blocks = []
    for count, first in often:
        place = f"{first['file']}" + (f", column {first['column']}" if first["column"] else "")
        times = "once" if count == 1 else f"{count:,} times"
        where = f", {'in' if count == 1 else 'for example in'} row {first['row']}" if pd.notna(first["row"]) else ""
        said_so = f"{first['message']} ({first['code']}: {first['meaning']}.)"
        blocks.append(f"* {place}: {times}{where}\n" + _wrapped(said_so))
    if not blocks:
        return nothing_wrong(facts)
    which = f"The first {MOST} kinds of finding" if facts.in_order else f"The {MOST} most frequent findings"
    more = "" if len(blocks) < MOST else f"{which}:\n\n"
    return (more or "What was found:\n\n") + "\n\n".join(blocks)


def nothing_wrong(facts: "Facts") -> str:
    """Where there is no finding."""
    return "" if facts.outcome is Outcome.REFUSED else "Every row could be read, and nothing is wrong in any of them."


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, 100, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _following(count: int) -> str:
    if count == 1:
        return "One of these only follows from another row, and is right once that is mended."
    return f"Of these, {count:,} only follow from other rows, and are right once those are mended."


def _foot(facts: "Facts", said: pd.DataFrame) -> str:
    if not len(said):
        return ""
    follow = int((said["code"] == Code.REFERENCE_REJECTED.value).sum())
    lines = [_following(follow), ""] if follow else []
    if facts.sync:  # a check has these files only where it was asked for them
        lines.append("Every finding, row by row: rejections.csv (opens in a spreadsheet). In a browser: report.html.")
        if (said["severity"] == Severity.ROW.value).any() and facts.outcome is not Outcome.REFUSED:
            lines.append("The rejected rows as they came: the folder rejected.")
    lines.append("Mend it in your student information system. Then upload the whole roster, always all of it.")
    return "\n".join(lines)
