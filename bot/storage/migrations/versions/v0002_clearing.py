"""What clears a chat: the ledger of its messages, and what a reader chose."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "ledger",
        sa.Column("chat", sa.LargeBinary(16), primary_key=True),
        sa.Column("message", sa.BigInteger(), primary_key=True),
        sa.Column("box", sa.LargeBinary(64), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
    )
    op.create_index("ledger_due", "ledger", ["due"])
    op.create_table(
        "readers",
        sa.Column("chat", sa.LargeBinary(16), primary_key=True),
        sa.Column("hours", sa.SmallInteger(), nullable=True),
        sa.Column("word", sa.LargeBinary(16), nullable=True),
        sa.Column("veil", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("readers")
    op.drop_index("ledger_due", "ledger")
    op.drop_table("ledger")
