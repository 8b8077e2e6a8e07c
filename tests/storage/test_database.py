"""The database: made from nothing, adding up, in nobody's way, and with no row of any person."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.errors import StorageError
from bot.storage import database as database_module
from bot.storage.database import Database
from bot.storage.schema import metadata

ALLOWED = {
    "alembic_version": {"version_num"},
    "counters": {"day", "name", "total"},
    "ledger": {"chat", "message", "box", "sent", "due"},
    "readers": {"chat", "hours", "word", "veil"},
    "groups": {"chat", "box", "settings", "left_at"},
    "box_questions": {"id", "chat", "asker", "asker_box", "text", "state", "pseudonym", "message", "due"},
    "box_blocks": {"chat", "asker"},
    "weekly": {"chat", "week", "topic", "member"},
    "releases": {"chat", "week", "topic", "value"},
    "handled": {"update_id", "at"},
}
"""every column there may be: the schema, how often a topic was asked on a day, messages to be cleared by a keyed
hash and an encrypted number, what a reader chose, and which updates were answered lately"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database lies, in a folder that does not exist yet."""
    return tmp_path / "new" / "unspoken.sqlite3"


@pytest.fixture
async def database(file: Path) -> AsyncIterator[Database]:
    """Return an open database."""
    database = Database(f"sqlite+aiosqlite:///{file}")
    assert await database.open()
    yield database
    await database.close()


def read(file: Path, query: str) -> list[tuple[object, ...]]:
    """Return what a query finds in the file."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def today() -> str:
    """Return the day as the file holds it."""
    return datetime.now(UTC).date().isoformat()


async def test_the_schema_is_made_from_nothing(database: Database, file: Path) -> None:
    """The first start makes the folder, the file and the tables; there is no other step."""
    assert {name for (name,) in read(file, "SELECT name FROM sqlite_master WHERE type = 'table'")} == set(ALLOWED)


async def test_opening_again_changes_nothing(database: Database, file: Path) -> None:
    """Each later start finds the schema current and the counts where they were."""
    database.count("texting_ex")
    await database.close()
    before = read(file, "SELECT * FROM alembic_version")
    again = Database(f"sqlite+aiosqlite:///{file}")
    assert await again.open()
    assert await again.totals(datetime.now(UTC).date()) == {"texting_ex": 1}
    await again.close()
    assert read(file, "SELECT * FROM alembic_version") == before


async def test_the_migrations_make_what_the_schema_says(database: Database, file: Path) -> None:
    """Tables as migrated and tables as declared are the same."""
    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


async def test_counters_add_up(database: Database, file: Path) -> None:
    """Counts of a day and topic are summed over flushes, restarts and programs."""
    for _ in range(3):
        database.count("texting_ex")
    database.count("care")
    assert await database.flush()
    database.count("texting_ex")
    assert await database.flush()
    other = Database(f"sqlite+aiosqlite:///{file}")
    assert await other.open()
    other.count("texting_ex")
    await other.close()
    assert await database.totals(datetime.now(UTC).date()) == {"texting_ex": 5, "care": 1}
    assert set(read(file, "SELECT * FROM counters")) == {(today(), "texting_ex", 5), (today(), "care", 1)}


async def test_close_writes_what_waits(database: Database, file: Path) -> None:
    """Stopping loses no count."""
    database.count("care")
    await database.close()
    assert read(file, "SELECT name, total FROM counters") == [("care", 1)]


async def test_flushing_nothing_touches_nothing(tmp_path: Path) -> None:
    """Where nothing was counted there is nothing that could fail."""
    assert await Database(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder/x").flush()


async def test_no_table_has_room_for_a_person(database: Database, file: Path) -> None:
    """Every column is on the short list: no plain id, no name, no text."""
    tables = [str(name) for (name,) in read(file, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {(table, str(row[1])) for table in tables for row in read(file, f"PRAGMA table_info({table})")}
    assert columns == {(table, column) for table, own in ALLOWED.items() for column in own}
    assert read(file, "SELECT name FROM sqlite_master WHERE type NOT IN ('table', 'index')") == []


async def test_what_is_erased_is_overwritten(database: Database) -> None:
    """Every connection has secure_delete on and waits for a lock rather than fail at once."""
    async with database._engine.connect() as connection:
        for pragma, value in (("secure_delete", 1), ("journal_mode", "wal"), ("busy_timeout", 3000)):
            assert (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar_one() == value


@pytest.mark.parametrize("broken", ["below a file", "a folder", "no database", "read-only"])
async def test_a_broken_database_answers_false_and_warns_once(
    tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be used is said once, without its path; counts wait, and nothing raises."""
    path = _break(tmp_path, broken)
    database = Database(f"sqlite+aiosqlite:///{path}")
    with caplog.at_level(logging.DEBUG, "bot"):
        database.count("care")
        opened = await database.open()
        assert not await database.flush()
        assert not await database.flush()
        assert not opened or broken == "read-only"
        with pytest.raises(StorageError, match="cannot be read"):
            await database.totals(datetime.now(UTC).date())
        await database.close()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert len(ours) == 1
    assert "database unusable" in ours[0]
    assert str(tmp_path) not in ours[0]


def _break(folder: Path, how: str) -> Path:
    path = folder / "x.sqlite3"
    if how == "below a file":
        path.write_text("not a folder")
        return path / "deeper" / "x.sqlite3"
    if how == "a folder":
        path.mkdir()
    elif how == "no database":
        path.write_bytes(b"this is no database" * 500)
    elif os.geteuid() == 0:
        # To root no file is read-only; a table of another shape refuses the counts as well.
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE counters (other TEXT)")
    else:
        path.touch(0o400)
        folder.chmod(0o500)
    return path


async def test_counts_wait_for_a_database_that_comes_back(database: Database, file: Path) -> None:
    """What could not be written is written later."""
    database.count("care")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("ALTER TABLE counters RENAME TO away")
        assert not await database.flush()
        database.count("care")
        connection.execute("ALTER TABLE away RENAME TO counters")
    assert await database.flush()
    assert read(file, "SELECT name, total FROM counters") == [("care", 2)]


async def test_a_locked_database_is_waited_for_and_then_passed_over(
    database: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's lock is no reason to fail: the counts wait."""
    async with database._engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout=50")
    database.count("care")
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not await database.flush()
        other.rollback()
    assert await database.flush()


async def test_a_newer_schema_is_refused_in_one_line(database: Database, file: Path) -> None:
    """An older program does not touch what a newer one made."""
    await database.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    older = Database(f"sqlite+aiosqlite:///{file}")
    with pytest.raises(StorageError, match="newer version of Unspoken") as caught:
        await older.open()
    assert "\n" not in str(caught.value)
    assert read(file, "SELECT version_num FROM alembic_version") == [("9999",)]


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

    def fail(url: str) -> None:
        raise ModuleNotFoundError("No module named 'asyncpg'", name="asyncpg")

    monkeypatch.setattr(database_module, "create_async_engine", fail)
    with pytest.raises(StorageError, match="pip install asyncpg"):
        Database("postgresql+asyncpg://user:pw@localhost/x")
