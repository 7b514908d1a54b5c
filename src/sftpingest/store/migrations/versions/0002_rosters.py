"""Rosters.

In: the tables of 0001.
Out: a table of versions for each kind, and the views of the current roster.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN = 2**31 - 1
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_VALUES = {
    "school": (
        "name number state_id nces_id mdr_number low_grade high_grade principal principal_email address city "
        "state zip phone ext"
    ),
    "term": "name start_date end_date",
    "course": "number name",
    "section": "school_id course_id term_id name given_name number grade period subject course_description ext",
    "student": (
        "school_id more_school_ids number state_id first_name middle_name last_name grade gender birth_date "
        "graduation_year race hispanic home_language ell frl iep section_504 gifted disability "
        "disability_type disability_code street city state zip email username unweighted_gpa weighted_gpa ext"
    ),
    "teacher": "school_id number state_id first_name middle_name last_name title email username ext",
    "staff": "school_id more_school_ids first_name last_name department title role email username ext",
    "contact": "own_id student_id sis_id first_name last_name relationship type phone phone_type email",
}


def upgrade() -> None:
    """Make the tables and the views."""
    for kind, values in _VALUES.items():
        _records(kind, values.split())
    _enrollments()
    for kind, values in _VALUES.items():
        op.execute(_record_view(kind, values.split()))
    op.execute(_enrollment_view())
    op.execute(_section_teacher_view())


def _int(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, nullable=False)


def _records(kind: str, values: list[str]) -> None:
    op.create_table(
        f"{kind}_version",
        *(_int(name) for name in ("district_id", "no", "first_sync", "end_sync")),
        sa.Column("hash", sa.BigInteger, nullable=False),
        sa.Column("id", _KEY, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in values),
        sa.PrimaryKeyConstraint("district_id", "no", "end_sync", name=f"{kind}_by_no"),
        sa.UniqueConstraint("district_id", "id", "end_sync", name=f"{kind}_by_id"),
        sqlite_with_rowid=False,
    )


def _enrollments() -> None:
    op.create_table(
        "enrollment_version",
        *(_int(name) for name in ("district_id", "section_no", "person_no", "school_no", "first_sync", "end_sync")),
        *(sa.Column(name, sa.SmallInteger, nullable=False) for name in ("role", "position")),
        sa.PrimaryKeyConstraint("district_id", "section_no", "person_no", "role", "end_sync", name="enrollment_by_no"),
        sqlite_with_rowid=False,
    )


def _record_view(kind: str, values: list[str]) -> str:
    names = ["id", *values]
    if kind == "contact":
        names = ["own_id AS id", *(name for name in values if name != "own_id")]
    columns = ", ".join(f"v.{name}" for name in names)
    return (
        f"CREATE VIEW {kind} AS SELECT d.slug AS district, {columns} FROM {kind}_version v "  # noqa: S608
        f"JOIN district d ON d.id = v.district_id WHERE v.end_sync = {_OPEN}"
    )


def _join(kind: str, column: str, *, role: int | None = None) -> str:
    outer, only = ("", "") if role is None else ("LEFT ", f" AND e.role = {role}")
    return (
        f"{outer}JOIN {kind}_version {kind} ON {kind}.district_id = e.district_id AND {kind}.no = e.{column} "
        f"AND {kind}.end_sync = {_OPEN}{only}"
    )


def _enrollment_view() -> str:
    joins = [
        "JOIN district d ON d.id = e.district_id",
        _join("section", "section_no"),
        _join("school", "school_no"),
        _join("student", "person_no", role=0),
        _join("teacher", "person_no", role=1),
    ]
    return (
        "CREATE VIEW enrollment AS SELECT d.slug AS district, section.id AS section_id, "  # noqa: S608
        "CASE e.role WHEN 0 THEN student.id ELSE teacher.id END AS person_id, "
        "CASE e.role WHEN 0 THEN 'student' ELSE 'teacher' END AS role, "
        "e.position AS position, school.id AS school_id "
        f"FROM enrollment_version e {' '.join(joins)} WHERE e.end_sync = {_OPEN}"
    )


def _section_teacher_view() -> str:
    joins = [
        "JOIN district d ON d.id = e.district_id",
        _join("section", "section_no"),
        _join("teacher", "person_no"),
    ]
    return (
        "CREATE VIEW section_teacher AS SELECT d.slug AS district, section.id AS section_id, "  # noqa: S608
        "teacher.id AS teacher_id, e.position AS position "
        f"FROM enrollment_version e {' '.join(joins)} WHERE e.end_sync = {_OPEN} AND e.role = 1"
    )
