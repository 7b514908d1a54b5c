"""Events and what is seen without their foreign keys: of a first edition, looking them up took half of the time.

In: the tables of 0008.
Out: event and seen; their vendor is there, for whoever writes them holds it (publish.py).

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Drop both; SQLite can only copy its tables for that."""
    if op.get_bind().dialect.name == "postgresql":
        for name in ("event", "seen"):
            op.drop_constraint(f"{name}_vendor_id_fkey", name, type_="foreignkey")
        return
    for table in (_event(), _seen()):
        with op.batch_alter_table(table.name, copy_from=table, recreate="always"):
            pass


def _numbers(*names: str, kind: "type[sa.types.TypeEngine[int]]" = sa.Integer) -> list["sa.Column[int]"]:
    return [sa.Column(name, kind, nullable=False, autoincrement=False) for name in names]


def _event() -> sa.Table:
    return sa.Table(
        "event",
        sa.MetaData(),
        *_numbers("vendor_id"),
        *_numbers("sequence", kind=sa.BigInteger),
        *_numbers("edition_id"),
        *_numbers("kind", kind=sa.SmallInteger),
        *_numbers("no"),
        sa.Column("id", _KEY, nullable=False),
        *_numbers("happened", kind=sa.SmallInteger),
        sa.PrimaryKeyConstraint("vendor_id", "sequence"),
        sa.Index("event_deleted", "vendor_id", "kind", "id", sqlite_where=sa.text("happened = 2")),
        sqlite_with_rowid=False,
    )


def _seen() -> sa.Table:
    return sa.Table(
        "seen",
        sa.MetaData(),
        *_numbers("vendor_id", "district_id"),
        *_numbers("kind", kind=sa.SmallInteger),
        *_numbers("no"),
        sa.Column("id", _KEY, nullable=False),
        *_numbers("since", "changed"),
        sa.Column("schools", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("vendor_id", "district_id", "kind", "no"),
        sa.Index("seen_by_id", "vendor_id", "kind", "id", unique=True),
        sqlite_with_rowid=False,
    )
