"""The audit trail: what happened at the doors.

In: the tables of 0003.
Out: the table audit, whose rows can be added but not changed; they go only when an entry says so.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: The only entries that may be removed: those that a younger entry, which stays, says are purged.
_SQLITE = (
    """CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'entries of the audit trail stand as they were written'); END""",
    """CREATE TRIGGER audit_kept BEFORE DELETE ON audit
        WHEN NOT EXISTS (SELECT 1 FROM audit AS said WHERE said.event = 'audit.purged' AND said.id > OLD.id
                         AND CAST(json_extract(said.facts, '$.upto') AS INTEGER) >= OLD.id)
        BEGIN SELECT RAISE(ABORT, 'entries of the audit trail stand as they were written'); END""",
)
_POSTGRESQL = (
    """CREATE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF EXISTS (SELECT 1 FROM audit AS said WHERE said.event = 'audit.purged' AND said.id > OLD.id
                           AND CAST(CAST(said.facts AS json)->>'upto' AS bigint) >= OLD.id) THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION 'entries of the audit trail stand as they were written';
        END $$""",
    """CREATE TRIGGER audit_stands BEFORE UPDATE OR DELETE ON audit
       FOR EACH ROW EXECUTE FUNCTION audit_stands()""",
    """CREATE TRIGGER audit_stays BEFORE TRUNCATE ON audit
       FOR EACH STATEMENT EXECUTE FUNCTION audit_stands()""",
)


def upgrade() -> None:
    """Make the table, and what guards it."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "audit",
        sa.Column("id", number, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("at", "source", "event")),
        *(sa.Column(name, sa.Text) for name in ("district", "username", "address", "file")),
        sa.Column("bytes", sa.BigInteger),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("facts", "mark")),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("mark", name="audit_mark_once"),
    )
    for name in ("event", "district", "username"):
        op.create_index(f"audit_{name}", "audit", [name, "id"])
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)
