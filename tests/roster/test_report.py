"""What the district reads: rejections.csv to the letter, the rejected rows, the summary, the page, result.json."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sftpingest.roster.changes import Outcome
from sftpingest.roster.finding import SENTENCES, Code, Severity, found, messages, nothing, together
from sftpingest.roster.frames import text
from sftpingest.roster.rejected import rejected_rows
from sftpingest.roster.report import Facts, report
from tests.roster.uploads import ENROLLMENT, FORM, SCHOOL, STUDENT, judged, lines, upload

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COLUMNS = ["file", "row", "column", "record", "code", "severity", "value", "message"]


def facts(outcome: Outcome = Outcome.APPLIED, reason: str = "") -> Facts:
    return Facts(
        sync=17,
        district="Lake County",
        format=FORM.title,
        outcome=outcome,
        reason=reason,
        at=NOON,
        files={"students.csv": {"rows": 4, "accepted": 3, "rejected": 1}},
        kinds={"student": {"created": 3, "updated": 1, "removed": 0, "unchanged": 999}},
        findings={"value.missing": 1},
    )


def reported(**files: str | bytes) -> dict[str, bytes]:
    """The report of the smallest upload with these files."""
    return report(facts(), judged(**files).findings, upload(**files), FORM)


def rejections(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["rejections.csv"].decode("utf-8-sig"), newline="")))


def summarised(**files: str | bytes) -> str:
    return reported(**files)["summary.txt"].decode()


# ------------------------------------------------------------------------------------------------- what to do about it


def test_a_value_of_a_row_that_was_rejected_anyway_is_not_said_to_have_come_in() -> None:
    heading = f"{STUDENT},Grade"
    alone = summarised(students=lines(heading, "north,ann,Ann,Ash,1", "north,bob,,Bay,K-12", "south,cid,Cid,Cob,2"))
    assert "the record came in without this value" not in alone
    assert "the row was not taken anyway" in alone
    both = summarised(students=lines(heading, "north,bob,,Bay,K-12", "north,ann,Ann,Ash,K-13", "south,cid,Cid,Cob,2"))
    assert "the record came in without this value" in both
    assert "2 times, for example in row 3" in both


def test_a_held_upload_says_what_may_be_done() -> None:
    held = report(
        facts(Outcome.HELD, "This upload would remove 150 of 1,004 student records (14.9 %)."), nothing(), {}, FORM
    )
    for name in ("summary.txt", "report.html"):
        said = held[name].decode()
        assert "to release upload 17" in said
        assert "upload the right roster" in said
        assert "What would change" in said


def test_a_file_that_was_not_taken_is_named_beside_the_outcome() -> None:
    made = reported(staff="Foo,Bar\n1,2\n")
    for name in ("summary.txt", "report.html"):
        assert "up to date with this upload. staff.csv was not taken; what we held of it stays." in made[name].decode()
    checked = report(replace(facts(), sync=0), judged(staff="Foo\n1\n").findings, {}, FORM)["summary.txt"].decode()
    assert "GOOD. An upload of these files would be taken. staff.csv would not be taken;" in checked


def test_a_refused_upload_counts_no_row_as_rejected_for_itself() -> None:
    refused = report(facts(Outcome.REFUSED, "students.csv: the file has no records."), nothing(), {}, FORM)
    summary = refused["summary.txt"].decode()
    assert summary.count("Nothing was changed") == 1
    assert "Rejected" not in summary


def test_nothing_in_a_report_makes_a_terminal_do_anything() -> None:
    heading = f"{STUDENT},Grade,ext.\x1b[31m,\x1b]0;x\x07"
    rows = ["north,ann,Ann,Ash,\x1b[31mred\x07,,", "north,bob\x1b[2J,,Bay,\x9b1m,,"]
    made = reported(students=lines(heading, *rows))
    for name in ("summary.txt", "rejections.csv", "report.html", "result.json"):
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", made[name].decode()), name
    assert len(rejections(made)) == made["rejections.csv"].count(b"\n") - 1


# ---------------------------------------------------------------------------------------------------- rejections.csv


def test_rejections_are_utf8_with_a_byte_order_mark_and_crlf_and_exactly_these_columns() -> None:
    raw = reported(students=lines(STUDENT, "north,ann,,Äsh", "north,bob,Bob,Bay", "south,cid,Cid,Cob"))[
        "rejections.csv"
    ]
    assert raw.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == 3
    assert raw.endswith(b"\r\n")


def test_an_upload_without_findings_has_rejections_with_a_header_alone() -> None:
    assert rejections(reported()) == []
    assert reported()["rejections.csv"].decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"


def test_a_finding_stands_at_its_file_row_column_and_record() -> None:
    students = lines(STUDENT, "", "north,ann,Ann,Ash", "north,bob,Bob,")
    first, second = rejections(reported(students=students, enrollments=lines(ENROLLMENT, "north,alg,bob")))
    assert first == {
        "file": "students.csv",
        "row": "4",
        "column": "Last_name",
        "record": "bob",
        "code": "value.missing",
        "severity": "row",
        "value": "",
        "message": "Last_name is empty, but it is required. Fill it in.",
    }
    assert (second["row"], second["record"], second["value"]) == ("2", "", "bob")
    assert "students.csv row 4" in second["message"]


def test_a_finding_about_a_file_has_no_row_and_no_column() -> None:
    (one,) = rejections(report(facts(), found(Code.FILE_MISSING, Severity.UPLOAD, "staff.csv"), {}, FORM))
    assert (one["row"], one["column"], one["record"], one["value"]) == ("", "", "", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(start: str) -> None:
    cell = f"{start}cmd|' /C calc'!A0"
    raw = lines(f"{STUDENT},Grade,{start}SUM(A1)", f"north,{start}1,Ann,Ash,{cell},x")
    found_so = rejections(reported(students=raw))
    cells = [value for one in found_so for name, value in one.items() if name != "row"]
    assert f"'{cell}" in cells
    assert f"'{start}1" in cells
    assert f"'{start}SUM(A1)" in cells
    assert not [value for value in cells if value.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_file_name_that_a_spreadsheet_would_run_is_neutralised_in_the_message_too() -> None:
    (one,) = rejections(report(facts(), found(Code.FILE_UNKNOWN, Severity.NOTE, "=1+1.csv"), {}, FORM))
    assert one["file"] == "'=1+1.csv"
    assert one["message"].startswith("'=1+1.csv")


def test_long_values_are_shortened_and_stand_on_one_line() -> None:
    long = "x" * 500
    (one, two) = rejections(
        reported(
            students=lines(
                f"{STUDENT},Grade", f"north,ann,Ann,Ash,{long}", 'north,bob,Bob,Bay,"a\nb"', "south,cid,Cid,Cob,"
            )
        )
    )
    assert len(one["value"]) == 80
    assert one["value"].endswith("…")
    assert two["value"] == "a b"


def test_quotation_marks_and_commas_in_values_come_through() -> None:
    (one,) = rejections(
        reported(
            students=lines(
                f"{STUDENT},Grade", 'north,ann,Ann,Ash,"5"", or 6"', "north,bob,Bob,Bay,", "south,cid,Cid,Cob,"
            )
        )
    )
    assert one["value"] == '5", or 6'


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_sentence_that_is_filled_in(code: Code) -> None:
    one, two = text(["ann", "bob"]), text(["this", "that"])
    finding = found(code, Severity.NOTE, "students.csv", [2, 3], column="Grade", record=one, value=one, detail=two)
    said = [str(sentence) for sentence in messages(finding)]
    assert not [sentence for sentence in said if "{" in sentence or "}" in sentence]
    assert not [sentence for sentence in said if "  " in sentence or sentence != sentence.strip()]
    assert said[0] != said[1] or not {"{value}", "{record}", "{detail}"} & set(re.findall("{.*?}", SENTENCES[code]))


def test_braces_in_a_value_are_letters() -> None:
    one = found(Code.VALUE_UNKNOWN, Severity.VALUE, "students.csv", [2], column="Grade", value=text(["{detail}{0}"]))
    assert '"{detail}{0}"' in str(messages(one).iloc[0])


# ----------------------------------------------------------------------------------------------------- rejected rows


def test_the_rejected_rows_stand_apart_with_their_headings_as_they_came() -> None:
    students = lines(
        'Student_ID,"School id",First_name,Last_name', "ann,north,Ann,Ash", 'bob,north,"B, ""x""",', "cid,south,Cid"
    )
    files = reported(students=students)
    raw = files["rejected/rejected-students.csv"]
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows == [
        ["Student_ID", "School id", "First_name", "Last_name"],
        ["bob", "north", 'B, "x"', ""],
        ["cid", "south", "Cid"],
    ]


def test_a_row_with_two_findings_stands_once_among_the_rejected() -> None:
    files = reported(schools=lines(f"{SCHOOL},State_id", "north,North,1", "south,South,2", ",,3"))
    assert files["rejected/rejected-schools.csv"].decode("utf-8-sig").splitlines() == [f"{SCHOOL},State_id", ",,3"]


def test_files_without_rejected_rows_have_none_in_the_report() -> None:
    files = reported(
        students=lines(f"{STUDENT},Grade", "north,ann,Ann,Ash,K-12", "north,bob,Bob,Bay,", "south,cid,C,C,")
    )
    assert [name for name in files if name.startswith("rejected/")] == []


def test_rejected_rows_of_any_encoding_come_out_as_utf8() -> None:
    students = lines(STUDENT, "north,ann,Zoë,", "north,bob,Bob,Bay", "south,cid,Cid,Cob")
    for codec in ("utf-16", "cp1252"):
        raw = reported(students=students.encode(codec))["rejected/rejected-students.csv"]
        assert raw.decode("utf-8-sig").splitlines()[1] == "north,ann,Zoë,"


def test_rejected_rows_of_what_cannot_be_read_are_none() -> None:
    assert rejected_rows(b"\0", [2], FORM.file("students.csv")) == b""


# ---------------------------------------------------------------------------------------------- for people and machines


def test_result_json_is_as_the_contract_says() -> None:
    assert json.loads(reported()["result.json"]) == {
        "sync": 17,
        "outcome": "applied",
        "files": {"students.csv": {"rows": 4, "accepted": 3, "rejected": 1}},
        "kinds": {"student": {"created": 3, "updated": 1, "removed": 0, "unchanged": 999}},
        "findings": {"value.missing": 1},
        "reason": "",
    }


def test_the_summary_says_the_outcome_the_counts_and_the_most_frequent_findings() -> None:
    summary = reported(students=lines(STUDENT, "north,ann,Ann,", "north,bob,Bob,", "south,cid,Cid,Cob"))["summary.txt"]
    said = summary.decode()
    assert "Lake County" in said
    assert "APPLIED" in said
    assert "students.csv" in said
    assert "Last_name is empty" in said
    assert "2 times" in said


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_said_with_its_reason(outcome: Outcome) -> None:
    files = report(facts(outcome, "Because of this."), nothing(), {}, FORM)
    assert outcome.value.upper() in files["summary.txt"].decode()
    assert "Because of this." in files["summary.txt"].decode()
    assert "Because of this." in files["report.html"].decode()
    assert json.loads(files["result.json"])["outcome"] == outcome.value


@pytest.mark.parametrize(("count", "says"), [(1, "One of these only follows"), (2, "Of these, 2 only follow from")])
def test_what_only_follows_from_other_rows_is_counted(count: int, says: str) -> None:
    rows = together([found(Code.REFERENCE_REJECTED, Severity.ROW, "enrollments.csv", [*range(2, 2 + count)])])
    assert says in report(facts(Outcome.APPLIED), rows, {}, FORM)["summary.txt"].decode()


def test_at_most_ten_kinds_of_finding_are_in_the_summary() -> None:
    many = together(found(code, Severity.NOTE, "students.csv", [2], column=code.value) for code in list(Code)[:14])
    summary = report(facts(), many, {}, FORM)["summary.txt"].decode()
    assert summary.count("\n* ") == 10


def test_what_a_district_wrote_is_no_html() -> None:
    students = lines(f"{STUDENT},Grade,<b>x</b>", "north,ann,Ann,Ash,<script>alert(1)</script>,")
    page = reported(students=students)["report.html"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>x</b>" not in page


def test_the_page_needs_nothing_else() -> None:
    page = reported()["report.html"].decode()
    assert not [word for word in ("http:", "https:", "src=", "<link") if word in page]


def test_the_same_input_gives_the_same_bytes() -> None:
    students = lines(f"{STUDENT},Grade", "north,ann,,Ash,K-12", "x,bob,Bob,Bay,", "north,ann,,Ash,", "cid")
    assert reported(students=students) == reported(students=students)


def test_no_line_of_the_summary_is_longer_than_it_says() -> None:
    """An unknown home language lists 152 words."""
    summary = reported(students=lines(f"{STUDENT},Home_language", "north,ann,Ann,Ash,Klingon"))["summary.txt"]
    assert max(len(line) for line in summary.decode().splitlines()) <= 100


def test_rejected_rows_are_as_they_came() -> None:
    raw = lines(STUDENT, 'north,ann," Ann ",').encode()
    rows = list(csv.reader(io.StringIO(rejected_rows(raw, [2], FORM.file("students.csv")).decode())))
    assert rows[1] == ["north", "ann", " Ann ", ""]
