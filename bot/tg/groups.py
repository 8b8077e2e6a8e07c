"""Groups: one neutral line to whoever asks, settings for admins in private, and nothing that points at a member."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from telegram import ChatMember, Message, Update
from telegram.constants import ChatType
from telegram.ext import ContextTypes

from bot.content.context import context_after
from bot.content.groupsettings import write_settings
from bot.core.values import Action, Context, Decision, Direction
from bot.tg.groupbase import SETTINGS
from bot.tg.grouppanel import GroupPanel
from bot.tg.groupweek import GroupWeek

MEMBER_PAUSE = 20.0
"""seconds in which a second command of the same member is not answered again"""
_PERSONAL = frozenset(
    ["i", "im", "i'm", "ive", "i've", "my", "me", "mine", "myself", "we", "our", "us", "he", "she", "him", "her", "his",
     "hers", "mera", "meri", "mere", "mujhe"]
)  # fmt: skip
"""words of a question about somebody in particular"""


@dataclass(frozen=True, slots=True)
class GroupDesk(GroupPanel, GroupWeek):
    """The handlers of groups."""

    async def on_ask(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /ask with the same line and link whatever was written; general questions openly where that is on."""
        message = update.effective_message
        if message is None:
            return
        settings = await self.settings_of(message.chat_id)
        if "ask" in settings.off:
            return
        answers = self._may_answer(message)
        text = " ".join(context.args or ())
        decision = None
        # Also where no line follows: the button of an earlier one leads to the private chat. But only once in a while,
        # since whoever is read keeps others waiting.
        if text and (answers or self._read.passed(_who(message), self.clock(), MEMBER_PAUSE)):
            decision = await asyncio.to_thread(self.engine.decide, text)
            self._remember(message, decision)
        if not answers:
            return
        renderer = self.renderer.speaking(settings.lang)
        link = self.link(context.bot, message.chat_id)
        reply = renderer.group_line(link)
        if decision is not None:
            await self._count(message, decision)
            if settings.public and _is_general(text, decision):
                reply = renderer.group_answer(str(decision.intent), link)
        await self._send(context.bot, message.chat_id, reply, settings, _thread(message))

    async def on_help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /help, /start and /privacy in a group with the same line."""
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
        reply = self.renderer.speaking(settings.lang).settings_link(link)
        await self._send(context.bot, message.chat_id, reply, settings, _thread(message))

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
            if (
                settings.welcome
                and self._asked.passed((message.chat_id, 0), self.clock(), MEMBER_PAUSE)
                and self.post.lanes.has_room(message.chat_id)
            ):
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
            # As it was: nothing chosen leaves nothing that could stand in the way of settings that move here.
            await self.groups.put(group, await self.groups.get(group))
            card = self.renderer.speaking(settings.lang).group_arrived(
                self.link(context.bot, group), context.bot.username
            )
            await self._send(context.bot, group, card, settings, settings.topic)
        if status == ChatMember.ADMINISTRATOR and not settings.warned:
            await self.groups.put(group, write_settings(replace(settings, warned=True)))
            warning = self.renderer.speaking(settings.lang).group_promoted()
            await self._send(context.bot, group, warning, settings, settings.topic)

    async def _move(self, old: int, new: int) -> None:
        await self.groups.moved(old, new)
        await self.weekly_counts.moved(old, new)
        await self.questions.moved(old, new)

    def _may_answer(self, message: Message) -> bool:
        """Tell whether a command gets a reply: not the same member's again at once, and only while there is room."""
        if not self._asked.passed(_who(message), self.clock(), MEMBER_PAUSE):
            return False
        return self.post.lanes.has_room(message.chat_id)

    def _remember(self, message: Message, decision: Decision) -> None:
        """Keep for the private chat of whoever asked that care comes first there; no text, half an hour at most."""
        if decision.action is Action.CARE and message.from_user is not None and message.sender_chat is None:
            self.memory.put(message.from_user.id, context_after(decision, Context()))


def _who(message: Message) -> tuple[int, int]:
    """Return a group, and who speaks in it: a person, or a chat that a person speaks as."""
    who = message.sender_chat or message.from_user
    return message.chat_id, who.id if who is not None else 0


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
