"""Copying all tables to another database, such as from SQLite to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import func, insert, select

from bot.errors import StorageError
from bot.storage.database import BROKEN, Database
from bot.storage.schema import metadata

_CHUNK = 500


async def count_rows(database: Database) -> Mapping[str, int]:
    """Return the number of rows of each table; raises StorageError when they cannot be read."""
    try:
        async with database.connect() as connection:
            return {
                table.name: int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
                for table in metadata.sorted_tables
            }
    except BROKEN as error:
        raise StorageError(f"move-database: {type(error).__name__} while reading; nothing was changed") from None


async def copy_tables(
    source: Database, target: Database, progress: Callable[[int], None] = lambda rows: None
) -> Mapping[str, int]:
    """Copy every row of an open database to another whose tables are empty, all or nothing; return rows by table.

    `progress` is told how many rows were copied since the last time. Raises StorageError, and then the target is as it
    was: for a target that holds rows, for either that fails, and for a source that was changed meanwhile.
    """
    if any((await count_rows(target)).values()):
        raise StorageError("move-database: that database holds rows already; give an empty one. Nothing was changed")
    copied = {}
    try:
        async with source.connect() as reading, target.begin() as writing:
            for table in metadata.sorted_tables:
                copied[table.name] = 0
                # In the order of their keys: in which they came would tell who wrote after whom.
                rows = await reading.stream(select(table).order_by(*table.primary_key.columns))
                async for part in rows.mappings().partitions(_CHUNK):
                    await writing.execute(insert(table), [dict(row) for row in part])
                    copied[table.name] += len(part)
                    progress(len(part))
            if copied != await count_rows(source):
                raise StorageError("move-database: the bot is still writing; stop it first. Nothing was changed")
    except BROKEN as error:
        raise StorageError(f"move-database: {type(error).__name__} while copying; nothing was changed") from None
    return copied
