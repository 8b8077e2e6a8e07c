"""Moving to another database: every row, into an empty one only, all or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from bot.errors import StorageError
from bot.storage import move
from bot.storage.database import Database
from bot.storage.move import copy_tables, count_rows
from bot.storage.schema import counters, metadata
from tests.storage.test_migrations import fill_tables


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[Database]:
    """Return an SQLite database with rows in every table."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/source.sqlite3")
    assert await database.open()
    async with database.begin() as connection:
        await connection.run_sync(fill_tables)
    yield database
    await database.close()


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, by key."""
    async with database.connect() as connection:
        return {
            table.name: [tuple(r) for r in await connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }


async def test_every_row_of_every_table_moves(source: Database, database: Database) -> None:
    """Value for value, in whichever direction, and the program that moved it counts them."""
    steps: list[int] = []
    copied = await copy_tables(source, database, steps.append)
    assert set(copied) == set(metadata.tables)
    assert set(copied.values()) == {3}
    assert sum(steps) == sum(copied.values())
    before = await everything(source)
    assert await everything(database) == before
    assert all(len(rows) == 3 for rows in before.values())


async def test_it_moves_back(source: Database, database: Database, tmp_path: Path) -> None:
    """From PostgreSQL to SQLite too."""
    await copy_tables(source, database)
    third = Database(f"sqlite+aiosqlite:///{tmp_path}/third.sqlite3")
    assert await third.open()
    await copy_tables(database, third)
    assert await everything(third) == await everything(source)
    await third.close()


async def test_thousands_of_rows_move(source: Database, database: Database) -> None:
    """In parts, so that memory stays small."""
    async with source.begin() as connection:
        day = (await connection.execute(select(counters.c.day))).scalars().first()
        rows = [{"day": day, "name": f"topic {n}", "total": n} for n in range(2000)]
        await connection.execute(insert(counters), rows)
    steps: list[int] = []
    assert (await copy_tables(source, database, steps.append))["counters"] == 2003
    assert max(steps) <= 500


@pytest.mark.parametrize("table", sorted(metadata.tables))
async def test_a_database_that_holds_rows_is_refused(source: Database, database: Database, table: str) -> None:
    """Whichever table they are in; nothing is mixed with them."""
    async with database.begin() as connection:
        await connection.run_sync(fill_tables, [table])
    with pytest.raises(StorageError, match="holds rows already"):
        await copy_tables(source, database)
    assert sum((await count_rows(database)).values()) == 3


async def test_half_a_move_is_none(source: Database, database: Database) -> None:
    """Where one table fails, none is filled."""
    last = metadata.sorted_tables[-1].name
    async with database.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {last} RENAME TO away"))
        await connection.execute(text(f"CREATE TABLE {last} (other TEXT)"))
    with pytest.raises(StorageError, match="nothing was changed") as caught:
        await copy_tables(source, database)
    assert "\n" not in str(caught.value)
    async with database.begin() as connection:
        await connection.execute(text(f"DROP TABLE {last}"))
        await connection.execute(text(f"ALTER TABLE away RENAME TO {last}"))
    assert set((await count_rows(database)).values()) == {0}


async def test_a_bot_that_still_writes_is_noticed(
    source: Database, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that came after its table was read would be lost; nothing is changed."""

    async def count(counted: Database) -> dict[str, int]:
        found = dict(await count_rows(counted))
        return {**found, "ledger": found["ledger"] + 1} if counted is source else found

    monkeypatch.setattr(move, "count_rows", count)
    with pytest.raises(StorageError, match="stop it first"):
        await copy_tables(source, database)
    assert set((await count_rows(database)).values()) == {0}
