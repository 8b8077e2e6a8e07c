"""The real application against somebody else's idea of Telegram: the package telemelya, in webhook mode."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from telegram import Update

from bot.app import App, build_application, make_desk
from bot.content.catalogue import Catalogue
from bot.content.paths import default_data_dir
from bot.core.engine import Engine
from bot.settings import load_settings
from bot.storage.database import Database

PACKAGE = "telemelya==0.2.2"
TOKEN = "7000000001:AAcanarytokencanarytokencanarytoken"
KEY = "control-key"
CHAT_ID = 424242
QUESTION = "is texting my ex micro-cheating?"
DANGER = "he hit me last night"
INSTALL_SECONDS = 300
READY_SECONDS = 60
STOP_SECONDS = 10
CALL_SECONDS = 20
UNREACHABLE = re.compile(
    r"from versions: none|ConnectionError|Connection refused|Max retries|Retrying|timed? ?out", re.I
)

# Redis is played by fakeredis; MinIO holds photos only, so it is left out; the port is told on the first line.
EMULATOR = """
import socket

import fakeredis
import uvicorn
from telemelya.server import state
from telemelya.server.app import app
from telemelya.server.media import MediaManager


async def nothing(*_: object) -> None:
    pass


state.redis.from_url = lambda _url, **options: fakeredis.FakeAsyncRedis(**options)
MediaManager.connect = MediaManager.close = MediaManager.cleanup_session = nothing
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
"""


async def finished(process: asyncio.subprocess.Process, seconds: float) -> str:
    """Return what a process wrote until its end; one that takes too long is killed and TimeoutError raised."""
    try:
        async with asyncio.timeout(seconds):
            written, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
    return written.decode(errors="replace")


async def run(*command: str) -> tuple[int | None, str]:
    """Return the exit status and the output of a command, in bounded time."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    written = await finished(process, INSTALL_SECONDS)
    return process.returncode, written


async def make_environment(folder: Path) -> None:
    """Make a virtual environment with the emulator in it; skips the test when the registry cannot be reached."""
    status, written = await run(sys.executable, "-m", "venv", str(folder))
    assert status == 0, written
    pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--retries", "1")
    try:
        status, written = await run(*pip, "install", "--quiet", PACKAGE, "fakeredis", "httpx")
    except TimeoutError:
        pytest.skip(f"{PACKAGE} did not install within {INSTALL_SECONDS} seconds; is the package registry reachable?")
    if status and UNREACHABLE.search(written):
        pytest.skip(f"{PACKAGE} cannot be had, the package registry is out of reach: {written.splitlines()[-1]}")
    assert status == 0, written


def keep(made: Path, kept: Path) -> None:
    """Move a whole environment to where it is kept, unless another run was faster."""
    with contextlib.suppress(OSError):
        made.rename(kept)


@pytest.fixture
async def python() -> Path:
    """Return the Python of an environment with the emulator, which is made once and kept in the data folder."""
    kept = default_data_dir() / f"{PACKAGE.replace('==', '-')}-py{sys.version_info[0]}.{sys.version_info[1]}"
    if not (kept / "bin" / "python").exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix="telemelya-", dir=kept.parent))
        try:
            await make_environment(made)
            keep(made, kept)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return kept / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot's, as the emulator recorded it."""

    method: str
    message_id: int | None
    text: str
    raw: dict[str, Any]
    buttons: dict[str, str] = field(default_factory=dict)
    """what each label sends when it is pressed"""


def as_call(record: dict[str, Any]) -> Call:
    """Return a record of the emulator's as a call."""
    rows = (record.get("reply_markup") or {}).get("inline_keyboard", [])
    buttons = {b["text"]: b["callback_data"] for row in rows for b in row if "callback_data" in b}
    return Call(record["method"], record.get("message_id"), record.get("text") or "", record["raw"], buttons)


class Emulator:
    """A person's side of the emulator, through its control interface."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session
        self._seen = 0

    async def ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Return the emulator's answer, which must be a good one."""
        async with self._session.request(method, f"{self.url}/api/v1/test/{path}", **options) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def update(self, **content: Any) -> dict[str, Any]:
        """Have an update delivered, and return it; the bot has dealt with it by then."""
        content = {"chat_id": CHAT_ID, **content}
        answer = await self.ask("POST", "send_update", params={"bot_token": TOKEN}, json=content)
        assert answer["delivery"]["status_code"] == 200
        update: dict[str, Any] = answer["update"]
        return update

    async def new_calls(self) -> list[Call]:
        """Return what the bot called since last asked."""
        records = (await self.ask("GET", "responses"))["responses"]
        fresh, self._seen = records[self._seen :], len(records)
        return [as_call(record) for record in fresh]

    async def say(self, text: str) -> Call:
        """Write to the bot; return its one reply."""
        await self.update(text=text)
        (reply,) = await self.new_calls()
        check_sent(reply)
        return reply

    async def press(self, message: Call, label: str) -> Call:
        """Press a button; return what came of it, after checking that the press was answered."""
        assert label in message.buttons, list(message.buttons)
        update = await self.update(callback_data=message.buttons[label], callback_message_id=message.message_id)
        outcome, answered = await self.new_calls()
        assert answered.method == "answerCallbackQuery"
        assert answered.raw["callback_query_id"] == update["callback_query"]["id"]
        return outcome


def check_sent(call: Call) -> None:
    """Hold what every message of the bot's has: a place to go, HTML, silence and no preview."""
    assert call.method == "sendMessage"
    assert call.raw["chat_id"] == CHAT_ID
    assert call.raw["parse_mode"] == "HTML"
    assert call.raw["disable_notification"] is True
    assert call.raw["link_preview_options"] == {"is_disabled": True}
    assert 0 < len(call.text) <= 4096
    assert all(1 <= len(data.encode()) <= 64 for data in call.buttons.values())


@pytest.fixture
async def emulator(python: Path, tmp_path: Path) -> AsyncIterator[Emulator]:
    """Return the emulator, running as a process of its own on a free loopback port."""
    log = tmp_path / "emulator.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            str(python), "-I", "-c", EMULATOR,
            cwd=tmp_path,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(tmp_path), "AUTH_KEYS": KEY, "STRICT_EDIT": "true"},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            line = await process.stdout.readline()
        assert line, log.read_text()
        async with aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {KEY}", "X-Test-Session": "alice"},
            timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
        ) as session:
            yield Emulator(f"http://127.0.0.1:{int(line)}", session)
    finally:
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await finished(process, STOP_SECONDS)
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture
async def application(
    emulator: Emulator, engine: Engine, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    """Return the real application on the real engine and transport, its server the emulator."""
    monkeypatch.setenv("UNSPOKEN_API_BASE_URL", emulator.url)
    monkeypatch.setenv("UNSPOKEN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("UNSPOKEN_TOKEN", TOKEN)
    settings = load_settings()
    assert settings.token == SecretStr(TOKEN)
    database = Database(settings.resolved_database_url)
    assert await database.open()
    try:
        async with build_application(settings, make_desk(settings, engine, catalogue, database)) as application:
            yield application
    finally:
        await database.close()


@pytest.fixture
async def failures(application: App) -> AsyncIterator[list[BaseException | None]]:
    """Take the emulator's webhook calls and hand them to the application; return the errors of its handlers."""
    failed: list[BaseException | None] = []

    async def note(update: object, context: Any) -> None:
        failed.append(context.error)

    async def take(request: web.Request) -> web.Response:
        update = Update.de_json(await request.json(), application.bot)
        async with asyncio.timeout(CALL_SECONDS):
            await application.process_update(update)
        return web.Response()

    application.add_error_handler(note)
    server = web.Application()
    server.router.add_post("/hook", take)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        assert await application.bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
        yield failed
    finally:
        await runner.cleanup()


@pytest.mark.soak
async def test_a_conversation_in_an_emulator_of_others(
    emulator: Emulator, application: App, failures: list[BaseException | None]
) -> None:
    """A start, a question, presses that send and that edit, and a care card arrive where others record them."""
    assert application.bot.username == "telemelya_bot"
    assert (await application.bot.get_webhook_info()).url.endswith("/hook")

    hello = await emulator.say("/start")
    assert {"Help", "Topics"} <= hello.buttons.keys()

    card = await emulator.say(QUESTION)
    assert re.search(r"\bex\b", card.text)
    assert {"Not what I meant", "Topics"} <= card.buttons.keys()
    others = await emulator.press(card, "Not what I meant")
    check_sent(others)
    assert len(others.buttons) >= 3

    care = await emulator.say(DANGER)
    assert "<b>999</b>" in care.text
    assert not re.search(r"\d|abuse", care.text.splitlines()[0])
    lines = await emulator.press(care, "More places that help")
    check_sent(lines)
    assert lines.text.count("<b>0") >= 3
    again = await emulator.press(lines, "Back")
    check_sent(again)
    assert "<b>999</b>" in again.text

    topics = await emulator.press(hello, "Topics")
    check_sent(topics)
    group, *_ = (label for label, data in topics.buttons.items() if "~group:" in data)
    opened = await emulator.press(topics, group)
    assert opened.method == "editMessageText"
    assert opened.message_id == topics.message_id
    assert opened.raw["parse_mode"] == "HTML"
    assert len(opened.buttons) >= 3

    numbers = [message.message_id for message in (hello, card, others, care, lines, again, topics)]
    assert numbers == list(range(1, 8))
    assert failures == []
