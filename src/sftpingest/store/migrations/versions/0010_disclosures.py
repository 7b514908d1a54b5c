"""The disclosure log: what every vendor read.

In: the tables of 0008.
Out: the table disclosure, whose rows can be added, but neither changed nor removed.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SQLITE = tuple(
    f"""CREATE TRIGGER {name} BEFORE {act} ON disclosure
        BEGIN SELECT RAISE(ABORT, 'entries of the disclosure log stand as they were written'); END"""
    for name, act in (("disclosure_unchanged", "UPDATE"), ("disclosure_kept", "DELETE"))
)
_POSTGRESQL = (
    """CREATE FUNCTION disclosure_stands() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'entries of the disclosure log stand as they were written'; END $$""",
    """CREATE TRIGGER disclosure_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosure
       FOR EACH STATEMENT EXECUTE FUNCTION disclosure_stands()""",
)


def upgrade() -> None:
    """Make the table, and what guards it."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    words = ("at", "source", "vendor", "district", "door", "request", "kinds", "fields")
    op.create_table(
        "disclosure",
        sa.Column("id", number, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in words),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("people", "records", "sequence")),
        *(sa.Column(name, key) for name in ("first_id", "last_id")),
        sa.Column("ids", sa.Text),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("mark", name="disclosure_mark_once"),
    )
    for name in ("district", "vendor"):
        op.create_index(f"disclosure_{name}", "disclosure", [name, "id"])
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)
