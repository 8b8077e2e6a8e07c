"""Two replicas behind one address, in this process on a real PostgreSQL, with clocks that are moved by hand."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from telegram import Bot, Update

from bot.app import make_seal
from bot.storage.claims import LEASE_SECONDS, Claims
from bot.storage.database import Database
from bot.storage.handled import Handled
from bot.tg import webhook as webhook_module
from bot.tg.tally import Tally
from bot.tg.turns import Turns
from tests.bot_api import BotApiServer, Person
from tests.tg.test_webhook import Hook, hooked, until, update_of

SEAL = make_seal([b"s" * 32])


class Clock:
    """Seconds that pass only when they are told to."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Replica:
    """One replica: what it has begun and answered, its turns and its address."""

    def __init__(self, bot: Bot, turns: Turns, hook: Hook | None = None) -> None:
        self.bot = bot
        self.turns = turns
        self.tally = Tally()
        self.begun: list[str] = []
        self.done: list[str] = []
        self.door = asyncio.Event()
        self._hook = hook

    @property
    def hook(self) -> Hook:
        """Return its address."""
        assert self._hook is not None
        return self._hook

    @hook.setter
    def hook(self, hook: Hook) -> None:
        self._hook = hook

    async def __call__(self, update: Update) -> None:
        """Answer with a message; texts that begin with `hold` wait for the door first."""
        message = update.effective_message
        said = (message.text if message is not None else None) or ""
        self.begun.append(said)
        if said.startswith("hold"):
            await self.door.wait()
        await self.bot.send_message(5 if message is None else message.chat_id, said)
        self.done.append(said)


@pytest.fixture
def clock() -> Clock:
    """Return the clock of all replicas and of the database."""
    return Clock()


@pytest.fixture
def alice(api: BotApiServer) -> Person:
    """Return somebody whose chat is open, and whose messages the test delivers itself."""
    person = api.person()
    person.opened = True
    return person


Make = Callable[..., Any]


def is_danger(update: Update) -> bool:
    """Tell what may not wait."""
    return update.message is not None and "danger" in str(update.message.text)


@pytest.fixture
async def replicas(bot: Bot, clock: Clock, postgres_url: str) -> AsyncIterator[Make]:
    """Return what makes a running replica; all are stopped at last."""
    async with AsyncExitStack() as stack:

        @asynccontextmanager
        async def run(name: bytes, url: str) -> AsyncIterator[Replica]:
            database = Database(url)
            await database.open()
            claims = Claims(database, SEAL, name, clock)
            replica = Replica(bot, Turns(database, claims, is_danger=is_danger, clock=clock))
            handled = Handled(database, clock)
            try:
                async with hooked(bot, replica, turns=replica.turns, handled=handled, tally=replica.tally) as hook:
                    replica.hook = hook
                    yield replica
                    replica.door.set()
            finally:
                await database.close()

        async def make(name: bytes, url: str = postgres_url) -> Replica:
            return await stack.enter_async_context(run(name, url))

        yield make


def said(person: Person) -> list[str]:
    """Return what somebody was sent."""
    return [message.text for message in person.chat.from_bot]


async def test_a_double_delivery_is_answered_once(replicas: Make, alice: Person) -> None:
    """Telegram hears 200 from both, when the answer is out; also later, and from a replica that never saw it."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    for number in range(20):
        update = update_of(number, f"text {number}", chat=alice.id)
        assert await asyncio.gather(first.hook.post(update), second.hook.post(update)) == [200, 200]
    assert said(alice) == [f"text {n}" for n in range(20)]
    third = await replicas(b"replica3")
    for number in range(20):
        assert await third.hook.post(update_of(number, f"text {number}", chat=alice.id)) == 200
    assert len(said(alice)) == 20
    assert first.tally.repeated + second.tally.repeated == 20
    assert third.tally.repeated == 20


async def test_a_delivery_that_is_repeated_while_another_replica_answers_waits_for_it(
    replicas: Make, alice: Person
) -> None:
    """It is not taken for answered before it is."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    calls = [asyncio.create_task(first.hook.post(update_of(1, "hold", chat=alice.id)))]
    await until(lambda: first.begun == ["hold"])
    calls.append(asyncio.create_task(second.hook.post(update_of(1, "hold", chat=alice.id))))
    await until(lambda: len(second.hook.webhook._order) == 1)
    await asyncio.sleep(0.2)
    assert not any(call.done() for call in calls)
    first.door.set()
    assert await asyncio.gather(*calls) == [200, 200]
    assert said(alice) == ["hold"]
    assert second.begun == []


async def test_order_is_kept_in_a_chat_over_replicas(replicas: Make, alice: Person, api: BotApiServer) -> None:
    """One after another whoever has them; another chat waits for nobody."""
    bob = api.person()
    bob.opened = True
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    calls = []
    for number, replica in enumerate([first, second, first, second, second, first], 1):
        word = "hold" if number == 1 else "text"
        calls.append(asyncio.create_task(replica.hook.post(update_of(number, f"{word} {number}", chat=alice.id))))
        await until(lambda n=number: len(first.turns._held) + len(second.turns._held) == n)  # type: ignore[misc]
    assert await second.hook.post(update_of(9, "text", chat=bob.id)) == 200
    assert (first.begun, second.begun) == (["hold 1"], ["text"])
    first.door.set()
    assert await asyncio.gather(*calls) == [200] * 6
    assert said(alice) == ["hold 1", *(f"text {n}" for n in range(2, 7))]


async def test_one_that_comes_out_of_order_blocks_nobody(replicas: Make, alice: Person) -> None:
    """Two replicas that wait for each other's earlier ones would wait for ever."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    calls = [asyncio.create_task(first.hook.post(update_of(1, "hold 1", chat=alice.id)))]
    await until(lambda: first.begun == ["hold 1"])
    for number, replica in ((5, second), (4, first), (3, second), (2, second)):
        calls.append(asyncio.create_task(replica.hook.post(update_of(number, f"text {number}", chat=alice.id))))
        await until(lambda: len(first.turns._held) + len(second.turns._held) == len(calls))
    first.door.set()
    assert await asyncio.gather(*calls) == [200] * 5
    assert said(alice) == ["hold 1", "text 2", "text 3", "text 4", "text 5"]


async def test_what_a_dead_replica_had_is_answered_by_another(replicas: Make, alice: Person, clock: Clock) -> None:
    """When its lease is over, not before; and so is what came after in that chat."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    lost = asyncio.create_task(first.hook.post(update_of(1, "hold on", chat=alice.id)))
    await until(lambda: first.begun == ["hold on"])
    second.door.set()
    calls = [asyncio.create_task(second.hook.post(update_of(1, "hold on", chat=alice.id)))]
    await until(lambda: len(second.hook.webhook._order) == 1)
    calls.append(asyncio.create_task(second.hook.post(update_of(2, "later", chat=alice.id))))
    clock.now += LEASE_SECONDS - 0.1
    await asyncio.sleep(0.5)
    assert second.begun == []
    clock.now += 0.2
    assert await asyncio.gather(*calls) == [200, 200]
    assert said(alice) == ["hold on", "later"]
    lost.cancel()


async def test_danger_does_not_wait_behind_a_dead_replica(replicas: Make, alice: Person, clock: Clock) -> None:
    """Half a second for the chat's earlier message is enough; it is answered once all the same."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    lost = asyncio.create_task(first.hook.post(update_of(1, "hold on", chat=alice.id)))
    await until(lambda: first.begun == ["hold on"])
    calls = [asyncio.create_task(second.hook.post(update_of(2, "danger", chat=alice.id)))]
    await until(lambda: len(second.turns._held) == 1)
    await asyncio.sleep(0.2)
    assert second.begun == []
    clock.now += 0.6
    assert await calls[0] == 200
    assert said(alice) == ["danger"]
    assert await second.hook.post(update_of(2, "danger", chat=alice.id)) == 200
    assert said(alice) == ["danger"]
    first.door.set()
    assert await lost == 200
    assert said(alice) == ["danger", "hold on"]


async def test_a_replica_that_was_paused_does_not_answer_what_another_has(
    replicas: Make, alice: Person, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Before each call it sees by its own clock that time has passed, and asks."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    paused = asyncio.create_task(first.hook.post(update_of(1, "hold on", chat=alice.id)))
    await until(lambda: first.begun == ["hold on"])
    clock.now += 2 * LEASE_SECONDS
    second.door.set()
    assert await second.hook.post(update_of(1, "hold on", chat=alice.id)) == 200
    with caplog.at_level(logging.WARNING, "bot"):
        first.door.set()
        assert await paused == 503
    assert said(alice) == ["hold on"]
    assert first.done == []
    assert "left to another replica" in caplog.text
    assert await first.hook.post(update_of(2, "hold on, too", chat=alice.id)) == 200
    assert said(alice) == ["hold on", "hold on, too"]


async def test_a_replica_that_was_paused_and_missed_by_nobody_goes_on(
    replicas: Make, alice: Person, clock: Clock
) -> None:
    """Its lease is over, and the update still its own to answer."""
    first = await replicas(b"replica1")
    call = asyncio.create_task(first.hook.post(update_of(1, "hold on", chat=alice.id)))
    await until(lambda: first.begun == ["hold on"])
    clock.now += 2 * LEASE_SECONDS
    first.door.set()
    assert await call == 200
    assert said(alice) == ["hold on"]


async def test_an_answer_that_takes_long_is_not_taken_over(replicas: Make, alice: Person, clock: Clock) -> None:
    """As when Telegram asks to wait."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    calls = [asyncio.create_task(first.hook.post(update_of(1, "hold", chat=alice.id)))]
    await until(lambda: first.begun == ["hold"])
    calls.append(asyncio.create_task(second.hook.post(update_of(1, "hold", chat=alice.id))))
    for _ in range(4):
        clock.now += 0.75 * LEASE_SECONDS
        await first.turns.renew()
        await asyncio.sleep(0.3)
    assert second.begun == []
    first.door.set()
    assert await asyncio.gather(*calls) == [200, 200]
    assert said(alice) == ["hold"]


async def test_leases_are_renewed_without_being_asked(
    replicas: Make, alice: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While anything is at hand, and no longer."""
    monkeypatch.setattr("bot.tg.turns._RENEW_SECONDS", 0.02)
    first = await replicas(b"replica1")
    call = asyncio.create_task(first.hook.post(update_of(1, "hold", chat=alice.id)))
    await until(lambda: first.begun == ["hold"])
    turn = first.turns._held[1]
    for _ in range(3):
        clock.now += 0.75 * LEASE_SECONDS
        await until(lambda: turn.left(clock.now) == LEASE_SECONDS)
    first.door.set()
    assert await call == 200
    await until(lambda: first.turns._keeper is not None and first.turns._keeper.done())


async def test_what_a_stop_cuts_off_is_open_to_others_at_once(
    replicas: Make, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No lease has to end first."""
    monkeypatch.setattr(webhook_module, "_DRAIN_SECONDS", 0.1)
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    cut = asyncio.create_task(first.hook.post(update_of(1, "hold on", chat=alice.id)))
    await until(lambda: first.begun == ["hold on"])
    first.hook.webhook.stop()
    assert await cut in {503, 0}
    await until(lambda: first.hook.task.done())
    second.door.set()
    assert await second.hook.post(update_of(1, "hold on", chat=alice.id)) == 200
    assert said(alice) == ["hold on"]


async def test_an_update_that_failed_is_done_with_everywhere(replicas: Make, api: BotApiServer, alice: Person) -> None:
    """Or it would go round for ever."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    api.faults.next("sendMessage", status=400, times=1)
    assert await first.hook.post(update_of(1, "x", chat=alice.id)) == 200
    assert await second.hook.post(update_of(1, "x", chat=alice.id)) == 200
    assert said(alice) == []
    assert (first.tally.failed, second.tally.repeated) == (1, 1)


@pytest.mark.parametrize("away", ["refused", "no tables"])
async def test_without_the_database_everybody_is_answered(
    replicas: Make, alice: Person, away: str, postgres_url: str
) -> None:
    """At once, in order, and each once as far as one replica knows."""
    first = await replicas(b"replica1", postgres_url if away == "no tables" else "postgresql+asyncpg://127.0.0.1:1/x")
    if away == "no tables":
        await rename(first, "claims", "away")
    began = time.monotonic()
    calls = [first.hook.post(update_of(n, f"text {n}", chat=alice.id)) for n in range(5)]
    assert await asyncio.gather(*calls) == [200] * 5
    assert time.monotonic() - began < 3
    assert said(alice) == [f"text {n}" for n in range(5)]
    assert await first.hook.post(update_of(1, "text 1", chat=alice.id)) == 200
    assert len(said(alice)) == 5
    if away == "no tables":
        await rename(first, "away", "claims")


async def rename(replica: Replica, before: str, after: str) -> None:
    """Take a table away from a replica, or give it back."""
    async with replica.turns._database.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


async def test_a_silent_database_does_not_hold_up_danger(replicas: Make, alice: Person) -> None:
    """A moment at first, later not at all; the others wait a little longer for it, until it is known."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+asyncpg://postgres@127.0.0.1:{silent.getsockname()[1]}/x"
        first = await replicas(b"replica1", url)
        for number in range(3):
            began = time.monotonic()
            assert await first.hook.post(update_of(number, "danger", chat=alice.id)) == 200
            assert time.monotonic() - began < 2
        began = time.monotonic()
        calls = [first.hook.post(update_of(n, f"text {n}", chat=alice.id)) for n in range(3, 9)]
        assert await asyncio.gather(*calls) == [200] * 6
        assert time.monotonic() - began < 9
        assert first.turns._database.rests
        began = time.monotonic()
        assert await first.hook.post(update_of(9, "danger", chat=alice.id)) == 200
        assert await first.hook.post(update_of(10, "text", chat=alice.id)) == 200
        assert time.monotonic() - began < 1
        assert said(alice) == ["danger"] * 3 + [f"text {n}" for n in range(3, 9)] + ["danger", "text"]


async def test_a_mistake_in_the_books_costs_no_answer(
    replicas: Make, alice: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line tells the place, without a text."""
    first = await replicas(b"replica1")

    async def fail(*_: object) -> bool:
        raise RuntimeError("canarytext")

    monkeypatch.setattr(first.turns.claims, "claim", fail)
    assert await first.hook.post(update_of(1, "text", chat=alice.id)) == 200
    assert said(alice) == ["text"]
    assert "sharing with other replicas failed: RuntimeError" in caplog.text
    assert "canarytext" not in caplog.text


async def test_the_database_fails_while_another_replica_answers(
    replicas: Make, alice: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told to wait goes on waiting for a whole lease, and then answers rather than stay silent."""
    first, second = await replicas(b"replica1"), await replicas(b"replica2")
    calls = [asyncio.create_task(first.hook.post(update_of(1, "hold on", chat=alice.id)))]
    await until(lambda: first.begun == ["hold on"])
    claim, refused = second.turns.claims.claim, asyncio.Event()

    async def watched(number: int, chat_id: int | None) -> bool:
        refused.set()
        return await claim(number, chat_id)

    async def fail(number: int, chat_id: int | None) -> bool:
        raise OSError

    monkeypatch.setattr(second.turns.claims, "claim", watched)
    second.door.set()
    calls.append(asyncio.create_task(second.hook.post(update_of(1, "hold on", chat=alice.id))))
    await refused.wait()
    monkeypatch.setattr(second.turns.claims, "claim", fail)
    await asyncio.sleep(0.5)
    clock.now += LEASE_SECONDS - 0.5
    await asyncio.sleep(0.6)
    assert second.begun == []
    clock.now += 1
    assert await calls[1] == 200
    assert said(alice) == ["hold on"]
    calls[0].cancel()
