"""The library's requests over aiohttp: all it needs, and no error that tells the address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InputFile
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import RequestData

from bot.tg.transport import AiohttpRequest
from tests.bot_api import BotApiServer, Person

TOKEN = "7000000001:AAcanarytokencanarytokencanarytoken"


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    """Return a Bot API."""
    async with BotApiServer(token=TOKEN) as server:
        yield server


def make_bot(root: str) -> Bot:
    """Return a bot over our transport."""
    return Bot(TOKEN, f"{root}/bot", request=AiohttpRequest(), get_updates_request=AiohttpRequest())


@pytest.fixture
async def bot(api: BotApiServer) -> AsyncIterator[Bot]:
    """Return a bot that has connected."""
    async with make_bot(api.url) as client:
        yield client


@pytest.fixture
async def alice(api: BotApiServer) -> Person:
    """Return someone who has written."""
    person = api.person()
    await person.say("hello")
    return person


def says_nothing(error: BaseException, root: str) -> bool:
    """Say whether an error's own text holds neither token nor address."""
    text = f"{error!s} {error!r}"
    return TOKEN not in text and TOKEN.split(":")[1] not in text and root.removeprefix("http://") not in text


async def test_any_text_arrives_as_it_was(bot: Bot, alice: Person) -> None:
    """Form fields carry what URLs and JSON would have to escape."""
    text = 'a+b&c=d%20 100% "q" {x} \\n \n हिन्दी 😀 é'
    await bot.send_message(alice.id, text)
    assert (await alice.next_reply()).text == text


@pytest.mark.parametrize("size", [0, 10, 300_000])
async def test_a_file_is_uploaded(bot: Bot, alice: Person, size: int) -> None:
    """Name, bytes and the fields beside the file arrive, in whatever script they are."""
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256) if size else b"-"
    await bot.send_document(alice.id, InputFile(content, filename="list.json"), caption="यह रहा & that")
    got = await alice.next_reply()
    assert got.file is not None
    assert (got.file.name, got.file.data, got.text) == ("list.json", content, "यह रहा & that")


async def test_a_slow_answer_times_out(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """The read timeout is kept to and named as the library names it."""
    api.faults.delay("sendMessage", 5, times=1)
    start = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        await bot.send_message(alice.id, "x", read_timeout=0.2)
    assert 0.15 < time.monotonic() - start < 3
    assert says_nothing(caught.value, api.url)


async def test_an_answer_in_time_is_waited_for(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A delay below the timeout costs nothing but time."""
    api.faults.delay("sendMessage", 0.3, times=1)
    await bot.send_message(alice.id, "x", read_timeout=3)


async def test_a_dropped_connection_tells_no_address(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A closed connection is a network error in plain words."""
    api.faults.drop_connection("sendMessage")
    with pytest.raises(NetworkError) as caught:
        await bot.send_message(alice.id, "x")
    assert says_nothing(caught.value, api.url)


async def test_a_refused_connection_tells_no_address(api: BotApiServer, bot: Bot) -> None:
    """Where nobody listens it is a network error in plain words."""
    await api.stop()
    with pytest.raises(NetworkError) as caught:
        await bot.get_me()
    assert says_nothing(caught.value, api.url)
    await api.start()
    assert (await bot.get_me()).username == "unspoken_test_bot"


@pytest.mark.parametrize("root", ["http://127.0.0.1:1", "http://no.such.host.invalid", "http://127.0.0.1:99999"])
async def test_a_wrong_address_is_a_network_error(root: str) -> None:
    """An address that leads nowhere is told by kind, not by name."""
    transport = AiohttpRequest()
    await transport.initialize()
    with pytest.raises(NetworkError) as caught:
        await transport.do_request(f"{root}/bot{TOKEN}/getMe", "POST")
    assert says_nothing(caught.value, root)
    await transport.shutdown()


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[]", b"null", b"5", b"{}", b'{"ok": true}', b"\xff\xfe", b'"result"']
)
async def test_what_is_no_answer_is_a_network_error(api: BotApiServer, bot: Bot, alice: Person, body: bytes) -> None:
    """A gateway that speaks instead of Telegram counts as a fault of the network, and is not quoted."""
    api.faults.malformed("sendMessage", body=body)
    with pytest.raises(NetworkError) as caught:
        await bot.send_message(alice.id, "x")
    assert says_nothing(caught.value, api.url)
    assert "html" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 500, 502, 503])
async def test_every_status_is_an_error_of_the_library(api: BotApiServer, bot: Bot, alice: Person, status: int) -> None:
    """No status escapes as something else."""
    api.faults.next("sendMessage", status=status, description="no")
    with pytest.raises(TelegramError) as caught:
        await bot.send_message(alice.id, "x")
    assert says_nothing(caught.value, api.url)


async def test_a_closed_transport_says_so() -> None:
    """Before the start and after the end a call fails as a network error; closing twice is fine."""
    transport = AiohttpRequest()
    for _ in range(2):
        with pytest.raises(NetworkError, match="closed"):
            await transport.do_request("http://127.0.0.1:1", "POST", RequestData([]))
        await transport.initialize()
        await transport.initialize()
        await transport.shutdown()
        await transport.shutdown()


async def test_many_calls_run_at_once(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A hundred slow calls take as long as one."""
    api.faults.delay("getChat", 0.5)
    start = time.monotonic()
    await asyncio.gather(*(bot.get_chat(alice.id) for _ in range(100)))
    assert time.monotonic() - start < 5


async def test_no_proxy_of_the_environment_sees_the_calls(api: BotApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What people ask passes through nothing that was not named."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with make_bot(api.url) as bot:
        assert (await bot.get_me()).is_bot
