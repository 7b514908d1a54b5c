"""Vendors, and what each may see of which district.

In: the tables of 0006.
Out: the tables vendor and sharing.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables. The name of a vendor that was removed may be given again."""
    op.create_table(
        "vendor",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False),
        *(sa.Column(name, sa.DateTime, nullable=name != "created_at") for name in ("created_at", "removed_at")),
        sa.UniqueConstraint("client_id", name="vendor_client_once"),
        sqlite_autoincrement=True,
    )
    there = sa.text("removed_at IS NULL")
    op.create_index("vendor_name_once", "vendor", ["name"], unique=True, sqlite_where=there, postgresql_where=there)
    op.create_table(
        "sharing",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("vendor_id", sa.Integer, sa.ForeignKey("vendor.id", ondelete="CASCADE"), nullable=False),
        sa.Column("district_id", sa.Integer, sa.ForeignKey("district.id", ondelete="CASCADE"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("answers", sa.Integer),
        sa.Column("head", sa.Integer),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sharing_district_id", "sharing", ["district_id"])
    op.create_index("sharing_of_vendor", "sharing", ["vendor_id", "district_id", "id"])
