"""The program as a process: nothing of a reader in anything it writes, and clearing over crashes and lost keys."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.bot_api import BotApiServer, Person
from tests.e2e.program import TOKEN, Program, Start
from tests.e2e.test_kill import free_port

NAMES = {"first_name": "Canaryfirstname", "last_name": "Canarylastname", "username": "canary_username"}
TITLE = "Canarygrouptitle"
WORD = "canaryword canaryother"
TEXT = "canarywordinthetext"
PRESSED = "canarycallbackdata"
LINKED = "canarystartword"
QUESTION = "is texting my ex micro-cheating?"


async def get(url: str) -> str:
    """Return what an address answers."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.text()


def written_below(folder: Path) -> bytes:
    """Return all bytes of all files and names below a folder, without the fitted matcher that is linked into it."""
    found = [p for p in sorted(folder.rglob("*")) if not {"model", "models"} & set(p.relative_to(folder).parts)]
    return b"".join(p.name.encode() + (p.read_bytes() if p.is_file() else b"") for p in found)


async def talk(person: Person, sayings: tuple[str, ...]) -> None:
    """Say things and wait for the reply to each."""
    for saying in sayings:
        await person.say(saying)
        await person.next_reply(10)


@pytest.mark.parametrize("fault", [None, "sendMessage"])
async def test_nothing_of_a_reader_is_written_anywhere(
    start: Start, api: BotApiServer, data_dir: Path, fault: str | None
) -> None:
    """Names, texts, words, button data, link words, ids and the token: not in the log at DEBUG, the database and its
    log, the data folder, what is watched, nor in what a crash leaves behind."""
    port = free_port()
    program = await start(LOG_LEVEL="DEBUG", METRICS_LISTEN=f"127.0.0.1:{port}")
    await program.until("ready")
    alice = api.person(NAMES["first_name"], username=NAMES["username"], last_name=NAMES["last_name"])
    group = api.group(TITLE, members=[alice])
    if fault is not None:
        api.faults.next(fault, status=400)
        await alice.say(f"{QUESTION} {TEXT}")
    await talk(alice, (f"{QUESTION} {TEXT}", f"he hit me last night {TEXT}", f"/word {WORD}", f"/start {LINKED}", TEXT))
    card = alice.chat.from_bot[-1]
    await (await alice.press_data(card, f"{PRESSED}.x")).answered()
    await alice.next_reply(10)
    await alice.say(f"/ask {TEXT}", chat=group)
    await group.next_reply(10)
    await api.wait_until_taken(10)
    watched = "".join([await get(f"http://127.0.0.1:{port}/{name}") for name in ("health", "ready", "metrics")])
    assert "unspoken_updates_handled_total" in watched
    await alice.say(f"{QUESTION} {TEXT}")
    program.process.send_signal(signal.SIGABRT)
    assert await program.ended() == -signal.SIGABRT
    kept = await asyncio.to_thread(written_below, data_dir)
    assert b"texting_ex" in kept or (data_dir / "unspoken.sqlite3").exists()
    numbers = (str(alice.id), str(group.id), str(group.id).removeprefix("-100"))
    for canary in (*NAMES.values(), TITLE, *WORD.split(), TEXT, PRESSED, LINKED, TOKEN, TOKEN.split(":")[1], *numbers):
        assert canary not in program.written
        assert canary not in watched
        assert canary.encode() not in kept
    for number in (alice.id, group.id):
        assert number.to_bytes(8, "big", signed=True) not in kept
        assert number.to_bytes(8, "little", signed=True) not in kept
    assert "Traceback" not in program.written


def on_disk(data_dir: Path, statement: str) -> list[tuple[object, ...]]:
    """Run one statement on the database of a program that is down."""
    with closing(sqlite3.connect(data_dir / "unspoken.sqlite3")) as connection, connection:
        return connection.execute(statement).fetchall()


async def stopped(program: Program, how: signal.Signals) -> None:
    """End a program."""
    program.process.send_signal(how)
    await program.ended()


async def test_a_crash_between_answer_and_timer_loses_no_clearing(
    start: Start, api: BotApiServer, data_dir: Path
) -> None:
    """Killed as soon as the answers are out; what falls due while it is down is cleared at the next start, silently."""
    first = await start(LOG_LEVEL="INFO")
    await first.until("ready")
    people = [api.person() for _ in range(3)]
    for person in people:
        await talk(person, (QUESTION, "/help"))
    await api.wait_until_taken(10)
    await stopped(first, signal.SIGKILL)
    assert on_disk(data_dir, "SELECT count(*) FROM ledger") == [(12,)]
    on_disk(data_dir, "UPDATE ledger SET due = 1")
    sent = len(api.calls_to("sendMessage"))
    second = await start(LOG_LEVEL="INFO")
    await second.until("ready")
    async with asyncio.timeout(10):
        while on_disk(data_dir, "SELECT count(*) FROM ledger") != [(0,)]:  # noqa: ASYNC110 - a row that goes tells nobody
            await asyncio.sleep(0.1)
    assert not any(person.chat.messages for person in people)
    assert len(api.calls_to("sendMessage")) == sent
    await stopped(second, signal.SIGTERM)


@pytest.mark.parametrize("how", ["another", "missing"])
async def test_a_lost_secret_is_said_and_the_bot_goes_on(
    start: Start, api: BotApiServer, data_dir: Path, how: str
) -> None:
    """One line for what is no longer cleared, one for choices; old buttons and questions are answered all the same."""
    first = await start(LOG_LEVEL="INFO")
    await first.until("ready")
    alice = api.person()
    await talk(alice, ("/word milk and eggs", QUESTION))
    card = alice.chat.from_bot[-1]
    await api.wait_until_taken(10)
    await stopped(first, signal.SIGTERM)
    if how == "missing":
        (data_dir / "secret").unlink()
    second = await start(LOG_LEVEL="INFO", **({"SECRET": "another secret of the tests"} if how == "another" else {}))
    await second.until("ready")
    await alice.press(card, "Topics")
    assert (await alice.next_reply(10)).text
    await talk(alice, (QUESTION, "/proof"))
    assert "No choices" in alice.chat.from_bot[-1].text
    await stopped(second, signal.SIGTERM)
    assert second.written.count("3 messages will not be cleared") == 1
    assert second.written.count("choices of 1 readers") == 1
    assert "ERROR" not in second.written
    assert "Traceback" not in second.written
