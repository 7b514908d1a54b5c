"""How logins prove who they are: time-based codes, certificates, two proofs at once.

In: the tables of 0004.
Out: nothing yet.

Written out as it was at this revision: a later column is a later migration.
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
