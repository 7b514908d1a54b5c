"""Workbooks: which sheets are files, and their cells as a clerk sees them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sftpingest.inbox.boxes import Opening
from sftpingest.sync.files import Files, known
from tests.sync.packed import DATE, DIGITS, TIME, number, rows, text, workbook

HOW = Opening(workbooks=True, known=known("auto"))
HEAD = rows([["Student_id"]])


def files_of(folder: Path, content: bytes, name: str = "students.xlsx") -> dict[str, str]:
    (folder / name).write_bytes(content)
    with Files(folder, HOW, folder) as files:
        assert set(files.findings["severity"]) == {"note"}, list(files.findings["detail"])
        return {name: files[name].decode() for name in files}


def why_not(folder: Path, content: bytes) -> str:
    (folder / "roster.xlsx").write_bytes(content)
    with Files(folder, HOW, folder) as files:
        assert list(files.findings["code"]) == ["file.unreadable"]
        return str(files.findings["detail"].iloc[0])


# Which sheets


def test_a_workbook_of_one_sheet_is_the_file_of_its_own_name(tmp_path: Path) -> None:
    assert files_of(tmp_path, workbook({"Sheet1": HEAD, "Sheet2": "", "Sheet3": ""})) == {
        "students.csv": "Student_id\r\n"
    }


def test_a_sheet_that_is_called_like_a_file_is_that_file_where_the_workbook_is_not(tmp_path: Path) -> None:
    assert list(files_of(tmp_path, workbook({"Students": HEAD}), "Export 2026.xlsx")) == ["Students.csv"]
    assert list(files_of(tmp_path, workbook({"Sheet1": HEAD}), "Export 2026.xlsx")) == ["Export 2026.csv"]


def test_of_several_sheets_those_that_are_called_like_files_are_files(tmp_path: Path) -> None:
    book = workbook({"Schools": HEAD, "how to": HEAD, "students.csv": HEAD, "academicSessions": HEAD, "old": HEAD})
    assert list(files_of(tmp_path, book, "roster.xlsx")) == ["Schools.csv", "students.csv", "academicSessions.csv"]


def test_a_hidden_sheet_is_none(tmp_path: Path) -> None:
    book = workbook({"students": HEAD, "schools": HEAD}, hidden=frozenset({"schools"}))
    assert list(files_of(tmp_path, book, "roster.xlsx")) == ["students.csv"]


def test_several_sheets_of_which_none_is_called_like_a_file_are_not_guessed(tmp_path: Path) -> None:
    why = why_not(tmp_path, workbook({"Sheet1": HEAD, "Sheet2": HEAD}))
    assert why == "none of its sheets (Sheet1, Sheet2) is called like a file of the roster, such as students"


# Cells


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (number("A1", 12345.0), "12345"),
        (number("A1", 0.1 + 0.2), "0.3"),
        (number("A1", -7.5), "-7.5"),
        (number("A1", 123456789012345.0), "123456789012345"),
        (number("A1", 1.2345678901234567e19), "1.23456789012346E+19"),
        (number("A1", 123.0, DIGITS), "00123"),
        (number("A1", 1234567.0, DIGITS), "1234567"),
        (number("A1", 45000.0, DATE), "2023-03-15"),
        (number("A1", 45000.5, TIME), "2023-03-15 12:00:00"),
        ('<c r="A1" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="A1" t="b"><v>0</v></c>', "FALSE"),
        ('<c r="A1" t="e"><f>VLOOKUP(1)</f><v>#N/A</v></c>', "#N/A"),
        ('<c r="A1" t="str"><f>B1</f><v>0042</v></c>', "0042"),
        (text("A1", "0042"), "0042"),
        (text("A1", "Zoë & <Söhne>"), "Zoë & <Söhne>"),
        (text("A1", "12 Elm St\nApt 4"), "12 Elm St Apt 4"),
        (text("A1", 'say "hi", Ann'), '"say ""hi"", Ann"'),
    ],
)
def test_a_cell_is_what_a_clerk_sees(tmp_path: Path, cell: str, shown: str) -> None:
    assert files_of(tmp_path, workbook({"Sheet1": f'<row r="1">{cell}</row>'}))["students.csv"] == f"{shown}\r\n"


def test_rows_count_as_in_the_sheet(tmp_path: Path) -> None:
    book = workbook({"Sheet1": rows([["Student_id", "Name"]], 3) + rows([["S1", "Ann"]], 6)})
    assert files_of(tmp_path, book)["students.csv"] == "\r\n\r\nStudent_id,Name\r\n\r\n\r\nS1,Ann\r\n"


def test_digits_belong_to_their_cell_wherever_the_table_begins(tmp_path: Path) -> None:
    cells = f'<row r="4">{text("C4", "id")}</row><row r="5">{number("C5", 7.0, DIGITS)}{number("D5", 7.0)}</row>'
    assert files_of(tmp_path, workbook({"Sheet1": cells}))["students.csv"].split("\r\n")[3:5] == ["id,", "00007,7"]


# Harm


def test_a_cell_far_away_takes_memory_from_nobody(tmp_path: Path) -> None:
    far = f'{HEAD}<row r="1048576">{number("XFD1048576", 1.0)}</row>'
    assert why_not(tmp_path, workbook({"Sheet1": far})).startswith("the workbook is damaged, or too large to be read")


def test_the_process_that_reads_a_workbook_keeps_to_its_memory(tmp_path: Path) -> None:
    asked = json.dumps({"stem": "students", "known": [], "memory": 300_000_000, "seconds": 60})
    far = f'{HEAD}<row r="1000000">{number("Z1000000", 1.0)}</row>'
    command = [sys.executable, "-P", "-m", "sftpingest.inbox.boxes.sheets", asked]
    done = subprocess.run(command, input=workbook({"Sheet1": far}), capture_output=True, check=False)
    assert done.returncode
    assert b"done" not in done.stdout
