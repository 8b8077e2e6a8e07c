"""Which key the row of a reader was made with."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; of rows that are there already nothing is known."""
    op.add_column("readers", sa.Column("key", sa.LargeBinary(4), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("readers", "key")
