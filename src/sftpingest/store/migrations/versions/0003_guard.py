"""Who is kept out, and who is in: refusals, bans and open connections.

In: the tables of 0002.
Out: the tables refusal, ban, door_process, open_session.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _refusal()
    _ban()
    _inside()


def _text(name: str, length: int) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length), nullable=False)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, nullable=False)


def _time(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime, nullable=False)


def _refusal() -> None:
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("origin", 64),
        _time("at"),
        _number("times"),
        sqlite_autoincrement=True,
    )
    op.create_index("refusal_of_origin", "refusal", ["origin", "at"])
    op.create_index("refusal_by_time", "refusal", ["at"])


def _ban() -> None:
    op.create_table(
        "ban", _text("origin", 64), _number("times"), _time("since"), _time("until"), sa.PrimaryKeyConstraint("origin")
    )


def _inside() -> None:
    op.create_table("door_process", _text("process", 32), _time("seen"), sa.PrimaryKeyConstraint("process"))
    op.create_table(
        "open_session",
        sa.Column("process", sa.String(32), sa.ForeignKey("door_process.process", ondelete="CASCADE"), nullable=False),
        _number("number"),
        _text("username", 64),
        _text("origin", 64),
        _time("since"),
        sa.PrimaryKeyConstraint("process", "number"),
    )
