"""What is special to a database in a file: folder, pragmas, locks, and files that are none."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.errors import StorageError
from bot.storage.database import BROKEN, Database
from bot.storage.schema import handled


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


async def test_flushing_nothing_touches_nothing(tmp_path: Path) -> None:
    """Where nothing was counted there is nothing that could fail."""
    assert await Database(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder/x").flush()


async def test_a_database_in_memory_makes_no_folder(tmp_path: Path) -> None:
    """An address without a file names none."""
    database = Database("sqlite+aiosqlite://")
    assert await database.open()
    await database.close()
    assert os.listdir(tmp_path) == []


async def test_what_is_erased_is_overwritten(database: Database) -> None:
    """Every connection has secure_delete on and waits for a lock rather than fail at once."""
    for pragma, value in (("secure_delete", 1), ("journal_mode", "wal"), ("busy_timeout", 3000)):
        asking = text(f"PRAGMA {pragma}")
        async with database.connect() as connection:
            assert (await connection.execute(asking)).scalar_one() == value
        assert [tuple(row) for row in await database.rows(asking)] == [(value,)]


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


async def test_a_locked_database_is_waited_for_and_then_passed_over(database: Database, file: Path) -> None:
    """Another program's lock is no reason to fail: the counts wait."""
    await database.run(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout=50"))
    database.count("care")
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not await database.flush()
        other.rollback()
    assert await database.flush()


async def test_the_rows_of_a_turn_wait_for_a_lock_elsewhere(database: Database, file: Path) -> None:
    """Another program's lock keeps the writer waiting, and nobody else: neither the loop nor a reader."""
    statement = database.insert(handled)
    with closing(sqlite3.connect(file, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(database.write((statement, [{"update_id": 1, "at": 2}])))
        for _ in range(20):
            await asyncio.sleep(0.005)
            assert await database.read(select(handled)) == []
        assert not writing.done()
        other.rollback()
    await writing
    assert await database.read(select(handled)) == [(1, 2)]


async def test_the_rows_of_a_turn_are_written_all_or_none(database: Database) -> None:
    """A row that cannot be written takes the others back, and the next ones are written."""
    statement = database.insert(handled)
    with pytest.raises(BROKEN):
        await database.write((statement, [{"update_id": 1, "at": 1}, {"update_id": 1, "at": 2}]))
    assert await database.read(select(handled)) == []
    await database.write((statement, [{"update_id": 1, "at": 1}]))
    assert await database.read(select(handled)) == [(1, 1)]


async def test_the_log_stays_small_whoever_writes(database: Database, file: Path) -> None:
    """What each turn writes leaves the checkpoints, which wait for the disk, to the counting beside it."""
    statement = database.insert(handled)
    log = file.with_name(f"{file.name}-wal")
    for start in range(0, 3000, 2):
        await database.write((statement, [{"update_id": start + n, "at": 1} for n in (0, 1)]))
        if start % 500 == 0:
            database.count("care")
            assert await database.flush()
    assert log.stat().st_size < 8 * 2**20


async def test_a_file_that_was_put_in_place_again_is_found(database: Database, file: Path) -> None:
    """After an error the file is opened anew."""
    statement = database.insert(handled)
    await database.write((statement, [{"update_id": 1, "at": 1}]))
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE handled RENAME TO away"))
    with pytest.raises(BROKEN):
        await database.write((statement, [{"update_id": 2, "at": 1}]))
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO handled"))
    await database.write((statement, [{"update_id": 3, "at": 1}]))
    assert [number for number, _ in await database.read(select(handled))] == [1, 3]
