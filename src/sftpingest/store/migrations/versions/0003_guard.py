"""Who is kept out, and who is in: refusals, bans and open connections.

In: the tables of 0002.
Out: nothing yet.

Written out as it was at this revision: a later column is a later migration.
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
