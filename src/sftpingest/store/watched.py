"""The tables of the doors' guards: who was refused, who is kept out, who is in.

In:  nothing.
Out: Refusal, BanRow, DoorProcess, OpenSession. An origin is an IPv4 address, or an IPv6 network of 64 or 48 bits.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, String
from sqlmodel import Field, SQLModel

from sftpingest.store.tables import UtcTime


class Refusal(SQLModel, table=True):
    """Some refused proofs from one origin, as one process saw them within a moment."""

    __table_args__ = (
        Index("refusal_of_origin", "origin", "at"),
        Index("refusal_by_time", "at"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(default=None, primary_key=True)
    origin: str = Field(sa_type=String(64))
    at: datetime = Field(sa_type=UtcTime)
    times: int


class BanRow(SQLModel, table=True):
    """An origin that is kept out, or was: the next ban is longer while this one is remembered."""

    __tablename__ = "ban"

    origin: str = Field(sa_type=String(64), primary_key=True)
    times: int
    since: datetime = Field(sa_type=UtcTime)
    until: datetime = Field(sa_type=UtcTime)


class DoorProcess(SQLModel, table=True):
    """A process of a door through which somebody is in."""

    __tablename__ = "door_process"

    process: str = Field(sa_type=String(32), primary_key=True)
    seen: datetime = Field(sa_type=UtcTime)  #: its last sign of life


class OpenSession(SQLModel, table=True):
    """A connection through which a login is in."""

    __tablename__ = "open_session"

    process: str = Field(
        sa_column=Column(
            "process", String(32), ForeignKey("door_process.process", ondelete="CASCADE"), primary_key=True
        )
    )
    number: int = Field(sa_column=Column("number", Integer, primary_key=True, autoincrement=False))
    username: str = Field(sa_type=String(64))
    origin: str = Field(sa_type=String(64))
    since: datetime = Field(sa_type=UtcTime)
