"""What a format says of terms, courses and contacts beyond our columns.

In: the tables and views of 0002.
Out: the column `ext` of term, course and contact, in their tables and views. Their hashes stay as they were.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OPEN = 2**31 - 1
_SHOWN = {
    "term": "v.id, v.name, v.start_date, v.end_date, v.ext",
    "course": "v.id, v.number, v.name, v.ext",
    "contact": (
        "v.own_id AS id, v.student_id, v.sis_id, v.first_name, v.last_name, v.relationship, v.type, v.phone, "
        "v.phone_type, v.email, v.ext"
    ),
}


def upgrade() -> None:
    """Add the columns; what is there has nothing in them."""
    for kind, columns in _SHOWN.items():
        op.add_column(f"{kind}_version", sa.Column("ext", sa.Text, nullable=False, server_default=""))
        op.execute(f"DROP VIEW {kind}")
        op.execute(
            f"CREATE VIEW {kind} AS SELECT d.slug AS district, {columns} FROM {kind}_version v "  # noqa: S608
            f"JOIN district d ON d.id = v.district_id WHERE v.end_sync = {_OPEN}"
        )
