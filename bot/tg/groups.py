"""Groups: one neutral line to whoever asks, settings for admins in private, and nothing that points at a member."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from telegram import Bot, ChatMember, Message, Update
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.content.context import context_after
from bot.content.groupsettings import GroupSettings, read_service, read_settings, write_settings
from bot.content.places import PLACES
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.core.engine import Engine
from bot.core.values import Action, Context, Decision, Direction
from bot.storage.box import QuestionBox
from bot.storage.groups import Groups
from bot.storage.ledger import Ledger
from bot.storage.seal import Seal
from bot.storage.weekly import Weekly, weeks_before
from bot.tg.deliver import deliver
from bot.tg.memory import ShortMemory
from bot.tg.post import Post

ASK = "g"
SETTINGS = "s"
"""what a deep link begins with: to the private chat, to a group's settings"""
ADMIN_SECONDS = 60
"""how long Telegram's word on who is an admin is believed"""
MEMBER_PAUSE = 20.0
"""seconds in which a second command of the same member is not answered again"""
_MOST_KEPT = 20_000
_CHART_SECONDS = 3600
_LIGHT = "meta"
EPSILON = Fraction(2)
"""of the weekly counts; a constant, so that no admin can tune it (docs/decisions/0010-weekly-counts.md)"""
_PERSONAL = frozenset(
    ["i", "im", "i'm", "ive", "i've", "my", "me", "mine", "myself", "we", "our", "us", "he", "she", "him", "her", "his",
     "hers", "mera", "meri", "mere", "mujhe"]
)  # fmt: skip
"""words of a question about somebody in particular"""
_ADMINS = (ChatMember.ADMINISTRATOR, ChatMember.OWNER)


@dataclass(slots=True)
class _Recent:
    """Times by key, the oldest forgotten first."""

    times: OrderedDict[tuple[int, int], float] = field(default_factory=OrderedDict)

    def passed(self, key: tuple[int, int], now: float, seconds: float) -> bool:
        """Tell whether `seconds` have passed since this was last true for `key`; then it counts from now."""
        last = self.times.get(key)
        if last is not None and now - last < seconds:
            return False
        self.times[key] = now
        self.times.move_to_end(key)
        while len(self.times) > _MOST_KEPT:
            self.times.popitem(last=False)
        return True


@dataclass(frozen=True, slots=True)
class GroupDesk:
    """The handlers of groups."""

    engine: Engine
    renderer: Renderer
    post: Post
    groups: Groups
    ledger: Ledger
    seal: Seal
    memory: ShortMemory
    weekly_counts: Weekly
    questions: QuestionBox
    clock: Callable[[], float] = field(default=time.time)
    _asked: _Recent = field(default_factory=_Recent)
    _admins: OrderedDict[tuple[int, int], tuple[float, bool]] = field(default_factory=OrderedDict)

    def link(self, bot: Bot, group: int, kind: str = ASK, thread: int | None = None) -> str:
        """Return the link to the private chat that knows the group and nothing else; the same for everybody."""
        tail = f"-{thread}" if thread else ""
        return f"https://t.me/{bot.username}?start={kind}{self.seal.reference(group)}{tail}"

    async def settings_of(self, group: int) -> GroupSettings:
        """Return what a group's admins chose."""
        return read_settings(await self.groups.get(group))

    async def on_ask(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /ask with the same line and link whatever was written; general questions openly where that is on."""
        message = update.effective_message
        if message is None:
            return
        settings = await self.settings_of(message.chat_id)
        if "ask" in settings.off or not self._may_answer(message):
            return
        renderer = self.renderer.speaking(settings.lang)
        link = self.link(context.bot, message.chat_id)
        reply = renderer.group_line(link)
        text = " ".join(context.args or ())
        if text:
            decision = await asyncio.to_thread(self.engine.decide, text)
            self._remember(message, decision)
            await self._count(message, decision)
            if settings.public and _is_general(text, decision):
                reply = renderer.group_answer(str(decision.intent), link)
        await self._send(context.bot, message.chat_id, reply, settings, _thread(message))

    async def on_help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /help and /start in a group with the same line."""
        message = update.effective_message
        if message is None:
            return
        settings = await self.settings_of(message.chat_id)
        if "help" not in settings.off and self._may_answer(message):
            reply = self.renderer.speaking(settings.lang).group_line(self.link(context.bot, message.chat_id))
            await self._send(context.bot, message.chat_id, reply, settings, _thread(message))

    async def on_settings(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Lead to the settings in private; who is an admin is asked there, of whoever comes."""
        message = update.effective_message
        if message is None or not self._may_answer(message):
            return
        settings = await self.settings_of(message.chat_id)
        link = self.link(context.bot, message.chat_id, SETTINGS, _thread(message))
        await self._send(context.bot, message.chat_id, self.renderer.settings_link(link), settings, _thread(message))

    async def on_service(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Follow a group that moved, and greet new members where that is on and there is room."""
        message = update.effective_message
        if message is None:
            return
        if message.migrate_to_chat_id is not None:
            await self._move(message.chat_id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id is not None:
            await self._move(message.migrate_from_chat_id, message.chat_id)
        elif message.new_chat_members and not all(m.is_bot for m in message.new_chat_members):
            settings = await self.settings_of(message.chat_id)
            if settings.welcome and self._asked.passed((message.chat_id, 0), self.clock(), MEMBER_PAUSE):
                reply = self.renderer.speaking(settings.lang).group_welcome(self.link(context.bot, message.chat_id))
                await self._send(context.bot, message.chat_id, reply, settings, settings.topic)

    async def on_member(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Greet a group once, warn its admins once when made an admin, note when removed."""
        change = update.my_chat_member
        if change is None or change.chat.type not in (ChatType.GROUP, ChatType.SUPERGROUP):
            return
        group, status = change.chat.id, change.new_chat_member.status
        if status in (ChatMember.LEFT, ChatMember.BANNED):
            await self.groups.left(group, int(self.clock()))
            return
        settings = await self.settings_of(group)
        before = change.old_chat_member.status
        if before in (ChatMember.LEFT, ChatMember.BANNED):
            await self.groups.put(group, write_settings(settings))
            card = self.renderer.speaking(settings.lang).group_arrived(
                self.link(context.bot, group), context.bot.username
            )
            await self._send(context.bot, group, card, settings, settings.topic)
        if status == ChatMember.ADMINISTRATOR and not settings.warned:
            await self.groups.put(group, write_settings(replace(settings, warned=True)))
            await self._send(context.bot, group, self.renderer.group_promoted(), settings, settings.topic)

    async def open_link(self, bot: Bot, chat_id: int, payload: str) -> tuple[Reply, Context] | None:
        """Return the card for a deep link of ours and the context that goes with it, or None for any other word."""
        reference = payload[1:33]
        thread = payload[34:] if payload[33:34] == "-" else ""
        group = self.seal.open_reference(reference)
        if group is None or payload[:1] not in {ASK, SETTINGS}:
            return None
        settings = await self.settings_of(group)
        renderer = self.renderer.speaking(settings.lang)
        if payload[0] == SETTINGS:
            if not await self.is_admin(bot, group, chat_id):
                return renderer.settings_note("not_admin"), Context()
            if not await self.groups.put(group, write_settings(settings)):
                return renderer.settings_note("settings_lost"), Context()
            number = int(thread) if thread.isdigit() else None
            return self.renderer.settings_panel(self.groups.code(group), settings, number), Context()
        before = self.memory.get(chat_id)
        state = Target("", country=settings.country, lang=renderer.lang)
        if before.node is not None and before.node.startswith("care:"):
            # A message about danger was typed in the group: the private chat opens on care, for its writer alone.
            card = renderer.press(replace(state, node=before.node, direction=before.direction))
            return card, replace(before, country=settings.country)
        code = self.groups.code(group) if await self.takes(bot, group, chat_id) else None
        return renderer.from_group(settings, state, code), Context(country=settings.country, lang=settings.lang)

    async def press(self, bot: Bot, chat_id: int, node: str) -> Reply:
        """Return the settings after a press, checked against Telegram's list of admins at each."""
        _, _, rest = node.partition(":")
        code, _, choice = rest.partition(":")
        group = await self.groups.by_code(code)
        if group is None:
            return self.renderer.settings_note("settings_lost")
        if not await self.is_admin(bot, group.chat_id, chat_id):
            return self.renderer.settings_note("not_admin")
        settings = read_settings(group.settings)
        name, _, value = choice.partition(".")
        if name == "where":
            return self.renderer.settings_country(code)
        if name == "insight":
            return await self._insight(bot, chat_id, group.chat_id)
        if name == "ask":
            self.memory.put(chat_id, Context(node=f"local:{code}"))
            return self.renderer.settings_ask_local()
        languages = self.renderer.catalogue.library.languages
        if name == "lang":
            value = next((tag for tag, lang in languages.items() if lang.letter == value), "")
        if name == "country":
            value = next((place for place in PLACES if place.lower() == value), "")
        changed = settings.change(name, value, languages)
        if changed is None:
            return self.renderer.settings_panel(code, settings, None, "settings_odd")
        kept = await self.groups.put(group.chat_id, write_settings(changed))
        return self.renderer.settings_panel(code, changed if kept else settings, None, "" if kept else "settings_lost")

    async def take_local(self, bot: Bot, chat_id: int, text: str) -> Reply | None:
        """Return the reply to a typed local service, where one was asked for; else None."""
        node = self.memory.get(chat_id).node or ""
        if not node.startswith("local:"):
            return None
        code = node.partition(":")[2]
        group = await self.groups.by_code(code)
        self.memory.forget(chat_id)
        if group is None or not await self.is_admin(bot, group.chat_id, chat_id):
            return self.renderer.settings_note("not_admin")
        settings = read_settings(group.settings)
        today = dt.datetime.fromtimestamp(self.clock(), dt.UTC).date()
        service = read_service(text, settings.country or self.renderer.country, today)
        if isinstance(service, str):
            self.memory.put(chat_id, Context(node=node))
            return self.renderer.settings_note(service)
        changed = replace(settings, local=service)
        await self.groups.put(group.chat_id, write_settings(changed))
        return self.renderer.settings_panel(code, changed, None, "local_kept")

    async def is_admin(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether Telegram names a person an admin of a group now; False where it does not answer."""
        now = self.clock()
        known = self._admins.get((group, person))
        if known is not None and now - known[0] < ADMIN_SECONDS:
            return known[1]
        try:
            found = (await bot.get_chat_member(group, person)).status in _ADMINS
        except TelegramError:
            return False
        self._admins[(group, person)] = (now, found)
        while len(self._admins) > _MOST_KEPT:
            self._admins.popitem(last=False)
        return found

    async def _insight(self, bot: Bot, chat_id: int, group: int) -> Reply:
        """Return last week's released counts as text; the same as a picture goes before it, where that can be drawn."""
        week = weeks_before(self.clock(), 1)[0]
        found = await self.weekly_counts.read(group, [week])
        counts = found[0].counts if found else ()
        picture = await asyncio.to_thread(self.renderer.insight_chart, week, counts, EPSILON)
        if picture is not None:
            sent = await deliver(lambda: bot.send_photo(chat_id, picture, disable_notification=True), "chart")
            if isinstance(sent, Message):
                now = int(self.clock())
                await self.ledger.note(chat_id, [sent.message_id], now, now + _CHART_SECONDS)
        return self.renderer.insight(week, counts, EPSILON)

    async def release(self) -> None:
        """Release last week's counts of every group, once; discard what is older."""
        week = weeks_before(self.clock(), 1)[0]
        for group in await self.groups.every():
            if not await self.weekly_counts.read(group.chat_id, [week]):
                await self.weekly_counts.release(group.chat_id, week, EPSILON, secrets.randbelow)
        await self.weekly_counts.discard_old(self.clock())

    async def held(self, person: int) -> int:
        """Return how many rows of this week's counts stand for a person, over all groups."""
        return sum([await self.weekly_counts.held(g.chat_id, person) for g in await self.groups.every()])

    async def forget(self, person: int) -> None:
        """Erase a person's rows of this week's counts in every group."""
        for group in await self.groups.every():
            await self.weekly_counts.forget(group.chat_id, person)

    async def _move(self, old: int, new: int) -> None:
        await self.groups.moved(old, new)
        await self.weekly_counts.moved(old, new)
        await self.questions.moved(old, new)

    async def _count(self, message: Message, decision: Decision) -> None:
        """Count a topic for the week; danger, what is not understood, and talk about this guide are counted nowhere."""
        if (
            decision.action is Action.ANSWER
            and decision.intent is not None
            and message.from_user is not None
            and message.sender_chat is None
            and self.renderer.catalogue.taxonomy.group_of(decision.intent) != _LIGHT
        ):
            await self.weekly_counts.note(message.chat_id, message.from_user.id, decision.intent, self.clock())

    async def is_moderator(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether somebody may decide on the box's questions: admins may."""
        return await self.is_admin(bot, group, person)

    async def takes(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether a group's box is on and somebody a member of it now."""
        if not (await self.settings_of(group)).box:
            return False
        try:
            member = await bot.get_chat_member(group, person)
        except TelegramError:
            return False
        return member.status in (*_ADMINS, ChatMember.MEMBER) or bool(getattr(member, "is_member", False))

    async def lang(self, group: int) -> str:
        """Return the language of cards in a group."""
        return (await self.settings_of(group)).lang

    async def publish(self, bot: Bot, group: int, reply: Reply) -> Message | None:
        """Send a card of the box to a group, to its topic where it has one; it stays."""
        settings = await self.settings_of(group)
        return await self.post.send_unnoted(bot, group, reply, thread=settings.topic)

    async def group_of(self, code: str) -> int | None:
        """Return the group of a button's code, or None."""
        group = await self.groups.by_code(code)
        return group.chat_id if group is not None else None

    async def weekly(self, bot: Bot) -> int:
        """Send this week's card to the groups that turned it on; return to how many."""
        today = dt.datetime.fromtimestamp(self.clock(), dt.UTC).date().isocalendar()
        week = today.year * 100 + today.week
        sent = 0
        intents = dict(self.renderer.catalogue.taxonomy.groups)["understanding"]
        for group in await self.groups.every():
            settings = read_settings(group.settings)
            # Other replicas look at the same moment: one of them sends the card.
            if _prompted(group.settings, week) is None or not await self.groups.claim(
                group.chat_id, lambda found: _prompted(found, week)
            ):
                continue
            renderer = self.renderer.speaking(settings.lang)
            card = renderer.group_weekly(intents[today.week % len(intents)], self.link(bot, group.chat_id))
            await self._send(bot, group.chat_id, card, settings, settings.topic)
            sent += 1
        return sent

    def _may_answer(self, message: Message) -> bool:
        """Tell whether a command gets a reply: not the same member's again at once, and only while there is room."""
        who = (
            message.sender_chat.id
            if message.sender_chat is not None
            else message.from_user.id
            if message.from_user
            else 0
        )
        if not self._asked.passed((message.chat_id, who), self.clock(), MEMBER_PAUSE):
            return False
        return self.post.lanes.has_room(message.chat_id)

    def _remember(self, message: Message, decision: Decision) -> None:
        """Keep for the private chat of whoever asked that care comes first there; no text, half an hour at most."""
        if decision.action is Action.CARE and message.from_user is not None and message.sender_chat is None:
            self.memory.put(message.from_user.id, context_after(decision, Context()))

    async def _send(self, bot: Bot, group: int, reply: Reply, settings: GroupSettings, thread: int | None) -> None:
        sent = await self.post.send_unnoted(bot, group, reply, thread=thread)
        if sent is not None and settings.minutes:
            now = int(self.clock())
            await self.ledger.note(sent.chat_id, [sent.message_id], now, now + settings.minutes * 60)


def _prompted(found: Mapping[str, Any], week: int) -> Mapping[str, Any] | None:
    """Return a group's settings with a week's card noted; None where it wants none, or has it."""
    settings = read_settings(found)
    if not settings.weekly or settings.prompted >= week:
        return None
    return write_settings(replace(settings, prompted=week))


def _thread(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None


def _is_general(text: str, decision: Decision) -> bool:
    """Tell whether a question is about no one in particular and clear: only such are answered openly."""
    words = set(text.lower().replace("\u2019", "'").split())
    return (
        decision.action is Action.ANSWER
        and decision.intent is not None
        and decision.direction is Direction.NONE
        and not decision.risk.categories
        and not decision.under_18
        and not words & _PERSONAL
    )
