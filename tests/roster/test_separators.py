"""Semicolons, tabs and bars in the place of commas are read, where the headings make that certain."""

from datetime import UTC, datetime

import pytest

from sftpingest.roster.changes import Outcome
from sftpingest.roster.format import load
from sftpingest.roster.parse import parse
from sftpingest.roster.recognise import recognise
from sftpingest.roster.report import Facts, report
from sftpingest.roster.separators import parted
from tests.formats.test_cases import HERE, files_in
from tests.roster.district import District
from tests.roster.uploads import FORM, SMALLEST, STUDENT, Said, judged, lines, read, rows_of, said, upload

SIGNS = pytest.mark.parametrize("sign", [";", "\t", "|"], ids=["semicolons", "tabs", "bars"])


def note(file: str) -> Said:
    return Said(file, None, "", "file.separator", "note")


def known(raw: bytes) -> tuple[bytes, str]:
    return parted(raw, {"school_id", "student_id", "first_name", "last_name"})


@SIGNS
def test_another_separator_is_read_and_said(sign: str) -> None:
    validated = judged(**{name.removesuffix(".csv"): text.replace(",", sign) for name, text in SMALLEST.items()})
    assert set(said(validated)) == {note(name) for name in SMALLEST}
    assert len(said(validated)) == len(SMALLEST)
    assert (
        District().take_files(upload()).changes.digest()
        == District().take(students=SMALLEST["students.csv"].replace(",", sign)).changes.digest()
    )


def test_the_note_names_the_sign() -> None:
    details = read(students=SMALLEST["students.csv"].replace(",", ";")).findings["detail"].tolist()
    assert details == ["semicolons"]


@SIGNS
def test_commas_in_cells_stay_there(sign: str) -> None:
    text = f"{STUDENT},Title, Dr\nnorth,ann,Ann,Ash".replace(",", sign) + f"{sign}Ash, Ann{sign}\n"
    sheet = next(sheet for sheet in read(students=text).sheets if sheet.name == "students.csv")
    assert rows_of(sheet.rows, "id", "last_name") == [("ann", "Ash")]
    quoted = text.replace("Ash, Ann", f'"Ash, {sign} Ann"')
    sheet = next(sheet for sheet in read(students=quoted).sheets if sheet.name == "students.csv")
    assert rows_of(sheet.rows, "id", "last_name") == [("ann", "Ash")]


def test_a_sign_in_quoted_headings_is_not_counted() -> None:
    assert known(b'School_id,"a;b;c;d;e",Student_id\n')[1] == ","
    assert parted(b'School_id,"a;b;c;d;e",Student_id\n')[1] == ","


def test_a_file_of_which_commas_part_one_known_heading_is_one_of_commas() -> None:
    assert known(b"Student_id,School_id;First_name;Last_name\n")[1] == ","


def test_one_known_heading_is_not_certain() -> None:
    assert known(b"Student_id;Nachname\n")[1] == ","
    assert known(b"Student_id;Last_name\n")[1] == ";"


@pytest.mark.parametrize("line", ["sep=;\n", "SEP=;\r\n", '"sep=;"\r', "sep=;;;\n"])
def test_a_line_for_excel_is_passed_over_and_the_header_is_row_1(line: str) -> None:
    text = line + "north;;Ann;Ash".join([STUDENT.replace(",", ";") + "\n", "\n"])
    assert Said("students.csv", 2, "Student_id", "value.missing", "row") in said(judged(students=text))


def test_a_line_for_excel_may_name_the_comma() -> None:
    assert said(judged(students="sep=,\n" + SMALLEST["students.csv"])) == []


def test_a_line_for_excel_that_is_wrong_does_not_count() -> None:
    assert said(judged(students="sep=;\n" + SMALLEST["students.csv"])) == []


def test_a_line_that_is_never_closed_costs_its_own_row_with_semicolons_too() -> None:
    text = lines(STUDENT, "north,ann,Ann,Ash", 'north,bob,"Bob,Bay', "south,cid,Cid,Cob").replace(",", ";")
    found = said(judged(students=text))
    assert Said("students.csv", 3, "", "row.malformed", "row") in found
    assert Said("students.csv", 4, "", "row.malformed", "row") not in found


def test_two_stray_marks_delete_nobody_between_them_with_semicolons_as_with_commas() -> None:
    text = lines(STUDENT, 'north,ann,"Ann,Ash', "north,bob,Bob,Bay", 'south,cid,Cid",Cob', "south,dan,Dan,Day")
    commas = said(judged(students=text))
    assert {one.row for one in commas if one.code == "row.malformed"} == {2}
    assert said(judged(students=text.replace(",", ";"))) == [note("students.csv"), *commas]


def test_the_format_is_recognised_whatever_parts_the_headings() -> None:
    assert recognise(upload(students=SMALLEST["students.csv"].replace(",", ";"))).format == "clever"
    users = b"sourcedId;status;dateLastModified;enabledUser;orgSourcedIds;role;username;userIds;givenName;familyName\n"
    assert recognise({"users.csv": b"sep=;\r\n" + users}).format != "clever"


def test_signs_in_a_heading_do_not_hide_the_format() -> None:
    sessions = b"sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear"
    assert recognise({"academicSessions.csv": sessions + b",note;;;;;;;;;;;;;;;\n"}).format == "oneroster"
    assert recognise({"academicSessions.csv": sessions.replace(b",", b";") + b";note\n"}).format == "oneroster"


def test_a_file_of_another_name_is_recognised_by_its_headings_too() -> None:
    files = upload(students=None) | {"pupils.csv": b"sep=;\n" + SMALLEST["students.csv"].replace(",", ";").encode()}
    assert {one.code for one in said(parse(files, FORM))} == {"file.recognised", "file.separator"}


@pytest.mark.parametrize("quoted", ["", '"'], ids=["plain", "quoted"])
def test_rejected_rows_are_given_back_parted_as_they_came(quoted: str) -> None:
    text = lines("sep=,", f"{STUDENT},Password", f"north,,{quoted}Ann{quoted},Ash,geheim", "north,bob,Bob,Bay,x")
    files = upload(students=text.replace(",", ";"))
    facts = Facts(1, "Lake", "", Outcome.APPLIED, "", datetime(2026, 11, 24, tzinfo=UTC))
    findings = District().work_out(files).findings
    rejected = report(facts, findings, files, FORM)["rejected/rejected-students.csv"].decode("utf-8-sig")
    assert rejected.splitlines() == [f"{STUDENT},Password".replace(",", ";"), "north;;Ann;Ash;"]


def test_files_that_are_only_counted_and_a_manifest_may_have_other_separators_too() -> None:
    bulk = HERE / "oneroster" / "good"
    commas, semicolons = (parse(files_in(bulk / case), load("oneroster")) for case in ("bulk", "semicolons"))
    assert dict(semicolons.records) == dict(commas.records)
    assert semicolons.partial == commas.partial
