"""Daily counters by topic."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of counters."""
    op.create_table(
        "counters",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("total", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("counters")
