"""Changes -> the store, in the caller's transaction.

In: Changes, as reconcile worked them out.
Out: new versions written and old ones ended; only what changed is sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from sftpingest.roster.changes import Changes, KindChanges
from sftpingest.roster.enrollments import pairs
from sftpingest.roster.kinds import VALUES, Kind
from sftpingest.store.send import SLICE, send
from sftpingest.store.versions import OPEN, VERSIONS, name_of

#: How the numbers in a frame of enrollments are called in the store.
_NUMBERS = {
    "section": "section_no",
    "person": "person_no",
    "school": "school_no",
    "role": "role",
    "position": "position",
}

#: The advisory lock of a first load on PostgreSQL.
_FIRST_LOAD = 0x5F7B_0002


def load(c: sa.Connection, district_id: int, sync_id: int, changes: Changes) -> None:
    """Write what changed. `sync_id` becomes the first sync of new versions and the end of old ones."""
    for kind, changed in changes.kinds.items():
        _end(c, district_id, sync_id, kind, changed)
        if len(changed.created) or len(changed.updated):
            with _without_indexes(c, kind):
                for frame in (changed.created, changed.updated):
                    _add(c, district_id, sync_id, kind, frame)


def _add(c: sa.Connection, district_id: int, sync_id: int, kind: Kind, frame: pd.DataFrame) -> None:
    """New versions, in slices, so that no second copy of a large kind is made."""
    # in the order of the key: a clustered table takes rows in their order twice as fast
    order = np.argsort(pairs(frame) if kind is Kind.ENROLLMENT else frame["no"].to_numpy(), kind="stable")
    same = {"district_id": district_id, "first_sync": sync_id, "end_sync": OPEN}
    parts = (frame.iloc[order[start : start + SLICE]] for start in range(0, len(frame), SLICE))
    send(c, name_of(kind), (_versions(part, kind, same) for part in parts))


def _versions(part: pd.DataFrame, kind: Kind, same: dict[str, int]) -> pa.Table:
    constants = {name: pa.repeat(pa.scalar(value, pa.int32()), len(part)) for name, value in same.items()}
    return pa.table(constants | (_enrollment(part) if kind is Kind.ENROLLMENT else _record(part, kind)))


def _record(part: pd.DataFrame, kind: Kind) -> dict[str, pa.Array]:
    numbers = {name: pa.array(part[name].to_numpy()) for name in ("no", "hash")}
    return numbers | {name: pa.array(part[name], pa.string()) for name in ("id", *VALUES[kind])}


def _enrollment(part: pd.DataFrame) -> dict[str, pa.Array]:
    widths = {"role": pa.int16(), "position": pa.int16()}
    return {ours: pa.array(part[name].to_numpy(), widths.get(name, pa.int32())) for name, ours in _NUMBERS.items()}


def _end(c: sa.Connection, district_id: int, sync_id: int, kind: Kind, changed: KindChanges) -> None:
    """End the current versions of what was updated or removed."""
    columns = (
        {"section": "section_no", "person": "person_no", "role": "role"} if kind is Kind.ENROLLMENT else {"no": "no"}
    )
    ended = pd.concat([changed.updated[list(columns)], changed.removed[list(columns)]])
    if not len(ended):
        return
    table = VERSIONS[kind]
    keys = sa.table("ended", *(sa.column(name, sa.Integer) for name in columns.values()))
    c.execute(sa.text(f"CREATE TEMPORARY TABLE ended ({', '.join(f'{name} INTEGER' for name in columns.values())})"))
    rows = pa.table({ours: pa.array(ended[name].to_numpy(), pa.int32()) for name, ours in columns.items()})
    send(c, "ended", [rows])
    if c.dialect.name == "postgresql":
        c.execute(sa.text("ANALYZE ended"))  # else it is guessed to be large, and the whole roster is read
    same = [table.c[name] == keys.c[name] for name in columns.values()]
    current = [table.c.district_id == district_id, table.c.end_sync == OPEN]
    done = c.execute(sa.update(table).where(*current, *same).values(end_sync=sync_id))
    c.execute(sa.text("DROP TABLE ended"))
    if done.rowcount != len(ended):
        raise RuntimeError(f"{len(ended)} versions of {kind} were to end, {done.rowcount} did")


def _may_drop(c: sa.Connection, table: sa.Table) -> bool:
    """Whether the table is empty and no other first load is on its way: two that both looked would wait for each other.

    The lock is held until the transaction ends, and is taken before the table is looked at.
    """
    alone = c.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_FIRST_LOAD))).scalar_one()
    return bool(alone) and not c.execute(sa.select(sa.exists(sa.select(table)))).scalar_one()


@contextmanager
def _without_indexes(c: sa.Connection, kind: Kind) -> Iterator[None]:
    """Build the indexes of an empty table after it is filled: less than half the time on PostgreSQL.

    The first load of the first district is one; the next ones pay the usual price, and so does one that begins at the
    same time: it waits. SQLite's tables are clustered: there is nothing to gain.
    """
    table = VERSIONS[kind]
    if c.dialect.name != "postgresql" or not _may_drop(c, table):
        yield
        return
    constraints = sorted((part for part in table.constraints if part.name), key=lambda part: str(part.name))
    for part in constraints:
        c.execute(sa.text(f"ALTER TABLE {table.name} DROP CONSTRAINT {part.name}"))
    c.execute(sa.text("SET LOCAL maintenance_work_mem = '256MB'"))  # four million keys are then sorted in memory
    yield
    for part in constraints:
        c.execute(sa.schema.AddConstraint(part, isolate_from_table=False))
    keys = ", ".join(column.name for column in table.primary_key)
    c.execute(sa.text(f"ANALYZE {table.name} ({keys})"))  # else the next sync is planned as if the table were small
