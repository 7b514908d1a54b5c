"""Every format has folders of small uploads, each with the findings that it must get and no others.

In:  <format>/{good,bad}/<case>/*.csv; a folder `before` in it is an upload that the district had already applied.
Out: expected_rejections.csv beside them says file, row, column, code and severity of every finding.

`good` is taken whole: no finding worse than a note. `by_the_letter` is what a strict check says of the specification.
"""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from sftpingest.roster.changes import Outcome
from sftpingest.roster.conform import conform
from sftpingest.roster.finding import Code, Severity
from sftpingest.roster.format import Format, load, names
from sftpingest.roster.judge import refuse
from sftpingest.roster.parse import parse
from sftpingest.roster.report import Facts, report
from tests.roster.district import District

HERE = Path(__file__).parent
EXPECTED = "expected_rejections.csv"
CASES = sorted(path.parent.relative_to(HERE) for path in HERE.glob(f"*/*/*/{EXPECTED}"))

#: Found by the inbox, where files are opened, or a format is chosen, or in very long files: tests/test_inbox.py,
#: tests/sync/test_boxes.py, tests/roster/test_recognise.py, tests/roster/test_damage.py.
NOT_IN_FILES = {
    Code.FILE_BROKEN_OFF,
    Code.FILE_FOREIGN,
    Code.FILE_CUT,
    Code.FILE_UNPACKED,
    Code.FILE_MISPLACED,
    Code.VALUE_CUT,
}

#: What each fault costs. A pair that no case shows has no test; a pair that is not here is a new rule.
COSTS = {
    Code.FILE_MISSING: {Severity.UPLOAD},
    Code.FILE_UNREADABLE: {Severity.UPLOAD, Severity.FILE},
    Code.FILE_EMPTY: {Severity.UPLOAD, Severity.FILE},
    Code.FILE_ENCODING: {Severity.NOTE},
    Code.FILE_SEPARATOR: {Severity.NOTE},
    Code.FILE_UNKNOWN: {Severity.NOTE},
    Code.FILE_NOT_ROSTERED: {Severity.NOTE},
    Code.FILE_ALONE: {Severity.FILE},
    Code.FILE_UNEXPECTED: {Severity.FILE},
    Code.FILE_RECOGNISED: {Severity.NOTE},
    Code.FILE_REPEATED: {Severity.UPLOAD},
    Code.COLUMN_MISSING: {Severity.UPLOAD, Severity.FILE},
    Code.COLUMN_UNKNOWN: {Severity.NOTE},
    Code.COLUMN_REPEATED: {Severity.UPLOAD, Severity.FILE},
    Code.ROW_MALFORMED: {Severity.ROW, Severity.UPLOAD},
    Code.VALUE_MISSING: {Severity.ROW, Severity.VALUE, Severity.NOTE, Severity.UPLOAD},
    Code.VALUE_MALFORMED: {Severity.ROW, Severity.VALUE, Severity.NOTE, Severity.UPLOAD},
    Code.VALUE_UNKNOWN: {Severity.ROW, Severity.VALUE, Severity.NOTE, Severity.UPLOAD},
    Code.ID_REPEATED: {Severity.ROW, Severity.NOTE},
    Code.COLUMN_DAY_FIRST: {Severity.NOTE},
    Code.ROW_TOTALS: {Severity.ROW},
    Code.VALUE_ROUNDED: {Severity.ROW, Severity.VALUE},
    Code.VALUE_DAMAGED: {Severity.ROW, Severity.VALUE},
    Code.ID_ZEROS_LOST: {Severity.NOTE},
    Code.REFERENCE_UNKNOWN: {Severity.ROW, Severity.VALUE},
    Code.REFERENCE_REJECTED: {Severity.ROW, Severity.VALUE},
    Code.RECORD_ALONE: {Severity.NOTE},
    Code.RECORD_KEPT: {Severity.NOTE},
}

#: The same for codes that only a strict check has.
COSTS_BY_THE_LETTER = {
    Code.FILE_ALONE: {Severity.FILE},
    Code.COLUMN_ORDER: {Severity.FILE},
    Code.PROPERTY_MISSING: {Severity.UPLOAD},
    Code.VALUE_UNEXPECTED: {Severity.ROW},
    Code.VALUE_UNFIT: {Severity.ROW},
    Code.REFERENCE_ABSENT: {Severity.FILE},
    Code.REFERENCE_UNFIT: {Severity.ROW},
}
LETTER = "by_the_letter"

#: file, row, column, code, severity
Finding = tuple[str, ...]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv")) if path.name != EXPECTED}


def expected(case: Path) -> list[Finding]:
    rows = csv.reader((HERE / case / EXPECTED).read_text(encoding="utf-8").splitlines())
    assert next(rows) == ["file", "row", "column", "code", "severity"]
    return [tuple(row) for row in rows]


def reported(files: Mapping[str, bytes], before: Mapping[str, bytes], form: Format) -> list[Finding]:
    """The findings as rejections.csv shows them."""
    district = District(form=form)
    if before:
        district.take_files(before)
    parsed = parse(files, form)
    refused = refuse(parsed.findings)
    findings = parsed.findings if refused else district.work_out(files).findings
    outcome = refused.outcome if refused else Outcome.APPLIED
    return shown_of(findings, outcome, files, form)


def reported_strictly(files: Mapping[str, bytes], form: Format) -> list[Finding]:
    """What a strict check says of the specification, as rejections.csv shows it."""
    return shown_of(conform(files).findings, Outcome.APPLIED, files, form)


def shown_of(findings: pd.DataFrame, outcome: Outcome, files: Mapping[str, bytes], form: Format) -> list[Finding]:
    facts = Facts(1, "Lake", form.title, outcome, "", datetime(2026, 11, 24, tzinfo=UTC))
    written = report(facts, findings, files, form)["rejections.csv"].decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(written, newline=""))
    return [tuple(row[name] for name in ("file", "row", "column", "code", "severity")) for row in rows]


@pytest.mark.parametrize("case", [case for case in CASES if case.parts[1] == LETTER], ids=str)
def test_a_case_by_the_letter_has_its_findings_in_their_order(case: Path) -> None:
    assert reported_strictly(files_in(HERE / case), load(case.parts[0])) == expected(case)


@pytest.mark.parametrize("case", [case for case in CASES if case.parts[1] != LETTER], ids=str)
def test_a_case_has_the_findings_that_it_must_have_and_no_others(case: Path) -> None:
    folder = HERE / case
    form = load(case.parts[0])
    assert sorted(reported(files_in(folder), files_in(folder / "before"), form)) == sorted(expected(case))


@pytest.mark.parametrize("case", [case for case in CASES if case.parts[1] == "good"], ids=str)
def test_a_good_case_loses_nothing(case: Path) -> None:
    assert {severity for *_, severity in expected(case)} <= {Severity.NOTE.value}


def shown(*, by_the_letter: bool) -> set[tuple[str, ...]]:
    cases = [case for case in CASES if (case.parts[1] == LETTER) == by_the_letter]
    return {(code, severity) for case in cases for *_, code, severity in expected(case)}


def pairs(costs: Mapping[Code, set[Severity]]) -> set[tuple[str, ...]]:
    return {(code.value, severity.value) for code, severities in costs.items() for severity in severities}


def test_every_code_and_every_cost_has_a_case() -> None:
    assert set(COSTS) | set(COSTS_BY_THE_LETTER) | NOT_IN_FILES == set(Code)
    assert shown(by_the_letter=False) == pairs(COSTS)
    assert shown(by_the_letter=True) >= pairs(COSTS_BY_THE_LETTER)


@pytest.mark.parametrize("name", names())
def test_every_format_has_cases_of_both_kinds(name: str) -> None:
    assert {case.parts[1] for case in CASES if case.parts[0] == name} - {LETTER} == {"good", "bad"}
