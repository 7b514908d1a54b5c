"""The versions of an earlier sync, current again.

In:  a Connection in the caller's transaction, a district, the sync whose roster comes back.
Out: new versions with the old values; counts of what changed by kind.
"""

import sqlalchemy as sa

from sftpingest.roster.kinds import Kind
from sftpingest.store.versions import OPEN, VERSIONS


def restore_versions(c: sa.Connection, district_id: int, sync_id: int, then: int) -> dict[str, dict[str, int]]:
    """Make the roster what it was after the sync `then`; `sync_id` ends and begins the versions that differ."""
    return {kind.value: _kind(c, district_id, sync_id, then, kind) for kind in VERSIONS}


def _kind(c: sa.Connection, district_id: int, sync_id: int, then: int, kind: Kind) -> dict[str, int]:
    table = VERSIONS[kind]
    ours = table.c.district_id == district_id
    held = int(c.execute(sa.select(sa.func.count()).where(ours, table.c.end_sync == OPEN)).scalar_one())
    ended = c.execute(
        sa.update(table).where(ours, table.c.end_sync == OPEN, table.c.first_sync > then).values(end_sync=sync_id)
    ).rowcount
    back = c.execute(_again(table, ours, sync_id, then).execution_options(preserve_rowcount=True)).rowcount
    both = int(c.execute(_replaced(table, ours, sync_id, kind)).scalar_one())
    return {"created": back - both, "updated": both, "removed": ended - both, "unchanged": held - ended}


def _again(table: sa.Table, ours: sa.ColumnElement[bool], sync_id: int, then: int) -> sa.Insert:
    """What held then and has ended since, as new versions."""
    now = {"first_sync": sa.literal(sync_id), "end_sync": sa.literal(OPEN)}
    columns = [now.get(column.name, column) for column in table.c]
    # a version that the first step just ended began after `then`, so it is never among these
    past = sa.select(*columns).where(ours, table.c.first_sync <= then, table.c.end_sync > then, table.c.end_sync < OPEN)
    return sa.insert(table).from_select([column.name for column in table.c], past)


def _replaced(table: sa.Table, ours: sa.ColumnElement[bool], sync_id: int, kind: Kind) -> "sa.Select[int]":
    """How many keys have one version that this sync ended and one that it began."""
    keys = ("section_no", "person_no", "role") if kind is Kind.ENROLLMENT else ("id",)
    new = table.alias("new")
    same = [new.c.district_id == table.c.district_id, *(new.c[name] == table.c[name] for name in keys)]
    both = [*same, new.c.first_sync == sync_id, table.c.end_sync == sync_id]
    return sa.select(sa.func.count()).select_from(table).where(ours, sa.exists(sa.select(1).where(*both)))
