"""Stage 5: findings and counts -> what the district reads.

In: what became of an upload, its findings, and the uploaded files themselves for the rows that were rejected.
Out: the files of a report folder by name (contract 3). The same input gives the same bytes, so that a report which a
crash left unwritten is written later just so.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sftpingest.roster.changes import Outcome
from sftpingest.roster.finding import COLUMNS, Severity, messages
from sftpingest.roster.format import Format
from sftpingest.roster.frames import arrow
from sftpingest.roster.page import page
from sftpingest.roster.rejected import rejected_rows
from sftpingest.roster.summary import frequent, summary

#: The columns of rejections.csv, in this order.
REJECTIONS = ("file", "row", "column", "record", "code", "severity", "value", "message")

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Facts:
    """What became of an upload."""

    sync: int  #: 0 where there was none: a check
    district: str  #: its name
    format: str  #: its title
    outcome: Outcome
    reason: str  #: why held or refused, one sentence; '' where applied
    at: datetime  #: when it was decided, UTC
    files: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  #: rows, accepted, rejected of each file
    kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  #: created, updated, removed, unchanged
    findings: Mapping[str, int] = field(default_factory=dict)  #: how many of each code
    left_out: Sequence[str] = ()  #: names of files that were not taken; `report` tells them from the findings
    in_order: bool = False  #: findings are shown in the order in which they were made, not the most frequent first


def report(facts: Facts, findings: pd.DataFrame, files: Mapping[str, bytes], form: Format) -> dict[str, bytes]:
    """All files of a report, by their path in its folder. `files` are asked for only where rows were rejected."""
    facts = replace(facts, left_out=list(findings["file"][findings["severity"] == Severity.FILE.value].unique()))
    said = findings.assign(message=messages(findings))
    often = frequent(said, in_order=facts.in_order)
    out = {
        "summary.txt": summary(facts, said, often).encode(),
        "rejections.csv": rejections(said),
        "report.html": page(facts, said, often).encode(),
        "result.json": (json.dumps(result(facts), indent=2, ensure_ascii=False) + "\n").encode(),
    }
    by_row = findings[(findings["severity"] == Severity.ROW.value).to_numpy(bool)]
    for name, rows in by_row.groupby("file", sort=False)["row"]:
        if name in files:
            content = rejected_rows(files[str(name)], rows.drop_duplicates().tolist(), form.file(str(name)))
            out[f"rejected/rejected-{name}"] = _BOM + content
    return out


def result(facts: Facts) -> dict[str, Any]:
    """result.json, for machines."""
    return {
        "sync": facts.sync,
        "outcome": facts.outcome.value,
        "files": {name: dict(counts) for name, counts in facts.files.items()},
        "kinds": {name: dict(counts) for name, counts in facts.kinds.items()},
        "findings": dict(facts.findings),
        "reason": facts.reason,
    }


def rejections(said: pd.DataFrame) -> bytes:
    """Every finding, one a row: UTF-8 with BOM, CRLF, no cell that a spreadsheet would run."""
    columns = {name: _harmless(arrow(said[name])) for name in REJECTIONS if name != "row"}
    columns["row"] = pa.array(said["row"].astype("Int64"), pa.int64())
    buffer = io.BytesIO()
    csv.write_csv(
        pa.table({name: columns[name] for name in REJECTIONS}),
        buffer,
        csv.WriteOptions(include_header=False),
    )
    # no cell holds a line end: values are shortened to one line
    return _BOM + ",".join(REJECTIONS).encode() + b"\r\n" + buffer.getvalue().replace(b"\n", b"\r\n")


def _harmless(cells: pa.Array) -> pa.Array:
    """A leading apostrophe for cells that a spreadsheet would take for a formula (OWASP: CSV injection)."""
    return pc.replace_substring_regex(cells, r"^([=+\-@\t\r])", r"'\1")


def counts(findings: pd.DataFrame) -> dict[str, int]:
    """How many findings of each code, the most frequent first."""
    return {str(code): int(size) for code, size in findings["code"].value_counts().items()}


__all__ = ["COLUMNS", "REJECTIONS", "Facts", "counts", "rejections", "report", "result"]
