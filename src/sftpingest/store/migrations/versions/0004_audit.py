"""The audit trail: what happened at the doors.

In: the tables of 0003.
Out: nothing yet.

Written out as it was at this revision: a later column is a later migration.
"""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
