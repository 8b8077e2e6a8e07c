"""What several replicas share: updates at hand, turns of chats, short sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "claims",
        sa.Column("update_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("chat", sa.LargeBinary(16), nullable=True),
        sa.Column("replica", sa.LargeBinary(8), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.create_index("claims_chat", "claims", ["chat"])
    op.create_table(
        "turns",
        sa.Column("chat", sa.LargeBinary(16), primary_key=True),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("replica", sa.LargeBinary(8), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("chat", sa.LargeBinary(16), primary_key=True),
        sa.Column("kind", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("box", sa.LargeBinary(4096), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.create_index("sessions_until", "sessions", ["until"])


def downgrade() -> None:
    """Drop them."""
    for table in ("sessions", "turns", "claims"):
        op.drop_table(table)
