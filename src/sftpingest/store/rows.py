"""The rows of records that are seen, by their numbers.

In:  a Connection on which nothing moves, a View, numbers of records that are seen in it.
Out: rows with the columns that are seen.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Group
from sftpingest.store.reading import Row, View
from sftpingest.store.shared import granted
from sftpingest.store.versions import VERSIONS, then
from sftpingest.store.wording import Numbers, among, at_numbers


class Rows(NamedTuple):
    """Rows as the store gives them; `no` is the first column."""

    names: tuple[str, ...]
    rows: Sequence["sa.Row[Any]"]


def rows(c: Connection, view: View, kind: Kind, nos: Collection[int]) -> dict[int, Row]:
    """Records by number, with the columns that are seen; the numbers are of records that are seen.

    In a view of the past those are left out that are not.
    """
    names, found = plain_rows(c, view, kind, nos)
    return {row[0]: dict(zip(names, row, strict=True)) for row in found}


def plain_rows(c: Connection, view: View, kind: Kind, nos: Collection[int]) -> Rows:
    """The same without names in each row, in any order."""
    if view.past:
        found = c.execute(view.shared.select(kind).where(among(VERSIONS[kind].c.no, nos)))
    else:
        given = {"district": view.district.id, "as_of": view.shared.as_of, "numbers": list(nos)}
        found = c.execute(_of_numbers(kind, view.sharing.groups, now=view.shared.as_of is None), given)
    return Rows(tuple(found.keys()), found.all())


@lru_cache(maxsize=256)
def _of_numbers(kind: Kind, groups: frozenset[Group], *, now: bool) -> "sa.Select[Any]":
    its = VERSIONS[kind]
    there = then(its, sa.bindparam("district"), None if now else sa.bindparam("as_of"))
    return granted(kind, groups).where(*there, at_numbers(its.c.no, sa.bindparam("numbers", type_=Numbers())))
