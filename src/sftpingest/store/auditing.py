"""The audit trail, read back. Whether it is whole: store/whole.py.

In:  the store; what to look for.
Out: entries.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from sftpingest.store.audit import AUDIT, facts_of
from sftpingest.store.chain import written
from sftpingest.store.whole import any_text


@dataclass(frozen=True)
class Entry:
    """One entry as it is shown. `rest`: what is known beyond the columns."""

    id: int
    at: str
    source: str
    event: str
    district: str | None
    username: str | None
    address: str | None
    file: str | None
    bytes: int | None
    rest: dict[str, Any]
    hash: str


def entries(
    c: Connection,
    *,
    district: str | None = None,
    username: str | None = None,
    event: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
) -> list[Entry]:
    """The newest entries of that kind, oldest first."""
    chosen = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    for column, asked in ((AUDIT.c.district, district), (AUDIT.c.username, username), (AUDIT.c.event, event)):
        chosen = chosen if asked is None else chosen.where(column == asked)
    if since is not None:
        chosen = chosen.where(AUDIT.c.at >= written(since))
    with any_text(c):
        return [_entry(row) for row in reversed(c.execute(chosen).all())]


def _entry(row: Row[Any]) -> Entry:
    known = dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)
    del known["mark"]
    return Entry(rest=facts_of(known.pop("facts")), **known)
