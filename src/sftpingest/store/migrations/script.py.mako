"""${message}.

In:  revision ${down_revision}.
Out: revision ${up_revision}.
"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write DDL explicitly: the tables of tomorrow must not change what yesterday's migration made."""
    ${upgrades if upgrades else "pass"}
