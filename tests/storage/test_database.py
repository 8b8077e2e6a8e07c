"""The database on both engines: made from nothing, adding up, in nobody's way, and with no row of any person."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, bindparam, delete, insert, make_url, select, text

from bot.errors import StorageError
from bot.storage import engines
from bot.storage.database import Database
from bot.storage.migrate import Schema
from bot.storage.schema import counters, handled, metadata
from tests.postgres import PostgresServer

ALLOWED = {
    "alembic_version": {"version_num"},
    "counters": {"day", "name", "total"},
    "ledger": {"chat", "message", "box", "sent", "due"},
    "readers": {"chat", "hours", "word", "veil", "key"},
    "groups": {"chat", "box", "settings", "left_at"},
    "box_questions": {"id", "chat", "asker", "asker_box", "text", "state", "pseudonym", "message", "due"},
    "box_blocks": {"chat", "asker"},
    "weekly": {"chat", "week", "topic", "member"},
    "releases": {"chat", "week", "topic", "value"},
    "handled": {"update_id", "at"},
    "claims": {"update_id", "chat", "replica", "until"},
    "turns": {"chat", "update_id", "replica", "until"},
    "sessions": {"chat", "kind", "box", "until"},
}
"""every column there may be: the schema, how often a topic was asked on a day, messages to be cleared by a keyed
hash and an encrypted number, what a reader chose, which updates were answered lately, and what replicas share"""

ROOT = Path(__file__).resolve().parents[2]
OPEN = """
import asyncio, sys
from bot.storage.database import Database

async def main():
    database = Database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    print(await database.open())
    await database.close()

asyncio.run(main())
"""
"""a program that opens the database when told to"""


async def run(url: str, *statements: str) -> None:
    """Execute statements as another program would."""
    engine = sqlalchemy.ext.asyncio.create_async_engine(url)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


async def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds."""
    async with database.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def inspect(database: Database, look: Any) -> Any:
    """Return what SQLAlchemy's inspector finds."""
    async with database.connect() as connection:
        return await connection.run_sync(lambda c: look(sqlalchemy.inspect(c)))


def today() -> Any:
    """Return the day that is counted for."""
    return datetime.now(UTC).date()


async def test_the_schema_is_made_from_nothing(database: Database) -> None:
    """The first start makes the tables; there is no other step."""
    assert set(await inspect(database, lambda i: i.get_table_names())) == set(ALLOWED)
    assert await database.schema() is Schema.CURRENT


async def test_looking_makes_nothing(url: str) -> None:
    """What the doctor asks leaves a new database as it was."""
    database = Database(url)
    assert await database.schema() is Schema.NONE
    assert database.file is None or not database.file.parent.exists()
    await database.close()


async def test_opening_again_changes_nothing(database: Database, url: str) -> None:
    """Each later start finds the schema current and the counts where they were."""
    database.count("texting_ex")
    await database.close()
    before = await rows(database, "SELECT * FROM alembic_version")
    again = Database(url)
    assert await again.open()
    assert await again.totals(today()) == {"texting_ex": 1}
    assert await rows(again, "SELECT * FROM alembic_version") == before
    await again.close()


async def test_the_migrations_make_what_the_schema_says(database: Database) -> None:
    """Tables as migrated and tables as declared are the same."""
    async with database.connect() as connection:
        found = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    assert found == []


async def test_programs_that_start_together_do_not_collide(url: str) -> None:
    """One makes the schema, the others wait for it."""
    programs = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPEN, url,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    async with asyncio.timeout(60):
        for program in programs:
            assert await program.stdout.readline() == b"ready\n"  # type: ignore[union-attr]
        results = await asyncio.gather(*(program.communicate(b"go\n") for program in programs))
    assert [out for out, _ in results] == [b"True\n"] * 3, results
    database = Database(url)
    assert len(await rows(database, "SELECT * FROM alembic_version")) == 1
    await database.close()


async def test_a_migration_that_fails_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed or refused half way, the next start begins where this one did."""
    upgrade = command.upgrade

    def fail(*arguments: Any) -> None:
        upgrade(*arguments)
        raise OSError

    monkeypatch.setattr(command, "upgrade", fail)
    database = Database(url)
    assert not await database.open()
    assert await inspect(database, lambda i: i.get_table_names()) == []
    monkeypatch.undo()
    assert await database.open()
    await database.close()


async def test_counters_add_up(database: Database, url: str) -> None:
    """Counts of a day and topic are summed over flushes, restarts and programs."""
    for _ in range(3):
        database.count("texting_ex")
    database.count("care")
    assert await database.flush()
    database.count("texting_ex")
    assert await database.flush()
    other = Database(url)
    assert await other.open()
    other.count("texting_ex")
    await other.close()
    assert await database.totals(today()) == {"texting_ex": 5, "care": 1}


async def test_counts_of_programs_that_write_at_once_are_all_kept(database: Database, url: str) -> None:
    """Whatever the order in which each has counted: none waits for the other for ever."""
    other = Database(url)
    names = [f"topic_{n}" for n in range(40)]
    for first, second in zip(names, reversed(names), strict=True):
        database.count(first)
        other.count(second)
    assert await asyncio.gather(database.flush(), other.flush()) == [True, True]
    assert await database.totals(today()) == dict.fromkeys(names, 2)
    await other.close()


async def test_close_writes_what_waits(database: Database) -> None:
    """Stopping loses no count."""
    database.count("care")
    await database.close()
    assert await rows(database, "SELECT name, total FROM counters") == [("care", 1)]


async def test_no_table_has_room_for_a_person(database: Database) -> None:
    """Every column is on the short list: no plain id, no name, no text."""

    def columns(inspector: Any) -> dict[str, set[str]]:
        return {t: {c["name"] for c in inspector.get_columns(t)} for t in inspector.get_table_names()}

    assert await inspect(database, columns) == ALLOWED
    assert await inspect(database, lambda i: i.get_view_names()) == []


async def test_counts_wait_for_a_table_that_comes_back(database: Database, url: str) -> None:
    """What could not be written is written later."""
    database.count("care")
    await run(url, "ALTER TABLE counters RENAME TO away")
    assert not await database.flush()
    database.count("care")
    await run(url, "ALTER TABLE away RENAME TO counters")
    assert await database.flush()
    assert await rows(database, "SELECT name, total FROM counters") == [("care", 2)]


async def test_a_newer_schema_is_refused_in_one_line(database: Database, url: str) -> None:
    """An older program does not touch what a newer one made."""
    await database.close()
    await run(url, "UPDATE alembic_version SET version_num = '9999'")
    older = Database(url)
    assert await older.schema() is Schema.NEWER
    for opening in (older.open, older.require):
        with pytest.raises(StorageError, match="newer version of Unspoken") as caught:
            await opening()
        assert "\n" not in str(caught.value)
    assert await rows(older, "SELECT version_num FROM alembic_version") == [("9999",)]
    await older.close()


async def test_an_outage_of_the_server_is_ridden_out(
    postgres: PostgresServer, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Counts wait while the server is away, the first flush after it takes them, and each outage is one line."""
    database = Database(postgres_url)
    assert await database.open()
    for _ in range(2):
        database.count("care")
        postgres.stop()
        try:
            assert not await database.flush()
            assert not await database.flush()
            with pytest.raises(StorageError, match="cannot be read"):
                await database.totals(today())
        finally:
            postgres.start()
        assert await database.flush()
    assert await database.totals(today()) == {"care": 2}
    assert sum("database unusable" in r.getMessage() for r in caplog.records) == 2
    await database.close()


def _restart_unheard(postgres: PostgresServer) -> None:
    """Restart it while the program stands still for a while."""
    postgres.stop()
    postgres.start()
    time.sleep(0.3)


@pytest.mark.parametrize("heard", [True, False])
async def test_a_restart_of_the_server_is_not_noticed(postgres: PostgresServer, postgres_url: str, heard: bool) -> None:
    """A connection that died in the pool is replaced before it is used, whether or not its end was heard."""
    database = Database(postgres_url)
    assert await database.open()
    if heard:
        await asyncio.to_thread(lambda: (postgres.stop(), postgres.start()))
    else:
        _restart_unheard(postgres)
    database.count("care")
    assert await database.flush()
    await database.close()


async def test_a_server_that_comes_up_later_is_migrated_then(
    postgres: PostgresServer, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A bot whose database was away at start needs no restart."""
    database = Database(postgres_url)
    database.count("care")
    postgres.stop()
    try:
        assert not await database.open()
        assert not await database.flush()
    finally:
        postgres.start()
    with caplog.at_level(logging.INFO, "bot"):
        assert await database.flush()
    assert await database.totals(today()) == {"care": 1}
    assert "can be used now" in caplog.text
    await database.close()


@pytest.mark.parametrize("where", ["/nothere?host={folder}", "/postgres?host={folder}/no", "127.0.0.1:1/x"])
async def test_a_server_that_cannot_be_reached_is_one_line(postgres: PostgresServer, where: str) -> None:
    """For the bot it is False, for a command one line without the address, which may hold a password."""
    database = Database("postgresql+asyncpg://postgres:canarypassword@" + where.format(folder=postgres.folder))
    assert not await database.open()
    for failing in (database.require, database.schema):
        with pytest.raises(StorageError, match="the database cannot be used") as caught:
            await failing()
        assert "\n" not in str(caught.value)
        assert "canary" not in str(caught.value)
    await database.close()


@pytest.mark.parametrize("odd", ["?nonsense=1", ":99999/x"])
async def test_an_address_that_only_the_driver_refuses_is_one_line(odd: str) -> None:
    """It is an error of whoever set it, not an outage that passes."""
    database = Database(f"postgresql+asyncpg://postgres:canarypassword@127.0.0.1{odd}")
    for failing in (database.open, database.require, database.schema):
        with pytest.raises(StorageError, match="not the address of a database"):
            await failing()


@pytest.mark.parametrize(
    "url", ["nonsense", "", "sqlite+aiosqlite:/x", "postgresql+nothing://u:pw@h/db", "sqlite+aiosqlite://h:port/"]
)
def test_an_address_that_is_none_is_one_line(url: str) -> None:
    """The error names the setting and quotes nothing: an address may hold a password."""
    with pytest.raises(StorageError) as caught:
        Database(url)
    assert "\n" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_a_missing_driver_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL without its driver says what to install."""

    def fail(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'asyncpg'", name="asyncpg")

    monkeypatch.setattr(engines, "create_async_engine", fail)
    with pytest.raises(StorageError, match="pip install asyncpg"):
        Database("postgresql+asyncpg://user:pw@localhost/x")


def test_the_counters_have_no_other_key() -> None:
    """A day and a topic: nothing that tells one asker from another."""
    assert [c.name for c in counters.primary_key] == ["day", "name"]


async def test_one_transaction_is_one_piece_of_work(database: Database) -> None:
    """All of it or nothing, and what it returns comes back; changes tell how many rows, or that nothing could be."""

    def work(connection: Connection, *, fails: bool) -> int:
        connection.execute(insert(handled).values(update_id=1, at=1))
        if fails:
            raise ConnectionAbortedError
        return 7

    with pytest.raises(ConnectionAbortedError):
        await database.run(lambda connection: work(connection, fails=True))
    assert await database.rows(select(handled)) == []
    assert await database.run(lambda connection: work(connection, fails=False)) == 7
    assert await database.change(delete(handled), delete(counters)) == 1
    assert await database.change() == 0
    assert await database.change(text("DELETE FROM nothing")) is None
    assert await database.rows(text("SELECT * FROM nothing")) == []


async def test_rows_of_a_turn_are_read_and_written_on_either_engine(database: Database) -> None:
    """With statements that are made once."""
    statement = database.insert(handled).on_conflict_do_nothing()
    query = select(handled.c.update_id).where(handled.c.at.in_([bindparam("first"), bindparam("second")]))
    await database.write((statement, [{"update_id": n, "at": n} for n in range(5)]))
    await database.write((statement, [{"update_id": 4, "at": 1}, {"update_id": 5, "at": 1}]))
    assert [tuple(row) for row in await database.read(query, second=4, first=3)] == [(3,), (4,)]


def test_a_file_that_another_program_holds_makes_no_turn_wait(tmp_path: Path) -> None:
    """Whoever finds it locked while it opens it hears so at once, and goes to the thread."""
    path = tmp_path / "a.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN EXCLUSIVE")
        file = engines.SqliteFile(make_url(f"sqlite+aiosqlite:///{path}"))
        began = time.monotonic()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            file.read(select(text("1")), {})
        assert time.monotonic() - began < 1.0  # SQLite itself would wait for three
