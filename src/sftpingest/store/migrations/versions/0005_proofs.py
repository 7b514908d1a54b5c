"""How logins prove who they are: time-based codes.

In: the tables of 0004.
Out: the columns totp, code_step, code_span and code_wrong of login.

Written out as it was at this revision: a later column is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; logins that are there have no code."""
    op.add_column("login", sa.Column("totp", sa.Text))
    op.add_column("login", sa.Column("code_step", sa.BigInteger))
    op.add_column("login", sa.Column("code_span", sa.BigInteger))
    op.add_column("login", sa.Column("code_wrong", sa.Integer, nullable=False, server_default="0"))
