"""Several replicas behind a load balancer on one PostgreSQL, killed and paused: everybody answered, each thing once."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from bot.storage.choices import DEFAULT_HOURS
from bot.storage.database import Database
from tests.bot_api import BotApiServer
from tests.e2e.balancer import Balancer
from tests.e2e.load import LOADED_SECONDS, PACE_SECONDS, PEOPLE_AT_ONCE, Load
from tests.e2e.program import Program, Start, free_port, run_ready

SAYINGS = ("is texting my ex micro-cheating?", "what about me?", "why?")
"""a question and two that lean on what came before, which another replica has answered"""
MOST_DOUBLED = 0.02
MOST_A_KILL = 4
"""replies that were out and not yet entered just then; the mark is for the long form"""
MOST_WAITING = 40
SETTLED_SECONDS = 60
SWEEP_SECONDS = 25
"""longer than from one clearing to the next"""
TELEGRAM_SECONDS = 60
"""after which Telegram gives up on a call"""
PAUSE_SECONDS = 25
"""longer than a lease, than a balancer's patience, and than the server leaves a transaction open"""


class Replicas:
    """The replicas behind a balancer, each on a port that it keeps when it is started again."""

    def __init__(self, start: Start, balancer: Balancer, ports: Sequence[int], url: str) -> None:
        self.balancer = balancer
        self.ports = ports
        self.running: dict[int, Program] = {}
        self.ended: list[Program] = []
        self._start = start
        self._url = url

    async def start(self, port: int) -> None:
        """Start one and wait until it answers."""
        self.running[port] = await run_ready(
            self._start, module="tests.e2e.lexical", DATABASE_URL=self._url, SECRET="s" * 32,
            WEBHOOK_URL=self.balancer.url, WEBHOOK_LISTEN=f"127.0.0.1:{port}",
        )  # fmt: skip

    async def kill(self, port: int) -> None:
        """End one as a power cut would."""
        program = self.running.pop(port)
        program.process.send_signal(signal.SIGKILL)
        assert await program.ended() == -signal.SIGKILL
        self.ended.append(program)

    async def pause(self, port: int, seconds: float) -> None:
        """Let one stand still for a while, as a machine that swaps or is moved."""
        self.running[port].process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.running[port].process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Stop all as a supervisor does."""
        for program in self.running.values():
            program.process.terminate()
        for program in self.running.values():
            assert await program.ended() == 0
        self.ended += self.running.values()
        self.running.clear()
        written = "".join(program.written for program in self.ended)
        assert "Traceback" not in written
        assert "a handler failed" not in written


@asynccontextmanager
async def replicas(start: Start, api: BotApiServer, url: str, count: int) -> AsyncIterator[Replicas]:
    """Run so many replicas behind a balancer."""
    api.world.courier.answer_seconds = TELEGRAM_SECONDS
    ports = [free_port() for _ in range(count)]
    async with Balancer(ports) as balancer:
        running = Replicas(start, balancer, ports, url)
        await asyncio.gather(*(running.start(port) for port in ports))
        yield running


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Open the database that the replicas share."""
    database = Database(url)
    yield database
    await database.close()


async def change(database: Database, statement: str) -> int:
    """Execute a statement; return how many rows it changed, or what it found."""
    async with database.begin() as connection:
        done = await connection.execute(text(statement))
        return int(done.scalar_one()) if done.returns_rows else done.rowcount


async def let_time_pass(database: Database, since: float) -> None:
    """Bring what was sent before a moment to where its timer is over, as half a day would."""
    later = time.time() + (DEFAULT_HOURS - 1) * 3600
    await change(database, f"UPDATE ledger SET due = 1 WHERE sent < {int(since)} AND due > {int(later)}")  # noqa: S608


async def until_cleared(database: Database) -> None:
    """Wait until every message is cleared, also those that a dead replica had claimed: its lease is cut short."""
    await let_time_pass(database, time.time() + 5)
    cut_short = time.monotonic() + SWEEP_SECONDS
    async with asyncio.timeout(4 * SWEEP_SECONDS):
        while await change(database, "SELECT count(*) FROM ledger"):
            await asyncio.sleep(0.5)
            if time.monotonic() > cut_short:
                await change(database, "UPDATE ledger SET due = 1")
                cut_short += SWEEP_SECONDS


def deleted(api: BotApiServer) -> Counter[tuple[str, int]]:
    """Return how often each message was deleted."""
    return Counter(
        (str(call.params["chat_id"]), number)
        for call in api.calls_to("deleteMessages")
        if call.result is True
        for number in _numbers(call.params["message_ids"])
    )


def left_behind(load: Load) -> int:
    """Return how many messages nobody clears: a kill came between Telegram's answer and the note of it."""
    return sum(len(person.chat.messages) for person in load.people)


def _numbers(value: object) -> list[int]:
    return [int(n) for n in (value if isinstance(value, list) else str(value).strip("[]").split(","))]


async def test_two_replicas_answer_as_one(start: Start, api: BotApiServer, postgres_url: str) -> None:
    """A hundred conversations while one or the other is killed three times; then everything is cleared, once."""
    moments = random.Random(4)
    async with replicas(start, api, postgres_url, 2) as both, opened(postgres_url) as database:
        load = Load(api, SAYINGS)
        await load.learn()
        alone = api.person()
        await alone.say(SAYINGS[-1])
        assert (await alone.next_reply(10)).text not in load.answers.values()
        for turn in range(10):
            asking = asyncio.create_task(load.ask())
            if turn in (1, 4, 7):
                await asyncio.sleep(moments.uniform(0, LOADED_SECONDS))
                port = both.ports[turn % 2]
                await both.kill(port)
                await both.start(port)
            await asking
        await api.wait_until_taken(SETTLED_SECONDS)
        asked, lost, doubled = load.count()
        assert (asked, lost) == (300, 0)
        assert doubled <= 3 * MOST_A_KILL
        assert min(both.balancer.taken[port] for port in both.ports) > 50

        await _forgets_everywhere(api, database)
        await both.stop()
        for table in ("claims", "turns"):
            assert await change(database, f"SELECT count(*) FROM {table}") == 0  # noqa: S608
        await change(database, "UPDATE ledger SET due = 1")
        await asyncio.gather(*(both.start(port) for port in both.ports))
        await until_cleared(database)
        assert left_behind(load) <= doubled
        assert set(deleted(api).values()) == {1}
        await both.stop()


async def _forgets_everywhere(api: BotApiServer, database: Database) -> None:
    """See what is held between two replicas: /proof tells of it, /forget erases it, /clear too."""
    before = await change(database, "SELECT count(*) FROM sessions")
    for command in ("/forget", "/clear"):
        alice = api.person()
        await alice.say(SAYINGS[0])
        await alice.next_reply(10)
        await alice.say("/proof")
        assert "Encrypted, for 30 minutes at most and without words" in (await alice.next_reply(10)).text
        await alice.say(command)
        await alice.next_reply(10)
        await api.wait_until_taken(10)
        assert await change(database, "SELECT count(*) FROM sessions") == before


@pytest.mark.soak
async def test_three_replicas_one_killed_one_paused(
    start: Start, api: BotApiServer, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The long form: 2,000 conversations, cleared while they go on; one replica dies, another stands still."""
    async with replicas(start, api, postgres_url, 3) as three, opened(postgres_url) as database:
        load, beside = Load(api, SAYINGS), []
        await load.learn()
        for turn in range(2000 // PEOPLE_AT_ONCE):
            if turn == 60:
                beside.append(asyncio.create_task(three.kill(three.ports[0])))
            if turn == 120:
                beside.append(asyncio.create_task(three.pause(three.ports[1], PAUSE_SECONDS)))
            if turn % 4 == 0:
                # Conversations that are over, so that there is always something to clear.
                await let_time_pass(database, time.time() - 20)
            await load.ask()
            # On a slow machine a backlog would only grow.
            while len(api.unconfirmed) > MOST_WAITING:  # noqa: ASYNC110 - the server rings for each one that is taken
                await asyncio.sleep(PACE_SECONDS)
        await asyncio.gather(*beside)
        await api.wait_until_taken(SETTLED_SECONDS)
        asked, lost, doubled = load.count()
        await until_cleared(database)
        twice = sum(n > 1 for n in deleted(api).values())
        answered = await change(database, "SELECT count(*) FROM handled")
        with capsys.disabled():
            print(  # noqa: T201 - the figures are the point
                f"\nthree replicas: {asked} asked, {lost} lost, {doubled} doubled; "
                f"{len(deleted(api))} messages cleared, {twice} of them twice; "
                f"calls by replica {sorted(three.balancer.taken.values())}, {three.balancer.failed.total()} passed on"
            )
        assert (asked, lost) == (6000, 0)
        assert doubled <= MOST_DOUBLED * asked
        assert answered == asked + len(SAYINGS)
        assert left_behind(load) <= doubled
        # What the dead one had deleted and could not strike out any more.
        assert twice <= MOST_DOUBLED * len(deleted(api))
        await three.stop()
