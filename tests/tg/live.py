"""The real application on the tests' Bot API server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.app import App
from bot.tg.desk import Desk
from bot.tg.intake import Intake
from tests.bot_api import BotApiServer, Person


class Live:
    """The real application on the server, and what keeps its memory of the chat."""

    def __init__(self, application: App, desk: Desk, intake: Intake, task: asyncio.Task[None]) -> None:
        self.application = application
        self.desk = desk
        self.intake = intake
        self.task = task

    async def sweep(self) -> int:
        """Clear what is due, as the program does every few seconds."""
        return await self.desk.personal.clearer.sweep(self.application.bot)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait at most five seconds until something is so."""
    for _ in range(250):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


async def write_at_length(live: Live, person: Person, api: BotApiServer) -> None:
    """Have a chat of 230 messages that nobody answers, all noted for clearing."""
    live.intake.stop()
    await live.task
    for _ in range(230):
        await person.say("hello")
    now = int(api.clock.now())
    await live.desk.personal.ledger.note(person.id, [m.message_id for m in person.chat.messages], now, now + 3600)
