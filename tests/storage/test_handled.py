"""Ids of answered updates: known to the next program, for a day, and in nobody's way when the database is broken."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.storage import handled as handled_module
from bot.storage.database import Database
from bot.storage.handled import Handled
from bot.storage.schema import handled as handled_table

DAY = 86_400
NOW = 1_800_000_000


class Clock:
    """A clock that stands still until it is moved."""

    now = float(NOW)

    def __call__(self) -> float:
        return self.now


async def rows(database: Database) -> list[tuple[int, int]]:
    """Return what the table holds."""
    async with database.connect() as connection:
        found = await connection.execute(select(handled_table).order_by(handled_table.c.update_id))
        return [(row.update_id, row.at) for row in found]


async def written(database: Database, count: int) -> None:
    """Wait until so many rows are there."""
    async with asyncio.timeout(5):
        while len(await rows(database)) < count:  # noqa: ASYNC110 - another process would not be told either
            await asyncio.sleep(0.005)


async def rename(database: Database, before: str, after: str) -> None:
    """Take the table away from whoever writes to it, or give it back."""
    async with database.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


async def test_the_next_program_knows_what_was_answered(database: Database) -> None:
    """Written without being asked, so that a kill loses nothing; ids and times alone."""
    first = Handled(database, Clock())
    first.add(7)
    first.add(8)
    await written(database, 2)
    assert await rows(database) == [(7, NOW), (8, NOW)]
    second = Handled(database, Clock())
    assert 7 not in second
    assert await second.find([6, 7, 8, 9]) == {7, 8}


async def test_what_comes_meanwhile_shares_a_write(database: Database) -> None:
    """A burst costs few transactions."""
    begun = 0
    write = database.write

    def counting(*arguments: Any) -> Any:
        nonlocal begun
        begun += 1
        return write(*arguments)

    database.write = counting  # type: ignore[assignment, method-assign]
    handled = Handled(database)
    for number in range(300):
        handled.add(number)
        if number % 30 == 0:
            await asyncio.sleep(0)
    await handled.close()
    assert len(await rows(database)) == 300
    assert 1 <= begun <= 12


async def test_an_update_noted_twice_is_one_row(database: Database) -> None:
    """Two programs may both have answered it."""
    for _ in range(2):
        handled = Handled(database)
        handled.add(7)
        await handled.close()
    assert len(await rows(database)) == 1


async def test_after_a_day_it_is_forgotten(database: Database) -> None:
    """Neither found nor kept; and a clock that jumped leaves nothing behind for ever."""
    clock, steady = Clock(), Clock()
    handled = Handled(database, clock, steady)
    handled.add(1)
    await handled.close()
    clock.now += DAY - 1
    steady.now += DAY
    handled.add(2)
    await handled.close()
    assert await Handled(database, clock).find([1, 2]) == {1, 2}
    clock.now += 1
    assert await Handled(database, clock).find([1, 2]) == {2}
    await handled.purge()
    assert [number for number, _ in await rows(database)] == [2]
    clock.now -= 30 * DAY
    await handled.purge()
    await handled.purge()
    assert await rows(database) == []


@pytest.mark.parametrize("days", [3, -3])
async def test_a_clock_that_jumps_forgets_nothing_at_once(
    database: Database, days: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Set right before the next round, all is known that was; one line for each jump."""
    clock, steady = Clock(), Clock()
    handled = Handled(database, clock, steady)
    handled.add(1)
    await handled.close()
    with caplog.at_level(logging.INFO, "bot"):
        for jump in (days * DAY, -days * DAY):
            clock.now += jump + 600
            steady.now += 600
            await handled.purge()
            assert [number for number, _ in await rows(database)] == [1]
    assert [r.getMessage().partition(":")[0] for r in caplog.records] == ["the clock has jumped"] * 2
    assert await Handled(database, clock).find([1]) == {1}
    clock.now += DAY
    steady.now += DAY
    await handled.purge()
    assert await rows(database) == []


@pytest.mark.parametrize("broken", ["never opened", "none"])
async def test_without_a_database_memory_knows(tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing raises, one line says so."""
    (tmp_path / "file").touch()
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/file/x.sqlite3") if broken == "never opened" else None
    handled = Handled(database)
    with caplog.at_level(logging.DEBUG, "bot"):
        for number in range(5):
            handled.add(number)
            await asyncio.sleep(0)
        assert 3 in handled
        assert await handled.find([3, 4, 5]) == {3, 4}
        await handled.purge()
        await handled.close()
    assert len([r for r in caplog.records if r.name.startswith("bot.")]) == (0 if database is None else 1)
    if database is not None:
        await database.close()


async def test_ids_wait_for_a_database_that_comes_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written is written with the next one, and not tried for each meanwhile."""
    handled = Handled(database)
    await rename(database, "handled", "away")
    handled.add(1)
    async with asyncio.timeout(5):
        while handled._writer is not None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.005)
    handled.add(2)
    assert handled._writer is None
    await rename(database, "away", "handled")
    monkeypatch.setattr(handled, "_not_before", 0.0)
    handled.add(3)
    await handled.close()
    assert [number for number, _ in await rows(database)] == [1, 2, 3]


async def test_memory_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are dropped; those on disk are found all the same."""
    monkeypatch.setattr(handled_module, "_REMEMBERED", 100)
    handled = Handled()
    for number in range(1000):
        handled.add(number)
    assert len(handled._known) == 100
    assert 999 in handled


async def test_thousands_are_looked_up_at_once(database: Database) -> None:
    """A database takes only so many values in a statement."""
    handled = Handled(database)
    for number in range(0, 3000, 2):
        handled.add(number)
    await handled.close()
    assert len(await Handled(database).find(range(3000))) == 1500
