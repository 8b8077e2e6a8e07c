"""A database that cannot be used for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.storage.database import Database

NOWHERE = "sqlite+aiosqlite:////no/such/place/x.sqlite3"


@asynccontextmanager
async def led_astray(database: Database, url: str = NOWHERE) -> AsyncIterator[None]:
    """Let a database lead to another address, by default one where there is none."""
    other = Database(url)
    good = database._engine, database._file
    database._engine, database._file = other._engine, other._file
    try:
        yield
    finally:
        database._engine, database._file = good
        await other.close()
