"""Groups: their settings, the question box, and weekly counts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of groups."""
    op.create_table(
        "groups",
        sa.Column("chat", sa.LargeBinary(16), primary_key=True),
        sa.Column("box", sa.LargeBinary(64), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
    )
    op.create_table(
        "box_questions",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("chat", sa.LargeBinary(16), nullable=False),
        sa.Column("asker", sa.LargeBinary(16), nullable=False),
        sa.Column("asker_box", sa.LargeBinary(64), nullable=False),
        sa.Column("text", sa.LargeBinary(4096), nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("pseudonym", sa.String(40), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("box_due", "box_questions", ["due"])
    op.create_index("box_chat", "box_questions", ["chat"])
    op.create_table(
        "box_blocks",
        sa.Column("chat", sa.LargeBinary(16), primary_key=True),
        sa.Column("asker", sa.LargeBinary(16), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "weekly",
        sa.Column("chat", sa.LargeBinary(16), primary_key=True),
        sa.Column("week", sa.Integer(), primary_key=True),
        sa.Column("topic", sa.String(64), primary_key=True),
        sa.Column("member", sa.LargeBinary(16), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "releases",
        sa.Column("chat", sa.LargeBinary(16), primary_key=True),
        sa.Column("week", sa.Integer(), primary_key=True),
        sa.Column("topic", sa.String(64), primary_key=True),
        sa.Column("value", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("releases", "weekly", "box_blocks"):
        op.drop_table(name)
    op.drop_index("box_chat", "box_questions")
    op.drop_index("box_due", "box_questions")
    op.drop_table("box_questions")
    op.drop_table("groups")
