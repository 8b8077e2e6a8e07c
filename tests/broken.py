"""A database that cannot be used for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event

from bot.storage import engines
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


@asynccontextmanager
async def full_disk(database: Database) -> AsyncIterator[None]:
    """Let a database in a file take no more pages, as on a full disk; what fits into those it has still goes."""
    assert database._file is not None
    doors = (database._engine.sync_engine, database._file._engine)
    usual = engines._sqlite_pragmas

    def fill(connection: Any, *_: object, **more: Any) -> None:
        usual(connection, None, **more)
        # SQLite takes the pages that there are for the least number.
        connection.cursor().execute("PRAGMA max_page_count=1")

    # Connections that are open know nothing of it.
    await database._file.close()
    await database._engine.dispose()
    engines._sqlite_pragmas = fill
    for door in doors:
        event.listen(door, "connect", fill)
    try:
        yield
    finally:
        engines._sqlite_pragmas = usual
        for door in doors:
            event.remove(door, "connect", fill)
        await database._file.close()
        await database._engine.dispose()
