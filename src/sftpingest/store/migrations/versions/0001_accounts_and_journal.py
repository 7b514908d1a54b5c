"""Accounts and journal.

In:  an empty store.
Out: the tables district, login, sync, transition, finding.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _district()
    _login()
    _sync()
    _transition()
    _finding()


def _of_district() -> "sa.Column[int]":
    return sa.Column("district_id", sa.Integer, sa.ForeignKey("district.id", ondelete="CASCADE"), nullable=False)


def _of_sync() -> "sa.Column[int]":
    return sa.Column("sync_id", sa.Integer, sa.ForeignKey("sync.id", ondelete="CASCADE"), nullable=False)


def _district() -> None:
    op.create_table(
        "district",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(63), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("head", sa.Integer),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("slug", name="district_slug_once"),
        sqlite_autoincrement=True,
    )


def _login() -> None:
    op.create_table(
        "login",
        sa.Column("id", sa.Integer, primary_key=True),
        _of_district(),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("keys", sa.Text, nullable=False),
        sa.Column("allow", sa.Text, nullable=False),
        sa.Column("expires", sa.Date),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("username", name="login_username_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_login_district_id", "login", ["district_id"])


def _sync() -> None:
    op.create_table(
        "sync",
        sa.Column("id", sa.Integer, primary_key=True),
        _of_district(),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("signature", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", sa.DateTime),
        sa.Column("release", sa.Boolean, nullable=False),
        sa.Column("base", sa.Integer),
        sa.Column("fingerprint", sa.Text),
        sa.Column("digest", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("report", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
        sa.UniqueConstraint("mark", name="sync_mark_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sync_district_id", "sync", ["district_id"])
    _where("sync_one_running", "district_id", "state = 'running'", unique=True)
    _where("sync_waiting", "state", "state IN ('queued', 'running')", unique=False)


def _where(name: str, column: str, where: str, *, unique: bool) -> None:
    condition = sa.text(where)
    op.create_index(name, "sync", [column], unique=unique, sqlite_where=condition, postgresql_where=condition)


def _transition() -> None:
    op.create_table(
        "transition",
        sa.Column("id", sa.Integer, primary_key=True),
        _of_sync(),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("before", sa.String(16)),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("ix_transition_sync_id", "transition", ["sync_id"])


def _finding() -> None:
    op.create_table(
        "finding",
        _of_sync(),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("row", sa.Integer),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("column", "record", "code", "severity", "value", "detail")
        ),
        sa.PrimaryKeyConstraint("sync_id", "position"),
    )
