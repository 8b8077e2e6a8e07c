"""The tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    false,
)

metadata = MetaData()

counters = Table(
    "counters",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("total", Integer, nullable=False),
)
"""how often a topic was asked on a day (UTC), about nobody in particular"""

ledger = Table(
    "ledger",
    metadata,
    Column("chat", LargeBinary(16), primary_key=True),
    Column("message", BigInteger, primary_key=True),
    Column("box", LargeBinary(64), nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Index("ledger_due", "due"),
)
"""messages still to be cleared: keyed hash of the chat, message number, the chat encrypted, seconds since 1970"""

readers = Table(
    "readers",
    metadata,
    Column("chat", LargeBinary(16), primary_key=True),
    Column("hours", SmallInteger),
    Column("word", LargeBinary(32)),
    Column("veil", Boolean, nullable=False, server_default=false()),
    Column("key", LargeBinary(4)),
)
"""what a reader chose: keyed hash of the chat, hours until clearing (0 is off), hash of a code word, encrypted, the
veil; and four bytes that tell which key the chat's hash was made with"""

groups = Table(
    "groups",
    metadata,
    Column("chat", LargeBinary(16), primary_key=True),
    Column("box", LargeBinary(64), nullable=False),
    Column("settings", Text, nullable=False),
    Column("left_at", BigInteger),
)
"""a group's settings as JSON, by the keyed hash of its number; when the bot was removed, in seconds since 1970"""

box_questions = Table(
    "box_questions",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("chat", LargeBinary(16), nullable=False),
    Column("asker", LargeBinary(16), nullable=False),
    Column("asker_box", LargeBinary(64), nullable=False),
    Column("text", LargeBinary(4096)),
    Column("state", SmallInteger, nullable=False),
    Column("pseudonym", String(40), nullable=False),
    Column("message", BigInteger),
    Column("due", BigInteger, nullable=False),
    Index("box_due", "due"),
    Index("box_chat", "chat"),
    sqlite_with_rowid=False,
)
"""questions handed to a group's box: the text encrypted, and gone once it was posted, refused or has expired

In SQLite without row numbers: these would tell in which order the questions were handed in.
"""

box_blocks = Table(
    "box_blocks",
    metadata,
    Column("chat", LargeBinary(16), primary_key=True),
    Column("asker", LargeBinary(16), primary_key=True),
    sqlite_with_rowid=False,
)
"""askers whose questions a group does not want, by a keyed hash of group and person"""

weekly = Table(
    "weekly",
    metadata,
    Column("chat", LargeBinary(16), primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("topic", String(64), primary_key=True),
    Column("member", LargeBinary(16), primary_key=True),
    sqlite_with_rowid=False,
)
"""which members stand behind a group's count of this week, by a keyed hash; discarded when the week is over

In SQLite without row numbers: these would tell in which order members asked, which others in the group have seen.
"""

releases = Table(
    "releases",
    metadata,
    Column("chat", LargeBinary(16), primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("topic", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)
"""what a group's admins were shown for a week: noisy counts; the topic "" says that the week was released, and with
which epsilon, in thousandths"""

handled = Table(
    "handled",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)
"""updates answered in the last day, by Telegram's count of them, and when (seconds since 1970); nothing of whom"""

claims = Table(
    "claims",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat", LargeBinary(16)),
    Column("replica", LargeBinary(8), nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("claims_chat", "chat"),
)
"""updates that one of several replicas has at hand: keyed hash of the chat, which replica, and until when it is theirs
(milliseconds since 1970); gone once answered"""

turns = Table(
    "turns",
    metadata,
    Column("chat", LargeBinary(16), primary_key=True),
    Column("update_id", BigInteger, nullable=False),
    Column("replica", LargeBinary(8), nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""the update whose turn it is in a chat, as in `claims`"""

sessions = Table(
    "sessions",
    metadata,
    Column("chat", LargeBinary(16), primary_key=True),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("box", LargeBinary(4096), nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("sessions_until", "until"),
)
"""what several replicas must know of a chat for the next half hour, encrypted: 0 the short context, 1 a draft for a
group's box; until when, in seconds since 1970. With one replica it lies in memory alone"""
