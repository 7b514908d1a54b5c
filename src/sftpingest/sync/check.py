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

from sftpingest.inbox import WrongSource, laid_out
from sftpingest.inbox.boxes import Opening
from sftpingest.roster.changes import Outcome
from sftpingest.roster.conform import conform
from sftpingest.roster.finding import Code, Severity, in_order, together, worst
from sftpingest.roster.format import Format
from sftpingest.roster.judge import Verdict, refuse
from sftpingest.roster.parse import parse
from sftpingest.roster.recognise import AUTO
from sftpingest.roster.report import Facts, counts, report, result
from sftpingest.roster.validate import validate
from sftpingest.sync import by_the_letter
from sftpingest.sync.chosen import Chosen, choose
from sftpingest.sync.counted import counted
from sftpingest.sync.files import Files, known, readable
from sftpingest.sync.memory import lean
from sftpingest.sync.progress import Progress, Told, silent

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


def check(path: Path, format_name: str, *, strict: bool, progress: Progress = silent) -> Checked:
    """Judge a folder or zip. Raises inbox.WrongSource and format.WrongFormat, whose texts say what to do."""
    lean()
    with _taken(path, format_name, strict=strict) as (files, members):
        chosen = choose(format_name, files)
        if strict and format_name == AUTO and by_the_letter.nothing_known(files, chosen):
            chosen = choose(by_the_letter.FORMAT, files)
        form, findings, records = _judged(files, chosen, progress)
        letter = strict and chosen.name == by_the_letter.FORMAT and not refuse(files.findings)
        if letter:
            progress("Checking every rule of the specification", None)
            conformed = conform(files, members)
            findings = by_the_letter.before(conformed, findings)
            records |= conformed.records
        elif strict:
            findings = _strictly(findings, form)
        verdict = refuse(findings) or Verdict(Outcome.APPLIED)
        facts = Facts(
            sync=0,
            district=readable(path.resolve().name),
            format=form.title,
            outcome=verdict.outcome,
            reason=verdict.reason,
            at=datetime.now(UTC),
            files=counted(records, findings, verdict),
            findings=by_the_letter.counted_in_order(findings) if letter else counts(findings),
            in_order=letter,
        )
        progress("Writing the report", None)
        made = report(facts, findings, files, form)
    return Checked(dict(facts.files), worst(findings), verdict.outcome is Outcome.REFUSED, made, result(facts))  # type: ignore[arg-type]


@contextmanager
def _taken(path: Path, format_name: str, *, strict: bool) -> Iterator[tuple[Files, tuple[str, ...]]]:
    """The files at a path, and the names in its zip. Nothing is ever written beside them."""
    with tempfile.TemporaryDirectory() as folder:
        members, there = by_the_letter.members(path), Path(folder)
        try:
            there = laid_out(path, there)
        except WrongSource:
            judged = strict and format_name in {AUTO, by_the_letter.FORMAT} and by_the_letter.judged(path, members)
            if not judged or any(Path(folder).iterdir()):
                raise
        opening = Opening(workbooks=True, known=known(format_name), of_workbooks=_WORKBOOKS)
        with Files(there, opening, Path(folder)) as files:
            yield files, members


def _judged(files: Files, chosen: Chosen, progress: Progress) -> tuple[Format, pd.DataFrame, dict[str, int]]:
    """The format, the findings, and how many records each file has."""
    if refuse(files.findings):  # what is in a box that cannot be opened is not missing
        return chosen.form, files.findings, {}
    parsed = parse(Told(files, progress), chosen.form)
    parsed = replace(parsed, findings=together([files.findings, chosen.findings, parsed.findings]))
    records = dict(parsed.records)
    progress(f"Checking {sum(records.values()):,} rows", None)
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
