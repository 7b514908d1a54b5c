"""The same stages on a folder or zip, without a store: what an upload of it would get.

In:  a path and a format.
Out: the findings, the report, and how bad it is.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sftpingest.inbox import bring, files_of
from sftpingest.inbox.boxes import Opening
from sftpingest.roster.changes import Outcome
from sftpingest.roster.finding import Code, Severity, in_order, together, worst
from sftpingest.roster.format import Format
from sftpingest.roster.judge import Verdict, refuse
from sftpingest.roster.parse import parse
from sftpingest.roster.report import Facts, counts, report, result
from sftpingest.roster.validate import validate
from sftpingest.sync.chosen import Chosen, choose
from sftpingest.sync.counted import counted
from sftpingest.sync.files import Files, known, readable
from sftpingest.sync.memory import lean

_WORKBOOKS = "an upload of a workbook is read only where `sftpingest district set SLUG xlsx on` says so"


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    files: dict[str, dict[str, int]]  #: rows, accepted, rejected
    worst: Severity | None
    refused: bool
    report: dict[str, bytes]  #: the files of a report
    result: dict[str, Any]  #: result.json

    @property
    def summary(self) -> str:
        """summary.txt."""
        return self.report["summary.txt"].decode()


def check(path: Path, format_name: str, *, strict: bool) -> Checked:
    """Judge a folder or zip. Raises inbox.WrongSource and format.WrongFormat, whose texts say what to do."""
    lean()
    with _taken(path, format_name) as files:
        chosen = choose(format_name, files)
        form, findings, records = _judged(files, chosen)
        findings = _strictly(findings, form) if strict else findings
        verdict = refuse(findings) or Verdict(Outcome.APPLIED)
        facts = Facts(
            sync=0,
            district=readable(path.resolve().name),
            format=form.title,
            outcome=verdict.outcome,
            reason=verdict.reason,
            at=datetime.now(UTC),
            files=counted(records, findings, verdict),
            findings=counts(findings),
        )
        made = report(facts, findings, files, form)
    return Checked(dict(facts.files), worst(findings), verdict.outcome is Outcome.REFUSED, made, result(facts))  # type: ignore[arg-type]


@contextmanager
def _taken(path: Path, format_name: str) -> Iterator[Files]:
    """The files at a path. Nothing is ever written beside them."""
    with tempfile.TemporaryDirectory() as folder:
        if path.is_dir():
            files_of(path)  # raises where an upload of it would be none
        else:
            bring(path, Path(folder))
        opening = Opening(workbooks=True, known=known(format_name), of_workbooks=_WORKBOOKS)
        with Files(path if path.is_dir() else Path(folder), opening, Path(folder)) as files:
            yield files


def _judged(files: Files, chosen: Chosen) -> tuple[Format, pd.DataFrame, dict[str, int]]:
    """The format, the findings, and how many records each file has."""
    if refuse(files.findings):  # what is in a box that cannot be opened is not missing
        return chosen.form, files.findings, {}
    parsed = parse(files, chosen.form)
    parsed = replace(parsed, findings=together([files.findings, chosen.findings, parsed.findings]))
    records = dict(parsed.records)
    findings = parsed.findings if refuse(parsed.findings) else in_order(validate(parsed).findings, records)
    return chosen.form, findings, records


def _strictly(findings: pd.DataFrame, form: Format) -> pd.DataFrame:
    """Every departure from the format rejects its row; its file, or the upload, where it is about no row."""
    light = findings["severity"].isin([Severity.NOTE.value, Severity.VALUE.value]).to_numpy(bool)
    light = light & (findings["code"] != Code.FILE_UNPACKED.value).to_numpy(bool)  # no format says how files are packed
    severity = findings["severity"].copy()
    severity.loc[light & findings["row"].notna().to_numpy()] = Severity.ROW.value
    core = findings["file"].map(lambda name: getattr(form.file(name), "core", False), na_action=None).to_numpy(bool)
    about_file = light & findings["row"].isna().to_numpy()
    severity.loc[about_file & ~core] = Severity.FILE.value
    severity.loc[about_file & core] = Severity.UPLOAD.value
    return findings.assign(severity=severity)
