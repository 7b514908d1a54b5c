"""report.html: the same for a browser, in one file that needs nothing else.

In: what became of an upload, and its findings with their sentences.
Out: HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from sftpingest.roster.changes import Outcome
from sftpingest.roster.summary import changes_heading, decision, headline, nothing_wrong

if TYPE_CHECKING:
    from sftpingest.roster.report import Facts

#: A browser shows so many findings well; all of them are in rejections.csv.
MOST_ROWS = 1000

_COLOURS = {Outcome.APPLIED: "#1a7f37", Outcome.HELD: "#9a6700"}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1f2328 }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.outcome { border-left: .5rem solid var(--colour); padding: .5rem 1rem; background: #f6f8fa }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d1d9e0; vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
.bar { display: flex; height: .8rem; min-width: 8rem; background: #d1d9e0 }
.bar .good { background: #1a7f37 } .bar .bad { background: #cf222e }
.row, .file, .upload { color: #cf222e } .value { color: #9a6700 } .note { color: #59636e }
"""


def page(facts: "Facts", said: pd.DataFrame, often: Sequence[tuple[int, pd.Series]]) -> str:
    """The whole page. `often`: what `summary.frequent` says of the findings."""
    number = f"Upload {facts.sync}" if facts.sync else "Check"
    title = escape(f"{number} of {facts.district}, {facts.at:%Y-%m-%d %H:%M} UTC")
    colour = _COLOURS.get(facts.outcome, "#cf222e")
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="outcome" style="--colour: {colour}">{_said(facts)}</p>',
        _files(facts.files),
        _kinds(facts),
        _frequent(facts, often),
        _every(said),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n'
    )


def _table(header: Iterable[str], rows: Iterable[Iterable[str]], numbers: int = 0) -> str:
    """A table whose cells are HTML already; the last `numbers` columns are figures."""
    names = list(header)
    classes = ["" if at < len(names) - numbers else ' class="number"' for at in range(len(names))]
    top = "".join(f"<th{cls}>{name}</th>" for cls, name in zip(classes, names, strict=True))
    lines = ("".join(f"<td{cls}>{cell}</td>" for cls, cell in zip(classes, row, strict=True)) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"


def _files(files: Mapping[str, Mapping[str, int]]) -> str:
    rows = [
        [escape(name), _bar(counts), *(f"{counts[key]:,}" for key in ("rows", "accepted", "rejected"))]
        for name, counts in files.items()
    ]
    return "<h2>Files</h2>\n" + _table(["File", "", "Rows", "Accepted", "Rejected"], rows, 3) if rows else ""


def _bar(counts: Mapping[str, int]) -> str:
    """How much of a file was accepted, as a picture. A rejected row always shows."""
    rows = max(counts["rows"], 1)
    bad = max(100 * counts["rejected"] / rows, 1) if counts["rejected"] else 0
    label = f"{counts['accepted']:,} of {counts['rows']:,} accepted"
    parts = (
        f'<span class="good" style="width: {100 - bad:.1f}%"></span><span class="bad" style="width: {bad:.1f}%"></span>'
    )
    return f'<div class="bar" role="img" aria-label="{label}" title="{label}">{parts if counts["rows"] else ""}</div>'


def _said(facts: "Facts") -> str:
    """The outcome, why, and what a person may do about it."""
    lines = [headline(facts), facts.reason, *decision(facts)]
    return "<br>".join(escape(line) for line in lines if line)


def _kinds(facts: "Facts") -> str:
    keys = ("created", "updated", "removed", "unchanged")
    counted = [(name, counts) for name, counts in facts.kinds.items() if any(counts.values())]
    rows = [[name, *(f"{counts[key]:,}" for key in keys)] for name, counts in counted]
    table = _table(["Kind", *(key.title() for key in keys)], rows, 4)
    return f"<h2>Roster</h2>\n<p>{escape(changes_heading(facts))}</p>\n{table}" if rows else ""


def _frequent(facts: "Facts", often: Sequence[tuple[int, pd.Series]]) -> str:
    rows = [
        [
            escape(str(first["file"])),
            escape(str(first["column"])),
            f'<span class="{first["severity"]}">{first["meaning"]}</span>',
            escape(str(first["message"])),
            f"{count:,}",
        ]
        for count, first in often
    ]
    if not rows:
        return f"<p>{nothing_wrong(facts)}</p>"
    how = "what was found first" if facts.in_order else "the most frequent first"
    return f"<h2>What to mend, {how}</h2>\n" + _table(["File", "Column", "", "", "Times"], rows, 1)


def _every(said: pd.DataFrame) -> str:
    if not len(said):
        return ""
    shown = said.head(MOST_ROWS)
    more = (
        f"<p>The first {MOST_ROWS:,} of {len(said):,}. All are in rejections.csv.</p>" if len(said) > MOST_ROWS else ""
    )
    columns = ("file", "row", "column", "record", "value", "message")
    rows = [
        ["" if pd.isna(cell) else escape(str(cell)) for cell in row]
        for row in shown[list(columns)].itertuples(index=False, name=None)
    ]
    return "<h2>Every finding</h2>\n" + more + _table([name.title() for name in columns], rows)
