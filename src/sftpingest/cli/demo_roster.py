"""The demo's roster: a small made-up district in the Clever format, with planted mistakes.

In:  nothing.
Out: the files, and where the mistakes are. The same every time.
"""

from dataclasses import dataclass

Sheet = list[list[str]]

FIRST = (
    "Anya",
    "Ben",
    "Cleo",
    "Dev",
    "Elif",
    "Finn",
    "Gia",
    "Hana",
    "Ivan",
    "June",
    "Kofi",
    "Lena",
    "Milo",
    "Nora",
    "Omar",
    "Pia",
    "Quin",
    "Rosa",
    "Sven",
    "Tara",
)
LAST = (
    "Abara",
    "Brook",
    "Castell",
    "Dorn",
    "Esteves",
    "Fjord",
    "Garnet",
    "Holm",
    "Iwata",
    "Juneau",
    "Kestrel",
    "Larkin",
    "Moss",
)
SUBJECTS = ("Math", "Science", "English", "History")
SCHOOLS = (("100", "Maple Elementary"), ("200", "Cedar High"))
STUDENTS = 60
HEADER_ROWS = 1
#: How many records of each kind the store must hold in the end. The student without a last name is not among them, nor
#: are the two enrollments of that student; each of the eight sections has a teacher.
ARRIVE = {
    "school": len(SCHOOLS),
    "term": 1,
    "course": len(SUBJECTS),
    "section": 8,
    "student": STUDENTS - 1,
    "teacher": 8,
    "staff": 0,
    "contact": 0,
    "enrollment": 2 * STUDENTS - 2 + 8,
}


@dataclass(frozen=True)
class Planted:
    """A mistake that was put in, and the finding that must come of it."""

    file: str
    row: int  #: as a spreadsheet shows it
    column: str
    code: str

    @property
    def place(self) -> tuple[str, int | None, str, str]:
        """What a report must say of it."""
        return self.file, self.row, self.column, self.code

    def __str__(self) -> str:
        return f"{self.code} in {self.file} row {self.row}{f' column {self.column}' if self.column else ''}"


def made(*, spoilt: bool = True) -> tuple[dict[str, bytes], list[Planted]]:
    """The files of the upload, by name, and the mistakes in them; none where `spoilt` is False."""
    sheets = {
        "schools.csv": _schools(),
        "teachers.csv": _teachers(),
        "students.csv": _students(),
        "sections.csv": _sections(),
        "enrollments.csv": _enrollments(),
    }
    planted: list[Planted] = []
    if spoilt:
        planted = [*_spoil_students(sheets["students.csv"]), *_spoil_enrollments(sheets["enrollments.csv"])]
    return {name: _csv(sheet) for name, sheet in sheets.items()}, planted


def _csv(sheet: Sheet) -> bytes:
    return "".join(f"{','.join(row)}\r\n" for row in sheet).encode()


def _schools() -> Sheet:
    return [["School_id", "School_name", "School_number"], *([number, name, number] for number, name in SCHOOLS)]


def _teachers() -> Sheet:
    rows = [[_school(n), f"T{n}", FIRST[-n], LAST[n], f"t{n}@example.org"] for n in range(1, 9)]
    return [["School_id", "Teacher_id", "First_name", "Last_name", "Teacher_email"], *rows]


def _school(number: int) -> str:
    """Odd numbers go to the first school."""
    return SCHOOLS[(number + 1) % 2][0]


def _students() -> Sheet:
    rows = []
    for n in range(1, STUDENTS + 1):
        first, last = FIRST[n % len(FIRST)], LAST[n % len(LAST)]
        grade = str(1 + n % 5) if _school(n) == SCHOOLS[0][0] else str(9 + n % 4)
        born = f"{1 + n % 12}/{1 + n % 28}/{2027 - 7 - int(grade)}"
        rows.append([_school(n), f"S{n:03}", last, first, grade, "FMX"[n % 3], born, f"s{n:03}@example.org"])
    heading = ["School_id", "Student_id", "Last_name", "First_name", "Grade", "Gender", "DOB", "Student_email"]
    return [heading, *rows]


def _sections() -> Sheet:
    heading = ["School_id", "Section_id", "Teacher_id", "Course_name", "Course_number", "Period", "Subject"]
    heading += ["Term_name", "Term_start", "Term_end"]
    rows = []
    for n in range(1, 9):
        subject = SUBJECTS[(n - 1) // 2]
        course = [subject, f"C{(n + 1) // 2}0", str(n), _subject(subject)]
        rows.append([_school(n), f"K{n}", f"T{n}", *course, "Fall", "8/24/2026", "1/22/2027"])
    return [heading, *rows]


def _subject(course: str) -> str:
    return {"English": "English/language arts", "History": "Social studies"}.get(course, course)


def _enrollments() -> Sheet:
    """Each student is in two sections of their school."""
    rows = []
    for n in range(1, STUDENTS + 1):
        own = [k for k in range(1, 9) if _school(k) == _school(n)]
        rows += [[_school(n), f"K{own[(n // 2 + more) % 4]}", f"S{n:03}"] for more in (0, 1)]
    return [["School_id", "Section_id", "Student_id"], *rows]


def _spoil_students(sheet: Sheet) -> list[Planted]:
    """Six mistakes; those that reject their row are of students whom no other row needs, but for one."""
    column = sheet[0].index
    sheet[8][column("Last_name")] = ""
    sheet[13][column("DOB")] = "31/31/2014"
    sheet[21][column("Grade")] = "K-12"
    new = [
        ["100", "S005", "Fjord", "Twin", "3", "F", "3/4/2016", "twin@example.org"],
        ["999", "S901", "Moss", "Lost", "4", "M", "4/5/2015", "lost@example.org"],
        ["200", "S902", "Holm", "Extra", "9", "X", "5/6/2011", "extra@example.org", "one too many"],
    ]
    first = len(sheet) + HEADER_ROWS
    sheet += new
    found = [
        (8, "Last_name", "value.missing"),
        (13, "DOB", "value.malformed"),
        (21, "Grade", "value.unknown"),
    ]
    planted = [Planted("students.csv", place + HEADER_ROWS, name, code) for place, name, code in found]
    last = [("Student_id", "id.repeated"), ("School_id", "reference.unknown"), ("", "row.malformed")]
    return planted + [Planted("students.csv", first + n, name, code) for n, (name, code) in enumerate(last)]


def _spoil_enrollments(sheet: Sheet) -> list[Planted]:
    """The student without a last name is rejected, so both enrollments of S008 are; and a section that is not there."""
    rejected = [place for place, row in enumerate(sheet) if row[2] == "S008"]
    planted = [
        Planted("enrollments.csv", place + HEADER_ROWS, "Student_id", "reference.rejected") for place in rejected
    ]
    sheet.append(["100", "K99", "S001"])
    return [*planted, Planted("enrollments.csv", len(sheet), "Section_id", "reference.unknown")]
