"""Editions of what vendors see, their events, and what is seen in the last of them.

In: the tables of 0007.
Out: the tables edition, event and seen.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _vendor() -> "sa.Column[int]":
    return sa.Column("vendor_id", sa.Integer, sa.ForeignKey("vendor.id", ondelete="CASCADE"), nullable=False)


def _numbers(*names: str, kind: "type[sa.types.TypeEngine[int]]" = sa.Integer) -> list["sa.Column[int]"]:
    return [sa.Column(name, kind, nullable=False, autoincrement=False) for name in names]


def upgrade() -> None:
    """Make the three tables. They hold what is seen from now on: editions are made when the program starts."""
    _editions()
    _events()
    _seen()


def _editions() -> None:
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer, primary_key=True),
        _vendor(),
        *_numbers("district_id"),
        sa.Column("sync_id", sa.Integer),
        sa.Column("sharing_id", sa.Integer),
        *_numbers("first_event", "last_event", kind=sa.BigInteger),
        sa.Column("at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("edition_of_vendor", "edition", ["vendor_id", "district_id", "id"])


def _events() -> None:
    op.create_table(
        "event",
        _vendor(),
        *_numbers("sequence", kind=sa.BigInteger),
        *_numbers("edition_id"),
        *_numbers("kind", kind=sa.SmallInteger),
        *_numbers("no"),
        sa.Column("id", _KEY, nullable=False),
        *_numbers("happened", kind=sa.SmallInteger),
        sa.PrimaryKeyConstraint("vendor_id", "sequence"),
        sqlite_with_rowid=False,
    )
    gone = sa.text("happened = 2")
    op.create_index("event_deleted", "event", ["vendor_id", "kind", "id"], sqlite_where=gone, postgresql_where=gone)


def _seen() -> None:
    op.create_table(
        "seen",
        _vendor(),
        *_numbers("district_id"),
        *_numbers("kind", kind=sa.SmallInteger),
        *_numbers("no"),
        sa.Column("id", _KEY, nullable=False),
        *_numbers("since", "changed"),
        sa.Column("schools", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("vendor_id", "district_id", "kind", "no"),
        sqlite_with_rowid=False,
    )
    op.create_index("seen_by_id", "seen", ["vendor_id", "kind", "id"], unique=True)
