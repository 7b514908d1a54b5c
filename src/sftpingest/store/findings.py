"""Findings of a sync, in and out of the store in bulk.

In:  a Connection in the caller's transaction; a frame with the columns of roster.finding.
Out: the same frame.
"""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, select

from sftpingest.roster.finding import COLUMNS
from sftpingest.roster.frames import TEXT, text
from sftpingest.store.send import SLICE, send
from sftpingest.store.tables import FindingRow, table

FINDING = table(FindingRow)


def keep_findings(c: Connection, sync_id: int, frame: pd.DataFrame) -> None:
    """Keep the findings of a sync, in the order of the frame, in place of those it had."""
    c.execute(delete(FINDING).where(FINDING.c.sync_id == sync_id))
    starts = range(0, len(frame), SLICE)
    send(c, FINDING.name, (_rows(sync_id, start, frame.iloc[start : start + SLICE]) for start in starts))


def _rows(sync_id: int, start: int, frame: pd.DataFrame) -> pa.Table:
    size = len(frame)
    columns: dict[str, pa.Array] = {
        "sync_id": pa.repeat(pa.scalar(sync_id, pa.int32()), size),
        "position": pa.array(range(start, start + size), pa.int32()),
    }
    for name in COLUMNS:
        columns[name] = _numbers(frame[name]) if name == "row" else _text(frame[name])
    return pa.table(columns)


def _numbers(values: pd.Series) -> pa.Array:
    return pa.array(values.astype("Int64"), pa.int32())


def _text(values: pd.Series) -> pa.Array:
    """No nulls, and no NUL byte, which PostgreSQL cannot keep."""
    texts = pa.array(values.astype(TEXT), pa.string())
    return pc.replace_substring(pc.fill_null(texts, ""), "\0", "\ufffd")


def kept_findings(c: Connection, sync_id: int) -> pd.DataFrame:
    """The findings of a sync as they were kept: all text but `row`, which is Int64."""
    chosen = select(*(FINDING.c[name] for name in COLUMNS)).where(FINDING.c.sync_id == sync_id)
    rows = c.execute(chosen.order_by(FINDING.c.position)).all()
    columns = zip(*rows, strict=True) if rows else ([] for _ in COLUMNS)
    return pd.DataFrame({name: _series(name, cells) for name, cells in zip(COLUMNS, columns, strict=True)})


def _series(name: str, cells: Iterable[object]) -> pd.Series:
    if name == "row":
        return pd.Series(list(cells), dtype="Int64")
    return text(pa.array(list(cells), pa.string()))
