"""A world that can be lived through twice, and an admin in it who presses and types everything there is."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from telegram.ext import CommandHandler

from bot.app import App, build_application, make_desk
from bot.content.catalogue import Catalogue
from bot.content.groupsettings import GroupSettings, write_settings
from bot.core.engine import Engine
from bot.settings import Settings
from bot.storage.database import Database
from bot.tg.desk import Desk
from bot.tg.intake import Intake
from tests.bot_api import BotApiServer, Group, Message, Person
from tests.bot_api.clock import Clock
from tests.tg.recording import TOKEN

MONDAY = 1_800_259_200
"""the beginning of an ISO week, 2027-01-18"""
NOON = MONDAY + 36 * 3600
_SHOWN = ("sendMessage", "editMessageText", "sendPhoto", "deleteMessages", "deleteMessage", "sendChatAction")
_FOLLOW = re.compile(r"start=q-[\w-]+")
_LAST = ("tidy",)
"""what empties the chat is pressed last"""
Seen = tuple[str, str]


class Still(Clock):
    """A clock that stands until it is moved, so that buttons made in two lives carry the same minute."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return NOON + self._shift


class Free:
    """No budget: what Telegram's limits do is tried elsewhere, and here it would only take time."""

    async def turn(self, chat_id: int, *, care: bool) -> None:
        """Return at once."""

    def has_room(self, chat_id: int) -> bool:
        """Tell that there is room."""
        return True


class World:
    """A supergroup with an admin and some members, the real application over HTTP, and no randomness."""

    def __init__(self, api: BotApiServer, application: App, desk: Desk) -> None:
        self.api = api
        self.application = application
        self.desk = desk
        self.admin = api.person("Adminfirstname")
        self.alice, self.bella, self.chand = (api.person(n) for n in ("Alicefirstname", "Bellafirstname", "Chandname"))
        self.group: Group = api.group(
            "A group", members=[self.alice, self.bella, self.chand], owner=self.admin, supergroup=True
        )
        object.__setattr__(desk.post, "lanes", Free())
        object.__setattr__(desk.box, "draw", lambda n: n // 2)
        desk.box.relay.draw = lambda n: n // 2
        self.seed(1)

    def seed(self, number: int) -> None:
        """Draw codes and names as in any other world from here on."""
        source = random.Random(number)
        names = (f"Lamp {number} {n}" for n in count())
        codes = count()
        self.desk.box.questions._token = source.randbytes
        self.desk.box.questions._name = lambda: next(names)
        self.desk.box.drafts.token = lambda: f"draft{number}x{next(codes)}"

    async def choose(self, **settings: Any) -> None:
        """Set what the group wants."""
        groups = self.desk.in_groups.groups
        assert await groups.put(self.group.id, write_settings(GroupSettings(**settings)))

    async def say(self, person: Person, text: str, *, in_group: bool = False, reply_to: Message | None = None) -> None:
        """Let somebody type, a minute later, and wait until that was answered."""
        self.api.clock.advance(minutes=1)
        await person.say(text, chat=self.group if in_group else None, reply_to=reply_to)
        await self.api.wait_until_taken(30)

    async def press(self, person: Person, label: str) -> None:
        """Let somebody press a button of their last card."""
        await person.press(person.chat.from_bot[-1], label)
        await self.api.wait_until_taken(30)

    async def pass_time(self, **time: int) -> None:
        """Move the clock and do what is due."""
        self.api.clock.advance(**time)
        bot = self.application.bot
        await self.desk.personal.clearer.sweep(bot)
        await self.desk.box.sweep(bot)
        await self.desk.in_groups.weekly(bot)

    async def wait_for(self, days: int) -> None:
        """Let it be so many days after the beginning, however long something took, and do what is due."""
        passed = self.api.clock.now() - NOON
        assert passed <= days * 86_400
        await self.pass_time(seconds=int(days * 86_400 - passed))

    async def ask_box(self, person: Person, text: str) -> None:
        """Let somebody hand a question in as they typed it."""
        texts = self.desk.renderer.catalogue.library.texts["buttons"]
        word = self.desk.in_groups.link(self.application.bot, self.group.id).split("start=")[1]
        await self.say(person, f"/start {word}")
        await self.press(person, texts["ask_box"])
        await self.press(person, texts["box_write"])
        await self.say(person, text)
        await self.press(person, person.chat.from_bot[-1].labels[0])

    def seen_by_admin(self, since: int) -> list[Seen]:
        """Return all that the bot has put before the admin since a call, in private and in the group, byte by byte.

        Numbers of messages are left out, which Telegram gives, and the random part of links to one's own question.
        """
        shown = []
        for call in self.api.calls[since:]:
            if call.method in _SHOWN and int(call.params["chat_id"]) in {self.admin.id, self.group.id}:
                params = {k: v for k, v in call.params.items() if k not in {"message_id", "message_ids"}}
                params["messages"] = len(json.loads(str(call.params.get("message_ids", "[]"))))
                shown.append((call.method, _FOLLOW.sub("start=q-", json.dumps(params, sort_keys=True, default=str))))
        return shown


@asynccontextmanager
async def open_world(engine: Engine, catalogue: Catalogue, folder: Path) -> AsyncIterator[World]:
    """Yield a world of its own in a folder, its box open; two are the same but for what happens in them."""
    await asyncio.to_thread(folder.mkdir)
    async with BotApiServer(token=TOKEN, clock=Still()) as api:
        settings = Settings(token=SecretStr(TOKEN), secret=SecretStr("s" * 32), data_dir=folder, api_base_url=api.url)
        database = Database(settings.resolved_database_url)
        assert await database.open()
        desk = make_desk(settings, engine, catalogue, database, api.clock.now)
        async with build_application(settings, desk) as application:
            intake = Intake(application.bot, application.process_update)
            task = asyncio.create_task(intake.run())
            world = World(api, application, desk)
            try:
                await world.choose(box=True, minutes=0)
                await world.say(world.admin, "/start")
                yield world
            finally:
                intake.stop()
                await task
                await database.close()


class Walk:
    """An admin who types every command and presses every button that turns up, each once."""

    def __init__(self, world: World, *, everywhere: bool) -> None:
        """Take the world; with `everywhere` cards on topics and pages are walked too, which hold no state at all."""
        self.world = world
        self.everywhere = everywhere
        self.pressed: set[str] = set()
        self._since = len(world.api.calls)
        self._read = self._since
        self._queue: deque[tuple[str, str]] = deque()
        self._last: list[tuple[str, str]] = []

    async def run(self) -> list[Seen]:
        """Walk; return all that the bot showed meanwhile."""
        for command in sorted(commands_of(self.world.application)):
            for text in (f"/{command}", f"/{command}@{self.world.api.world.bot.username}", f"/{command} what is it"):
                await self._say(text, in_group=True)
                if command not in {"clear", "forget"}:
                    await self._say(text)
        for text in ("who asked?", "0", "/start nonsense", "/start q-nonsense", "@Alicefirstname"):
            await self._say(text)
        await self._until_empty()
        self._queue.extend(self._last)
        await self._until_empty()
        for text in ("/clear", "/forget"):
            await self._say(text)
        return self.world.seen_by_admin(self._since)

    async def _until_empty(self) -> None:
        while self._queue:
            kind, data = self._queue.popleft()
            if kind == "open":
                await self._say(f"/start {data}")
                continue
            admin = self.world.admin
            cards = admin.chat.from_bot
            if not cards:
                await self._say("/start")
                cards = admin.chat.from_bot
            await (await admin.press_data(cards[-1], data)).answered(30)
            await self.world.api.wait_until_taken(30)
            self._look()
            node = self._node(data)
            if node.startswith("box:write"):
                await self._say("Is it small?")
            elif node.endswith(":ask.0"):
                await self._say("A centre; 12345; someday")

    async def _say(self, text: str, *, in_group: bool = False) -> None:
        await self.world.say(self.world.admin, text, in_group=in_group)
        self._look()

    def _node(self, data: str) -> str:
        return self.world.desk.signer.unpack(data).node

    def _look(self) -> None:
        """Queue every button that is new."""
        calls = self.world.api.calls
        for call in calls[self._read :]:
            if call.method in _SHOWN and int(call.params["chat_id"]) in {self.world.admin.id, self.world.group.id}:
                for kind, data in _buttons(call.params.get("reply_markup")):
                    self._offer(kind, data)
        self._read = len(calls)

    def _offer(self, kind: str, data: str) -> None:
        if kind == "open":
            key = _FOLLOW.sub("start=q-", f"start={data}")
        else:
            node = self._node(data)
            own = node.startswith(("set:", "box:", "askbox:", "timer:", "tidy"))
            if not own and not self.everywhere:
                return
            # A tool's state rides in its buttons; the first step stands for all.
            key = node if own else node.partition(":")[0] if node.startswith(("tool:", "alt:", "where:")) else node
        if key in self.pressed:
            return
        self.pressed.add(key)
        (self._last if key in _LAST else self._queue).append((kind, data))


def commands_of(application: App) -> set[str]:
    """Return every command that has a handler."""
    handlers = [h for group in application.handlers.values() for h in group]
    return {name for h in handlers if isinstance(h, CommandHandler) for name in h.commands}


def _buttons(markup: Any) -> Iterator[tuple[str, str]]:
    """Yield what the buttons of a message do: press with data, or open the private chat with a word."""
    rows = (json.loads(markup) if isinstance(markup, str) else markup or {}).get("inline_keyboard", [])
    for button in (b for row in rows for b in row):
        if "callback_data" in button:
            yield "press", button["callback_data"]
        elif "?start=" in button.get("url", ""):
            yield "open", button["url"].split("?start=")[1]


Life = Callable[[World], Awaitable[None]]


async def nothing(world: World) -> None:
    """Do nothing."""


async def watch(
    engine: Engine, catalogue: Catalogue, folder: Path, before: Life, life: Life, *, everywhere: bool = False
) -> list[list[Seen]]:
    """Return what an admin sees of a life: on three walks, hours apart, the first one `everywhere` where that is asked.

    `before` is lived in any case; `life` is what the admin might want to know about.
    """
    async with open_world(engine, catalogue, folder) as world:
        await before(world)
        await world.wait_for(days=1)
        world.seed(2)
        await life(world)
        await world.wait_for(days=2)
        walks = []
        for number, hours in enumerate((0, 3, 14), start=3):
            await world.pass_time(hours=hours)
            world.seed(number)
            walks.append(await Walk(world, everywhere=everywhere and not walks).run())
        assert min(map(len, walks)) > 60, "a walk that goes nowhere proves nothing"
        return walks
