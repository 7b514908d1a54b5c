"""The tables of accounts and journal. The roster's own tables are in versions.py.

In:  nothing.
Out: District, Login, Token, Sync, Transition, FindingRow; State and the table of its transitions.
"""

import json
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel


class State(StrEnum):
    """Where a sync stands."""

    QUEUED = "queued"  #: an upload is snapshotted and waits for a worker
    RUNNING = "running"  #: a worker is at it; a worker that gets the district's lock and sees this runs it again
    APPLIED = "applied"  #: the roster holds what came
    HELD = "held"  #: too big a change; waits for a person
    REFUSED = "refused"  #: the upload cannot be used; nothing was changed
    DISCARDED = "discarded"  #: was held, and will never be applied
    FAILED = "failed"  #: our own fault, tried several times


#: What may follow what.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING}),
    State.RUNNING: frozenset(State),  # discarded: a person released it, but the roster has moved since
    State.HELD: frozenset({State.QUEUED, State.DISCARDED}),
    State.APPLIED: frozenset(),
    State.REFUSED: frozenset(),
    State.DISCARDED: frozenset(),
    State.FAILED: frozenset(),
}
#: What the journal calls the door of an upload that came through SFTP.
SFTP = "sftp"
#: A sync in one of these has ended and gets a report.
ENDED = frozenset(State) - {State.QUEUED, State.RUNNING}
#: A sync in one of these is over for good: nothing can follow.
OVER = frozenset(state for state, following in TRANSITIONS.items() if not following)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as naive UTC: the same on both stores, whatever time zone they are set to."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive times: nobody can know what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time for the store must have a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Times come back aware."""
        return value if value is None else value.replace(tzinfo=UTC)


class JsonText(TypeDecorator[Any]):
    """Plain values kept as JSON in a text column, and read back as plain values."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Keys in order, so that equal values are equal text."""
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """As it was given."""
        return None if value is None else json.loads(value)


def now() -> datetime:
    """The time as the store keeps it."""
    return datetime.now(UTC)


def _of_district() -> Column[int]:
    return Column("district_id", Integer, ForeignKey("district.id", ondelete="CASCADE"), nullable=False, index=True)


class District(SQLModel, table=True):
    """A school district that uploads its roster."""

    __table_args__ = (UniqueConstraint("slug", name="district_slug_once"), {"sqlite_autoincrement": True})

    id: int = Field(default=None, primary_key=True)
    slug: str = Field(sa_type=String(63))
    name: str = Field(sa_type=Text)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)  #: read by accounts.district_settings
    head: int | None = None  #: id of the last applied sync
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Login(SQLModel, table=True):
    """One way for a district to log in. A district may have several."""

    __table_args__ = (UniqueConstraint("username", name="login_username_once"), {"sqlite_autoincrement": True})

    id: int = Field(default=None, primary_key=True)
    district_id: int = Field(sa_column=_of_district())
    username: str = Field(sa_type=String(64))
    password_hash: str | None = Field(default=None, sa_type=Text, repr=False)  #: argon2id; null: no password login
    keys: list[str] = Field(default_factory=list, sa_type=JsonText)  #: OpenSSH public key lines
    allow: list[str] = Field(default_factory=list, sa_type=JsonText)  #: networks (CIDR) it may come from; empty: all
    expires: date | None = None  #: the last day on which it works
    disabled: bool = False
    totp: str | None = Field(default=None, sa_type=Text, repr=False)  #: sealed secret of its codes; null: none asked
    code_step: int | None = Field(default=None, sa_type=BigInteger)  #: time step of the last code that was used
    code_span: int | None = Field(default=None, sa_type=BigInteger)  #: ten minutes in which codes were wrong ...
    code_wrong: int = 0  #: ... and how many
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Token(SQLModel, table=True):
    """A bearer token of a vendor. That for one district lasts; those for all its districts are good for an hour."""

    __table_args__ = (
        UniqueConstraint("hash", name="token_hash_once"),
        UniqueConstraint("vendor_id", "district_id", name="token_of_district_once"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(default=None, primary_key=True)
    vendor_id: int = Field(sa_column=Column(Integer, ForeignKey("vendor.id", ondelete="CASCADE"), nullable=False))
    district_id: int | None = Field(
        sa_column=Column(Integer, ForeignKey("district.id", ondelete="CASCADE"), nullable=True, index=True)
    )  #: null: an access token, for all districts that share with the vendor
    hash: str = Field(sa_type=String(64), repr=False)  #: by which it is found: SHA-256
    sealed: str | None = Field(
        default=None, sa_type=Text, repr=False
    )  #: that it can be shown again; null for an hour's
    scopes: list[str] = Field(default_factory=list, sa_type=JsonText)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcTime, index=True)


class Sync(SQLModel, table=True):
    """One upload on its way to the roster, or its end."""

    __table_args__ = (
        UniqueConstraint("mark", name="sync_mark_once"),
        Index(
            "sync_one_running",
            "district_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(
            "sync_waiting",
            "state",
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(default=None, primary_key=True)
    district_id: int = Field(sa_column=_of_district())
    mark: str = Field(sa_type=String(32))  #: names the snapshot of the upload
    door: str = Field(sa_type=String(16))  #: sftp, ingest, or restore:<number of a sync>, which may have eight digits
    signature: str | None = Field(default=None, sa_type=Text)  #: what home looked like when snapshotted
    state: State = Field(
        sa_type=Enum(
            State, native_enum=False, length=16, values_callable=lambda states: [state.value for state in states]
        )
    )
    attempts: int = 0  #: grows with every try; a worker whose number it no longer is has been overtaken
    not_before: datetime | None = Field(default=None, sa_type=UtcTime)
    release: bool = False  #: a person released it
    base: int | None = None  #: head of the district when it was judged
    fingerprint: str | None = Field(default=None, sa_type=Text)
    digest: str | None = Field(default=None, sa_type=Text)
    reason: str = Field(default="", sa_type=Text)
    files: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)  #: counts of each file
    kinds: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)  #: counts of each kind
    findings: dict[str, int] = Field(default_factory=dict, sa_type=JsonText)  #: how many of each code
    report: str | None = Field(default=None, sa_type=Text)  #: name of its report folder; null until written
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)


def _of_sync(*, key: bool = False) -> Column[int]:
    return Column(
        "sync_id",
        Integer,
        ForeignKey("sync.id", ondelete="CASCADE"),
        nullable=False,
        primary_key=key,
        index=not key,
    )


class Transition(SQLModel, table=True):
    """One change of state of a sync, written in the transaction that made it."""

    id: int = Field(default=None, primary_key=True)
    sync_id: int = Field(sa_column=_of_sync())
    at: datetime = Field(default_factory=now, sa_type=UtcTime)
    before: str | None = Field(default=None, sa_type=String(16))  #: null: it was queued
    after: str = Field(sa_type=String(16))
    note: str = Field(default="", sa_type=Text)


class FindingRow(SQLModel, table=True):
    """One finding of one sync."""

    __tablename__ = "finding"

    sync_id: int = Field(sa_column=_of_sync(key=True))
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    file: str = Field(sa_type=Text)
    row: int | None = None  #: null: about the file or a column
    column: str = Field(sa_type=Text)
    record: str = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    severity: str = Field(sa_type=Text)
    value: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model: we write SQL, and use the models for their names and types."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
