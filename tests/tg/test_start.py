"""The start waits for Telegram as long as it takes, and for no token that Telegram refuses."""

from __future__ import annotations

import asyncio
import logging

import pytest
from telegram.ext import ApplicationBuilder

from bot import app as app_module
from bot.app import App, _start
from bot.errors import TokenError
from bot.tg.transport import AiohttpRequest
from tests.bot_api import BotApiServer
from tests.tg.recording import TOKEN

REAL_SLEEP = asyncio.sleep


@pytest.fixture
def application(api: BotApiServer) -> App:
    """Return an application that is not connected."""
    builder = ApplicationBuilder().token(TOKEN).updater(None).base_url(f"{api.url}/bot")
    return builder.request(AiohttpRequest()).get_updates_request(AiohttpRequest()).build()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long the start has waited between its tries; nobody really waits."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await REAL_SLEEP(0)

    monkeypatch.setattr(app_module.asyncio, "sleep", sleep)
    return waited


@pytest.mark.parametrize(
    "fault", ["drop", "502", "429", "html", b"[]", b"[1]", b"true", b"null", b'"x"', b"{}", b'{"id":1}']
)
async def test_telegram_is_waited_for(
    api: BotApiServer, application: App, waits: list[float], caplog: pytest.LogCaptureFixture, fault: str | bytes
) -> None:
    """Also behind a gateway that answers with nonsense: longer and longer pauses, one line, and one at the end."""
    if fault == "drop":
        api.faults.drop_connection("getMe", times=12)
    elif fault == "502":
        api.faults.next("getMe", status=502, times=12)
    elif fault == "429":
        api.faults.next("getMe", status=429, retry_after=1, times=12)
    elif isinstance(fault, bytes):
        api.faults.malformed("getMe", times=12, body=b'{"ok":true,"result":%b}' % fault)
    else:
        api.faults.malformed("getMe", times=12)
    with caplog.at_level(logging.DEBUG, "bot"):
        await _start(application)
    await application.shutdown()
    assert waits == [1, 2, 4, 8, 16, *[30] * 7]
    said = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert [line.partition(" (")[0] for line in said] == ["Telegram cannot be reached", "Telegram answers now"]


@pytest.mark.parametrize("status", [401, 404])
async def test_a_refused_token_is_not_waited_for(
    api: BotApiServer, application: App, waits: list[float], status: int
) -> None:
    """Also where it is found out only after an outage."""
    api.faults.next("getMe", status=502)
    api.faults.next("getMe", status=status)
    with pytest.raises(TokenError, match="UNSPOKEN_TOKEN"):
        await _start(application)
    await application.bot.shutdown()
    assert waits == [1]
