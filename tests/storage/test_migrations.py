"""From every earlier schema to the newest, with the data kept, on both engines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, select
from sqlalchemy.engine import Connection

import bot.storage
from bot.storage.database import Database
from bot.storage.migrate import Schema, migrate
from bot.storage.schema import metadata

REVISIONS = [
    script.revision
    for script in reversed(
        list(ScriptDirectory(str(Path(bot.storage.__file__).parent / "migrations")).walk_revisions())
    )
]
Rows = dict[str, list[dict[str, Any]]]


def _value(column: Any, number: int) -> Any:
    """Return a value that fits a column, another for each row."""
    if isinstance(column.type, sqlalchemy.LargeBinary):
        return bytes([number]) * 16
    if isinstance(column.type, sqlalchemy.Date):
        return dt.date(2026, 1, number)
    if isinstance(column.type, sqlalchemy.Boolean):
        return bool(number % 2)
    if isinstance(column.type, sqlalchemy.BigInteger):
        return 2**40 + number
    if isinstance(column.type, sqlalchemy.Integer):
        return number
    return f'{{"n": {number}}}'


def _tables(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def fill_tables(connection: Connection, only: Collection[str] = ()) -> None:
    """Put three rows into each table, or into those named."""
    for table in _tables(connection):
        for number in (1, 2, 3) if not only or table.name in only else ():
            connection.execute(insert(table).values({c.name: _value(c, number) for c in table.columns}))


def _read(connection: Connection) -> Rows:
    return {
        table.name: [
            dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        ]
        for table in _tables(connection)
    }


def test_the_revisions_are_one_line() -> None:
    """Each schema has one before it: 0001, 0002 and so on."""
    assert [f"{n:04}" for n in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert len(REVISIONS) >= 3


@pytest.mark.parametrize("revision", REVISIONS)
async def test_an_earlier_schema_comes_to_the_newest_with_its_data(url: str, revision: str) -> None:
    """Every row is there afterwards, column for column, and the tables are as declared."""
    database = Database(url)
    if database.file is not None:
        database.file.parent.mkdir()
    async with database.begin() as connection:
        await connection.run_sync(migrate, revision)
        await connection.run_sync(fill_tables)
    async with database.connect() as connection:
        before: Rows = await connection.run_sync(_read)
    assert all(len(rows) == 3 for rows in before.values())
    assert await database.schema() is (Schema.CURRENT if revision == REVISIONS[-1] else Schema.OLDER)
    assert await database.open()
    assert await database.schema() is Schema.CURRENT
    async with database.connect() as connection:
        after: Rows = await connection.run_sync(_read)
        assert await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
    assert set(after) == set(metadata.tables)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows
    assert all(after[table] == [] for table in set(after) - set(before))
    await database.close()


def test_files_are_named_after_their_revisions() -> None:
    """How far a schema is, is told by these names alone: Alembic is not asked at each start."""
    folder = Path(bot.storage.__file__).parent / "migrations" / "versions"
    assert [path.name[1:5] for path in sorted(folder.glob("v*.py"))] == REVISIONS
