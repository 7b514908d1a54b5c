"""The tables of the roster: every version of every record, never overwritten.

In: the kinds and their columns.
Out: one table a kind. The views of the current roster stand in the migrations.

A version holds from `first_sync` until the sync in `end_sync` ended it; `end_sync` of the current version is OPEN. So

    current              end_sync = OPEN
    as it was at sync n  first_sync <= n AND end_sync > n

and since end_sync is part of every key, no record can have two current versions. Enrollments join records by their
numbers (`no`): a third of the size of joining by text, and that is most of a roster. Why no foreign keys here, and
no null: docs/decisions/0001-versions.md.
"""

from typing import TypeAlias

import sqlalchemy as sa
from sqlmodel import SQLModel

from sftpingest.roster.kinds import RECORDS, VALUES, Kind

#: `end_sync` of a current version: later than every sync.
OPEN = 2**31 - 1


#: Keys sort by their bytes on both stores. In PostgreSQL's own order of a language, an index takes twice as long.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _int(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, nullable=False)


def record_columns(kind: Kind) -> list["sa.Column[int] | sa.Column[str]"]:
    """The columns of a kind with a key of its own, in the order in which they are loaded."""
    values = [sa.Column(name, sa.Text, nullable=False) for name in VALUES[kind]]
    numbers = [_int(name) for name in ("district_id", "no", "first_sync", "end_sync")]
    return [
        *numbers,
        sa.Column("hash", sa.BigInteger, nullable=False),
        sa.Column("id", KEY, nullable=False),
        *values,
    ]


def enrollment_columns() -> list["sa.Column[int]"]:
    """The columns of enrollments."""
    small = [sa.Column(name, sa.SmallInteger, nullable=False) for name in ("role", "position")]
    names = ("district_id", "section_no", "person_no", "school_no", "first_sync", "end_sync")
    return [*(_int(name) for name in names), *small]


def name_of(kind: Kind) -> str:
    """The name of the table of a kind; the kind's own name is the view's."""
    return f"{kind}_version"


def _record_table(kind: Kind) -> sa.Table:
    return sa.Table(
        name_of(kind),
        SQLModel.metadata,
        *record_columns(kind),
        sa.PrimaryKeyConstraint("district_id", "no", "end_sync", name=f"{kind}_by_no"),
        sa.UniqueConstraint("district_id", "id", "end_sync", name=f"{kind}_by_id"),
        sqlite_with_rowid=False,
    )


VERSIONS: dict[Kind, sa.Table] = {kind: _record_table(kind) for kind in RECORDS}
VERSIONS[Kind.ENROLLMENT] = sa.Table(
    name_of(Kind.ENROLLMENT),
    SQLModel.metadata,
    *enrollment_columns(),
    sa.PrimaryKeyConstraint("district_id", "section_no", "person_no", "role", "end_sync", name="enrollment_by_no"),
    sqlite_with_rowid=False,
)


#: A number, or the place of one in a statement that is kept.
Number: TypeAlias = int | sa.BindParameter[int]


def then(versions: sa.FromClause, district_id: Number, as_of: Number | None) -> list[sa.ColumnElement[bool]]:
    """The versions that hold now, or held then."""
    of_district = versions.c.district_id == district_id
    if as_of is None:
        return [of_district, versions.c.end_sync == OPEN]
    return [of_district, versions.c.first_sync <= as_of, versions.c.end_sync > as_of]
