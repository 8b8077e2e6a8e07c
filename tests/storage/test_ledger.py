"""The clearing ledger on both engines: each message to one clearer, choices kept, nothing left when forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from bot.app import make_seal
from bot.storage.choices import Reader
from bot.storage.database import Database
from bot.storage.handled import Handled
from bot.storage.ledger import Entry, Ledger
from bot.storage.seal import Seal
from tests.storage.conftest import NEXT_SECRET, SECRET

THIRD_SECRET = b"and the secret after the next one"

ALICE, BOB = 5_551_234_567, -1_001_234_567_890
NOW = 1_800_000_000
HOUR = 3600
LEASE = 300


@pytest.fixture
def ledger(database: Database, seal: Seal) -> Ledger:
    """Return a ledger of one program."""
    return Ledger(database, seal)


@pytest.fixture
async def other(url: str, database: Database, seal: Seal) -> AsyncIterator[Ledger]:
    """Return the ledger of another program on the same database."""
    second = Database(url)
    yield Ledger(second, seal)
    await second.close()


async def rows(database: Database, table: str) -> list[tuple[Any, ...]]:
    """Return every row of a table."""
    async with database.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608


async def test_what_is_noted_is_there_for_every_program(ledger: Ledger, other: Ledger) -> None:
    """By chat, oldest first, once however often it is noted."""
    await ledger.note(ALICE, [3, 1], NOW, NOW + HOUR)
    await ledger.note(ALICE, [1, 2], NOW + 1, NOW + HOUR)
    await other.note(BOB, [1], NOW, NOW + HOUR)
    assert await other.of_chat(ALICE) == [Entry(ALICE, 1, NOW), Entry(ALICE, 2, NOW + 1), Entry(ALICE, 3, NOW)]
    assert await ledger.held(ALICE) == {"messages": 3, "due": NOW + HOUR, "choices": 0}


async def test_the_last_reply_and_its_update_are_entered_together(ledger: Ledger, database: Database) -> None:
    """In one transaction on SQLite, so that no kill comes between; on a server the update is entered afterwards."""
    handled = Handled(database)
    ending = handled.ending(7)
    if not database.is_sqlite:
        assert ending is None
        return
    assert ending is not None
    assert 7 not in handled
    await ledger.note_all([(Entry(ALICE, 1, NOW), NOW + HOUR)], ending)
    assert 7 in handled
    assert await Handled(database).find([7]) == {7}


async def test_an_update_whose_note_fails_is_not_entered(ledger: Ledger, database: Database) -> None:
    """Neither the note nor the update: the one waits, the other is entered when all is done."""
    handled = Handled(database)
    ending = handled.ending(7)
    if ending is None:
        return
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE handled RENAME TO hidden"))
    await ledger.note_all([(Entry(ALICE, 1, NOW), NOW + HOUR)], ending)
    assert 7 not in handled
    assert await rows(database, "ledger") == []
    await ledger.flush()
    assert len(await rows(database, "ledger")) == 1


async def test_no_row_holds_a_plain_number(ledger: Ledger, database: Database) -> None:
    """Neither of the chat nor of its hash without the key."""
    await ledger.note(ALICE, [1], NOW, NOW + HOUR)
    await ledger.choose(ALICE, hours=1, word="milk and eggs")
    for row in (*await rows(database, "ledger"), *await rows(database, "readers")):
        for value in row:
            seen = value if isinstance(value, bytes) else str(value).encode()
            assert str(ALICE).encode() not in seen
            assert ALICE.to_bytes(8, "big") not in seen
            assert b"milk" not in seen


@pytest.mark.parametrize("limit", [1000, 17])
async def test_two_clearers_at_once_share_what_is_due(ledger: Ledger, other: Ledger, limit: int) -> None:
    """Each message goes to exactly one of them, none is left, and none above the limit at a time."""
    for chat in range(10):
        await ledger.note(ALICE + chat, range(30), NOW - chat, NOW)
    await ledger.note(BOB, [1], NOW, NOW + 1)

    async def clear(mine: Ledger) -> list[tuple[int, int]]:
        taken: list[tuple[int, int]] = []
        while batch := await mine.claim_due(NOW, LEASE, limit):
            assert len(batch) <= limit
            taken += [(e.chat_id, e.message) for e in batch]
        return taken

    first, second, third = await asyncio.gather(clear(ledger), clear(other), clear(ledger))
    found = first + second + third
    assert len(found) == len(set(found)) == 300
    assert {chat for chat, _ in found} == {ALICE + n for n in range(10)}


async def test_a_claim_of_a_clearer_that_died_is_open_again(ledger: Ledger, other: Ledger) -> None:
    """After the lease another one sees the message; what is done is seen by nobody."""
    await ledger.note(ALICE, [1, 2], NOW, NOW)
    assert len(await ledger.claim_due(NOW, LEASE)) == 2
    await ledger.done(ALICE, [1])
    assert await other.claim_due(NOW + LEASE - 1, LEASE) == []
    assert await other.claim_due(NOW + LEASE, LEASE) == [Entry(ALICE, 2, NOW)]


async def test_the_most_overdue_comes_first(ledger: Ledger) -> None:
    """Whatever else waits."""
    await ledger.note(ALICE, [1], NOW, NOW - 1)
    await ledger.note(ALICE, [2], NOW, NOW - 9)
    await ledger.note(ALICE, [3], NOW, NOW - 5)
    assert [e.message for e in await ledger.claim_due(NOW, LEASE, 1)] == [2]


async def test_thousands_are_struck_out_at_once(ledger: Ledger) -> None:
    """A database takes only so many values in a statement."""
    await ledger.note(ALICE, range(2500), NOW, NOW)
    await ledger.done(ALICE, range(1, 2500))
    assert [e.message for e in await ledger.of_chat(ALICE)] == [0]


async def test_choices_are_kept_and_the_default_leaves_no_row(ledger: Ledger, database: Database, seal: Seal) -> None:
    """Timer, word and veil; and nothing once all is as at the start."""
    await ledger.choose(ALICE, hours=1)
    await ledger.choose(ALICE, veil=True)
    chosen = await ledger.choose(ALICE, word="milk and eggs")
    again = await Ledger(database, seal).reader(ALICE)
    assert again == chosen == Reader(1, seal.word(ALICE, "milk and eggs"), veil=True)
    assert ledger.is_word(ALICE, again, "milk and eggs")
    assert not ledger.is_word(BOB, again, "milk and eggs")
    assert await ledger.choose(ALICE, hours=0, word="", veil=False) == Reader(hours=0)
    assert await ledger.choose(ALICE, hours=12) == Reader()
    assert await rows(database, "readers") == []


async def test_a_new_timer_moves_what_is_noted(ledger: Ledger, other: Ledger) -> None:
    """Also what is overdue by then; never is when Telegram no longer lets it be deleted."""
    await ledger.note(ALICE, [1], NOW, NOW + 12 * HOUR)
    await ledger.choose(ALICE, hours=1)
    assert await other.held(ALICE) == {"messages": 1, "due": NOW + HOUR, "choices": 1}
    await ledger.choose(ALICE, hours=0)
    assert await other.held(ALICE) == {"messages": 1, "due": NOW + 48 * HOUR + 600, "choices": 1}


async def test_two_programs_may_choose_at_once(
    ledger: Ledger, other: Ledger, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """One choice stands, whole, and neither program takes the database for broken."""
    for n in range(10):
        await asyncio.gather(ledger.choose(ALICE + n, hours=1, veil=False), other.choose(ALICE + n, hours=2, veil=True))
    assert {row[1:4] for row in await rows(database, "readers")} <= {(1, None, 0), (2, None, 1)}
    assert len(await rows(database, "readers")) == 10
    assert "unusable" not in caplog.text


async def test_forgetting_leaves_no_row_of_the_chat(ledger: Ledger, database: Database) -> None:
    """And every row of the others."""
    for chat in (ALICE, BOB):
        await ledger.note(chat, [1, 2], NOW, NOW)
        await ledger.choose(chat, hours=1)
    await ledger.forget(ALICE)
    assert await ledger.held(ALICE) == {"messages": 0, "due": 0, "choices": 0}
    assert await ledger.reader(ALICE) == Reader()
    assert len(await rows(database, "ledger")) == 2
    assert len(await rows(database, "readers")) == 1


async def test_rows_are_sealed_anew_and_need_the_earlier_key_no_more(ledger: Ledger, database: Database) -> None:
    """Choices and words stay good under both keys; rows of a lost key are struck out."""
    await ledger.note(ALICE, [1, 2], NOW, NOW)
    await ledger.choose(ALICE, word="milk and eggs")
    await Ledger(database, make_seal([b"a secret that nobody has any more"])).note(BOB, [1], NOW, NOW)
    both = make_seal([NEXT_SECRET, SECRET])
    assert await Ledger(database, both).reseal(both) == (2, 1)
    assert len(await Ledger(database, make_seal([NEXT_SECRET])).of_chat(ALICE)) == 2
    assert len(await ledger.of_chat(ALICE)) == 0
    rotated = Ledger(database, both)
    assert rotated.is_word(ALICE, await rotated.reader(ALICE), "milk and eggs")


async def test_what_no_key_opens_is_struck_out_and_said_once(
    ledger: Ledger, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """It can never be cleared, neither at start nor when it falls due."""
    lost = Ledger(database, make_seal([NEXT_SECRET]))
    await lost.note(ALICE, [1, 2], NOW, NOW)
    await ledger.note(BOB, [1], NOW, NOW)
    with caplog.at_level(logging.WARNING, "bot"):
        assert await ledger.claim_due(NOW, LEASE) == [Entry(BOB, 1, NOW)]
        await lost.note(ALICE, [3], NOW, NOW)
        assert await ledger.drop_lost() == 1
    assert [r.args for r in caplog.records] == [(2,), (1,)]
    assert len(await rows(database, "ledger")) == 1


async def test_rows_wait_for_a_table_that_comes_back(ledger: Ledger, database: Database) -> None:
    """Nothing raises or tells of more than was done; what was noted is written later, and cleared meanwhile."""
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE ledger RENAME TO away"))
        await connection.execute(text("ALTER TABLE readers RENAME TO gone"))
    await ledger.note(ALICE, [1], NOW, NOW)
    assert await ledger.reader(ALICE) == Reader()
    assert await ledger.choose(ALICE, hours=1) is None
    assert await ledger.reader(ALICE) == Reader()
    assert await ledger.claim_due(NOW + HOUR, LEASE) == [Entry(ALICE, 1, NOW)]
    assert await ledger.held(ALICE) is None
    assert not await ledger.forget(BOB)
    assert not await ledger.done(BOB, [1])
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO ledger"))
        await connection.execute(text("ALTER TABLE gone RENAME TO readers"))
    await ledger.note(ALICE, [2], NOW, NOW)
    assert len(await rows(database, "ledger")) == 2


async def test_half_a_choice_is_none(ledger: Ledger, database: Database) -> None:
    """What is noted keeps its time where the choice itself could not be kept."""
    await ledger.note(ALICE, [1], NOW, NOW + 12 * HOUR)
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE readers RENAME TO gone"))
    assert await ledger.choose(ALICE, hours=1) is None
    assert [row[4] for row in await rows(database, "ledger")] == [NOW + 12 * HOUR]


async def test_an_outage_wipes_no_other_choice(ledger: Ledger, database: Database, seal: Seal) -> None:
    """What could not be read just before is still there after the next choice."""
    await ledger.choose(ALICE, word="milk and eggs")
    fresh = Ledger(database, seal)
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE readers RENAME TO gone"))
    assert await fresh.reader(ALICE) == Reader()
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE gone RENAME TO readers"))
    assert await fresh.choose(ALICE, veil=True) == Reader(word=seal.word(ALICE, "milk and eggs"), veil=True)


async def test_choices_live_on_over_two_changes_of_keys(ledger: Ledger, database: Database) -> None:
    """Whoever writes in between keeps everything, the code word too; and of the first key nothing is left."""
    await ledger.choose(ALICE, hours=1, word="milk and eggs", veil=True)
    second = make_seal([NEXT_SECRET, SECRET])
    assert await Ledger(database, second).reseal_choices(second, sure=True) == (1, 0)
    between = Ledger(database, second)
    reader = await between.reader(ALICE)
    assert between.is_word(ALICE, reader, "milk and eggs")
    third = make_seal([THIRD_SECRET, NEXT_SECRET])
    assert await Ledger(database, third).reseal_choices(third, sure=True) == (1, 0)
    after = Ledger(database, third)
    reader = await after.reader(ALICE)
    assert (reader.hours, reader.veil) == (1, True)
    assert after.is_word(ALICE, reader, "milk and eggs")
    assert not after.is_word(ALICE, reader, "bread and butter")
    alone = Ledger(database, make_seal([THIRD_SECRET]))
    assert alone.is_word(ALICE, await alone.reader(ALICE), "milk and eggs")
    held = [value for row in await rows(database, "readers") for value in row]
    for secret in (SECRET, NEXT_SECRET):
        seal = make_seal([secret])
        assert not {seal.chat(ALICE), seal.word(ALICE, "milk and eggs"), *seal.marks()} & set(held)


async def test_who_did_not_write_between_two_changes_of_keys_is_forgotten(ledger: Ledger, database: Database) -> None:
    """Nobody could find the row again, not even to erase it; while it is not sure that the keys are right it stays."""
    await ledger.choose(ALICE, word="milk and eggs")
    await ledger.choose(BOB, hours=1)
    second, third = make_seal([NEXT_SECRET, SECRET]), make_seal([THIRD_SECRET, NEXT_SECRET])
    assert await Ledger(database, second).reseal_choices(second, sure=True) == (2, 0)
    await Ledger(database, second).reader(BOB)
    assert await Ledger(database, third).reseal_choices(third, sure=False) == (1, 1)
    assert len(await rows(database, "readers")) == 2
    assert await Ledger(database, third).reseal_choices(third, sure=True) == (1, 1)
    assert len(await rows(database, "readers")) == 1
    assert await Ledger(database, third).reader(BOB) == Reader(hours=1)


async def test_rows_of_an_earlier_version_belong_to_the_key_before(ledger: Ledger, database: Database) -> None:
    """Their key was not noted; they live as long as any other."""
    await ledger.choose(ALICE, hours=1)
    await ledger.choose(BOB, hours=2)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE readers SET key = NULL"))
    assert await ledger.say_unfound() == 0
    second, third = make_seal([NEXT_SECRET, SECRET]), make_seal([THIRD_SECRET, NEXT_SECRET])
    assert await Ledger(database, second).reseal_choices(second, sure=True) == (2, 0)
    assert await Ledger(database, second).reader(ALICE) == Reader(hours=1)
    assert await Ledger(database, third).reseal_choices(third, sure=True) == (1, 1)


async def test_choices_of_a_lost_secret_are_said_and_stay(
    ledger: Ledger, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A secret that was mistyped must not take away everybody's code word."""
    await ledger.choose(ALICE, word="milk and eggs")
    with caplog.at_level(logging.WARNING, "bot"):
        assert await ledger.say_unfound() == 0
        assert await Ledger(database, make_seal([NEXT_SECRET])).say_unfound() == 1
    assert len([r for r in caplog.records if r.name.startswith("bot.")]) == 1
    assert "rotate-key" in caplog.text
    assert ledger.is_word(ALICE, await Ledger(database, make_seal([SECRET])).reader(ALICE), "milk and eggs")


async def test_another_programs_choice_holds_a_second_later(
    ledger: Ledger, other: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is remembered of a chat serves one turn."""
    assert await ledger.reader(ALICE) == Reader()
    await other.choose(ALICE, veil=True)
    assert await ledger.reader(ALICE) == Reader()
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now + 1.1)
    assert await ledger.reader(ALICE) == Reader(veil=True)
