"""Leases of replicas on PostgreSQL: each update to one, one update of a chat at a time, the dead passed over."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import insert, text

from bot.storage.choices import Reader
from bot.storage.claims import LEASE_SECONDS, Claims, Standing
from bot.storage.database import BROKEN, Database
from bot.storage.handled import Handled
from bot.storage.ledger import Ledger
from bot.storage.schema import sessions
from bot.storage.seal import Seal
from bot.storage.sessions import Kind, Sessions

ALICE, BOB = 5_551_234_567, 5_551_234_568
NOW = 1_800_000_000.0


class Clock:
    """A clock that stands still until it is moved."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return the clock that all replicas of a test have."""
    return Clock()


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    """Return an open database on PostgreSQL: one program alone claims nothing."""
    database = Database(postgres_url)
    assert await database.open()
    yield database
    await database.close()


@pytest.fixture
def first(database: Database, seal: Seal, clock: Clock) -> Claims:
    """Return the claims of a replica."""
    return Claims(database, seal, b"replica1", clock)


@pytest.fixture
async def second(postgres_url: str, database: Database, seal: Seal, clock: Clock) -> AsyncIterator[Claims]:
    """Return the claims of another replica."""
    other = Database(postgres_url)
    yield Claims(other, seal, b"replica2", clock)
    await other.close()


async def count(database: Database) -> dict[str, int]:
    """Return how many rows lie in the tables."""
    found: dict[str, Any] = {}
    async with database.connect() as connection:
        for table in ("claims", "turns", "handled"):
            found[table] = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()  # noqa: S608
    return found


async def test_an_update_is_at_hand_in_one_replica(first: Claims, second: Claims) -> None:
    """The other is told so until it is answered, and then that."""
    assert await first.claim(1, ALICE)
    assert not await second.claim(1, ALICE)
    assert await first.begin(1, ALICE) is Standing.OURS
    await first.finish(1)
    assert await second.claim(1, ALICE)
    assert await second.begin(1, ALICE) is Standing.ANSWERED


async def test_many_at_once_share_what_there_is(first: Claims, second: Claims) -> None:
    """However they meet, each update goes to one of them."""
    for number in range(50):
        both = await asyncio.gather(first.claim(number, ALICE), second.claim(number, ALICE))
        assert sorted(both) == [False, True]


async def test_when_answered_nothing_is_left_but_the_number(database: Database, first: Claims, clock: Clock) -> None:
    """As one program alone would have entered it."""
    await first.claim(1, ALICE)
    await first.begin(1, ALICE)
    await first.finish(1)
    assert await count(database) == {"claims": 0, "turns": 0, "handled": 1}
    assert await Handled(database, clock).find([1, 2]) == {1}


async def test_what_goes_with_an_answer_is_written_with_it_or_not_at_all(
    database: Database, seal: Seal, first: Claims, second: Claims
) -> None:
    """Whoever answers again after a kill must find what the first one found."""
    held = Sessions(database, seal)
    also = [held.writing(ALICE, kind, f"{kind}", int(NOW) + 9) for kind in Kind]
    await first.claim(1, ALICE)
    await first.begin(1, ALICE)
    await first.finish(1, also)
    assert await held.read(ALICE, int(NOW)) == {Kind.CONTEXT: "0", Kind.DRAFT: "1"}
    await second.claim(2, ALICE)
    assert await second.begin(2, ALICE) is Standing.OURS
    with pytest.raises(BROKEN):
        await second.finish(2, [held.erasing(ALICE, Kind.CONTEXT), insert(sessions).values(chat=b"no box", kind=7)])
    assert len(await held.read(ALICE, int(NOW))) == 2
    assert await count(database) == {"claims": 1, "turns": 1, "handled": 1}
    await second.finish(2, [held.erasing(ALICE, Kind.CONTEXT), held.erasing(ALICE, Kind.DRAFT)])
    assert await held.read(ALICE, int(NOW)) == {}
    assert await count(database) == {"claims": 0, "turns": 0, "handled": 2}


async def test_a_day_later_it_is_forgotten(first: Claims, clock: Clock) -> None:
    """Telegram counts anew after a quiet week."""
    await first.claim(1, ALICE)
    await first.finish(1)
    clock.now += 86_401
    await first.claim(1, ALICE)
    assert await first.begin(1, ALICE) is Standing.OURS


async def test_a_chat_has_one_turn_at_a_time_and_in_order(first: Claims, second: Claims) -> None:
    """Whoever has them at hand; another chat waits for nobody."""
    for number, claims in ((1, first), (2, second), (3, first)):
        assert await claims.claim(number, ALICE)
    assert await first.begin(3, ALICE) is Standing.WAITS
    assert await second.begin(2, ALICE) is Standing.WAITS
    assert await first.begin(1, ALICE) is Standing.OURS
    assert await second.claim(4, BOB)
    assert await second.begin(4, BOB) is Standing.OURS
    await first.finish(1)
    assert await first.begin(3, ALICE) is Standing.WAITS
    assert await second.begin(2, ALICE) is Standing.OURS
    await second.finish(2)
    assert await first.begin(3, ALICE) is Standing.OURS


async def test_one_that_comes_late_waits_for_the_one_that_has_begun(first: Claims, second: Claims) -> None:
    """Nothing of a chat runs beside another."""
    await first.claim(2, ALICE)
    assert await first.begin(2, ALICE) is Standing.OURS
    await second.claim(1, ALICE)
    assert await second.begin(1, ALICE) is Standing.WAITS
    await first.finish(2)
    assert await second.begin(1, ALICE) is Standing.OURS


async def test_what_belongs_to_no_chat_waits_for_nobody(first: Claims, second: Claims) -> None:
    """Yet it is answered once."""
    await first.claim(1, None)
    assert not await second.claim(1, None)
    await second.claim(2, None)
    assert await second.begin(2, None) is Standing.OURS
    assert await first.begin(1, None) is Standing.OURS
    await first.finish(1)
    await second.claim(1, None)
    assert await second.begin(1, None) is Standing.ANSWERED


async def test_a_dead_replica_holds_nothing_for_longer_than_a_lease(
    first: Claims, second: Claims, clock: Clock
) -> None:
    """Neither its update nor the chat's next one."""
    await first.claim(1, ALICE)
    await first.begin(1, ALICE)
    await second.claim(2, ALICE)
    clock.now += LEASE_SECONDS - 0.01
    assert not await second.claim(1, ALICE)
    assert await second.begin(2, ALICE) is Standing.WAITS
    clock.now += 0.02
    assert await second.claim(2, ALICE)
    assert await second.begin(2, ALICE) is Standing.OURS
    assert await second.claim(1, ALICE)


async def test_what_is_renewed_is_kept(first: Claims, second: Claims, clock: Clock) -> None:
    """An answer may take longer than a lease."""
    await first.claim(1, ALICE)
    await first.begin(1, ALICE)
    await second.claim(2, ALICE)
    for _ in range(4):
        clock.now += LEASE_SECONDS * 0.75
        assert await first.renew([1]) == {1}
        assert await second.renew([2]) == {2}
        assert not await second.claim(1, ALICE)
        assert await second.begin(2, ALICE) is Standing.WAITS


async def test_a_lease_that_ran_out_is_lost(first: Claims, second: Claims, clock: Clock) -> None:
    """A replica that was paused is told; it cannot renew what may be another's."""
    await first.claim(1, ALICE)
    clock.now += LEASE_SECONDS
    assert await first.renew([1]) == set()
    assert await first.begin(1, ALICE) is Standing.LOST
    assert await second.claim(1, ALICE)
    assert not await first.claim(1, ALICE)
    assert await first.begin(1, ALICE) is Standing.LOST
    await first.finish(1)
    assert await second.begin(1, ALICE) is Standing.ANSWERED


async def test_a_replica_that_stops_lets_go_of_its_own(database: Database, first: Claims, second: Claims) -> None:
    """Nobody waits for the end of its leases."""
    await first.claim(1, ALICE)
    await first.begin(1, ALICE)
    await second.claim(2, ALICE)
    await first.leave()
    assert await second.begin(2, ALICE) is Standing.OURS
    assert await count(database) == {"claims": 1, "turns": 1, "handled": 0}


async def test_what_the_dead_left_is_erased(database: Database, first: Claims, clock: Clock) -> None:
    """And nothing that is at hand."""
    await first.claim(1, ALICE)
    await first.begin(1, ALICE)
    await first.purge()
    assert (await count(database))["claims"] == 1
    clock.now += LEASE_SECONDS
    await first.purge()
    assert await count(database) == {"claims": 0, "turns": 0, "handled": 0}


async def test_the_servers_clock_is_the_one_that_counts(database: Database, seal: Seal) -> None:
    """Machines may not agree on the time."""
    first, second = (Claims(database, seal, name) for name in (b"replica1", b"replica2"))
    await first.claim(1, ALICE)
    assert not await second.claim(1, ALICE)
    assert await first.begin(1, ALICE) is Standing.OURS
    assert await first.renew([1]) == {1}
    await first.purge()
    async with database.connect() as connection:
        left = "SELECT until / 1000.0 - extract(epoch FROM now()) FROM claims"
        assert LEASE_SECONDS - 2 < float((await connection.execute(text(left))).scalar_one()) <= LEASE_SECONDS
    await first.finish(1)
    assert await Handled(database).find([1]) == {1}


async def test_no_row_holds_a_plain_number_of_a_chat(database: Database, first: Claims) -> None:
    """The keyed hash alone."""
    await first.claim(1, ALICE)
    await first.begin(1, ALICE)
    async with database.connect() as connection:
        for table in ("claims", "turns"):
            for row in await connection.execute(text(f"SELECT * FROM {table}")):  # noqa: S608
                for value in row:
                    seen = value if isinstance(value, bytes) else str(value).encode()
                    assert str(ALICE).encode() not in seen
                    assert ALICE.to_bytes(8, "big") not in seen


async def test_a_program_that_is_paused_in_a_transaction_holds_up_nobody_for_long(
    database: Database, postgres_url: str
) -> None:
    """The server ends its transaction, and with it the locks."""
    async with database.connect() as connection:
        setting = (await connection.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar_one()
    assert setting == "15s"


async def test_a_server_that_keeps_silent_is_left_alone_for_a_while(seal: Seal) -> None:
    """An answer waits two seconds for it, a note three; when it has kept silent for a while nobody waits any more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql+asyncpg://postgres@127.0.0.1:{silent.getsockname()[1]}/x")
        ledger, began = Ledger(database, seal), time.monotonic()
        assert await ledger.reader(ALICE) == Reader()
        assert await ledger.reader(ALICE) == Reader()
        assert 1.9 < time.monotonic() - began < 4
        assert not database.rests
        for _ in range(2):
            await ledger.note(ALICE, [1], int(NOW), int(NOW))
        assert time.monotonic() - began < 14
        assert database.rests
        began = time.monotonic()
        for n in range(100):
            await ledger.note(ALICE + n, [1], int(NOW), int(NOW))
            assert await ledger.reader(ALICE + n) == Reader()
        assert time.monotonic() - began < 1
        await database.close()


async def test_many_calls_given_up_at_once_are_no_long_silence(database: Database) -> None:
    """As when this program itself was paused; and a word from the server makes up for all before."""
    for _ in range(20):
        database.warn(TimeoutError())
    assert not database.rests
    for _ in range(4):
        database._silent_at = 0.0
        database.warn(TimeoutError())
        async with database.connect() as connection:
            await connection.execute(text("SELECT 1"))
    assert not database.rests
    for _ in range(3):
        database._silent_at = 0.0
        database.warn(TimeoutError())
    assert database.rests
    with pytest.raises(BROKEN):
        database.connect()
