"""What the tests of Telegram's side share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from telegram import Bot

from bot.app import build_application, make_desk
from bot.content.catalogue import Catalogue
from bot.core.engine import Engine
from bot.settings import Settings
from bot.storage.database import Database
from bot.tg.intake import Intake
from bot.tg.transport import AiohttpRequest
from tests.bot_api import BotApiServer, Person
from tests.tg.live import Live
from tests.tg.recording import TOKEN

FIRST_NAME = "Canaryfirstname"


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


@pytest.fixture
def live_settings(tmp_path: Path, api: BotApiServer) -> Settings:
    """Return settings that lead to the server."""
    return Settings(token=SecretStr(TOKEN), secret=SecretStr("s" * 32), data_dir=tmp_path, api_base_url=api.url)


@pytest.fixture
async def live(live_settings: Settings, engine: Engine, catalogue: Catalogue, api: BotApiServer) -> AsyncIterator[Live]:
    """Return the running application."""
    database = Database(live_settings.resolved_database_url)
    assert await database.open()
    desk = make_desk(live_settings, engine, catalogue, database, api.clock.now)
    async with build_application(live_settings, desk) as application:
        intake = Intake(application.bot, application.process_update)
        task = asyncio.create_task(intake.run())
        yield Live(application, desk, intake, task)
        intake.stop()
        await task
    await database.close()


@pytest.fixture
def alice(api: BotApiServer) -> Person:
    """Return somebody."""
    return api.person(FIRST_NAME)
