"""What the tests of Telegram's side share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import Bot

from bot.tg.transport import AiohttpRequest
from tests.bot_api import BotApiServer
from tests.tg.recording import TOKEN


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    """Return a Bot API."""
    async with BotApiServer(token=TOKEN) as server:
        yield server


@pytest.fixture
async def bot(api: BotApiServer) -> AsyncIterator[Bot]:
    """Return a bot over our transport."""
    async with Bot(TOKEN, f"{api.url}/bot", request=AiohttpRequest(), get_updates_request=AiohttpRequest()) as client:
        yield client
