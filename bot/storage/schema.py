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
    Column("word", LargeBinary(16)),
    Column("veil", Boolean, nullable=False, server_default=false()),
)
"""what a reader chose: keyed hash of the chat, hours until clearing (0 is off), keyed hash of a code word, the veil"""
