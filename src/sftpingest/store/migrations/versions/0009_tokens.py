"""Bearer tokens, with which vendors read.

In: the tables of 0007.
Out: the table token.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. Of a vendor and a district there is one token; access tokens are of no district."""
    op.create_table(
        "token",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("vendor_id", sa.Integer, sa.ForeignKey("vendor.id", ondelete="CASCADE"), nullable=False),
        sa.Column("district_id", sa.Integer, sa.ForeignKey("district.id", ondelete="CASCADE")),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime),
        sa.UniqueConstraint("hash", name="token_hash_once"),
        sa.UniqueConstraint("vendor_id", "district_id", name="token_of_district_once"),
        sqlite_autoincrement=True,
    )
    for name in ("district_id", "expires_at"):
        op.create_index(f"ix_token_{name}", "token", [name])
