"""Groups: one neutral line to whoever asks, settings for admins in private, and nothing that points at a member."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from telegram import ChatMember, Message, Update
from telegram.constants import ChatType
from telegram.ext import ContextTypes

from bot.content.context import context_after
from bot.content.groupcards import ADDED
from bot.content.groupsettings import GroupSettings, write_settings
from bot.content.render import NOT_FOR_YOUNG
from bot.core.general import is_general
from bot.core.values import Action, Decision
from bot.tg.groupbase import SETTINGS
from bot.tg.grouppanel import GroupPanel
from bot.tg.groupweek import GroupWeek
from bot.tg.recent import Recent

MEMBER_PAUSE = 20.0
"""seconds in which a second command of the same member is not answered again"""


@dataclass(frozen=True, slots=True)
class GroupDesk(GroupPanel, GroupWeek):
    """The handlers of groups."""

    async def on_ask(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /ask with the same line and link whatever was written; general questions openly where that is on."""
        message = update.effective_message
        if message is None:
            return
        settings = await self.settings_of(message.chat_id)
        answers = "ask" not in settings.off and self._may_answer(message)
        text = " ".join(context.args or ())
        decision = await self._understand(message, text, settings, answers=answers)
        if not answers:
            return
        renderer = self.renderer.speaking(settings.lang)
        link = self.link(context.bot, message.chat_id)
        reply = renderer.group_line(link)
        if decision is not None:
            await self._count(message, decision)
            if settings.public and await self._is_for_all(text, decision):
                reply = renderer.group_answer(str(decision.intent), link)
        await self._send(context.bot, message.chat_id, reply, settings, _thread(message))

    async def on_help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /help, /start and /privacy in a group with the same line."""
        message = update.effective_message
        if message is None:
            return
        if context.args == [ADDED] and not self._greeted.passed((message.chat_id, 0), self.clock(), MEMBER_PAUSE):
            return  # Telegram's own, as it adds the bot; the card on arrival is the answer
        settings = await self.settings_of(message.chat_id)
        answers = "help" not in settings.off and self._may_answer(message)
        await self._understand(message, " ".join(context.args or ()), settings, answers=answers)
        if answers:
            reply = self.renderer.speaking(settings.lang).group_line(self.link(context.bot, message.chat_id))
            await self._send(context.bot, message.chat_id, reply, settings, _thread(message))

    async def on_settings(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Lead to the settings in private; who is an admin is asked there, of whoever comes."""
        message = update.effective_message
        if message is None:
            return
        settings = await self.settings_of(message.chat_id)
        # With a pause of its own, so that an admin who has just tried /ask is not left waiting.
        answers = self._may_answer(message, self._called)
        await self._understand(message, " ".join(context.args or ()), settings, answers=answers)
        if not answers:
            return
        link = self.link(context.bot, message.chat_id, SETTINGS, _thread(message))
        reply = self.renderer.speaking(settings.lang).settings_link(link)
        await self._send(context.bot, message.chat_id, reply, settings, _thread(message))

    async def on_service(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Follow a group that moved, and greet new members where that is on and there is room."""
        message = update.effective_message
        if message is None:
            return
        if message.migrate_to_chat_id is not None:
            await self.move(message.chat_id, message.migrate_to_chat_id)
            await self.set_menus(context.bot)
        elif message.migrate_from_chat_id is not None:
            await self.move(message.migrate_from_chat_id, message.chat_id)
            await self.set_menus(context.bot)
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
            self._greeted.passed((group, 0), self.clock(), MEMBER_PAUSE)
            await self._send(context.bot, group, card, settings, settings.topic)
            self._menus.add(group)
            await self.set_menus(context.bot)
        if status == ChatMember.ADMINISTRATOR and not settings.warned:
            await self.groups.put(group, write_settings(replace(settings, warned=True)))
            warning = self.renderer.speaking(settings.lang).group_promoted()
            await self._send(context.bot, group, warning, settings, settings.topic)

    async def _is_for_all(self, text: str, decision: Decision) -> bool:
        """Tell whether a question may be answered where others read, the young among them."""
        if decision.intent in NOT_FOR_YOUNG:
            return False
        return await asyncio.to_thread(is_general, text, decision, self.identifier)

    def _may_answer(self, message: Message, recent: Recent | None = None) -> bool:
        """Tell whether a command gets a reply: not the same member's again at once, and only while there is room."""
        if not (recent or self._asked).passed(_who(message), self.clock(), MEMBER_PAUSE):
            return False
        return self.post.lanes.has_room(message.chat_id)

    async def _understand(
        self, message: Message, text: str, settings: GroupSettings, *, answers: bool
    ) -> Decision | None:
        """Return what was understood of the words after a command; None for none, or too many in a short time.

        Danger is read after any command ("/help he hit me"), and where no line follows, too: the button of an earlier
        one leads to the private chat. But then only once in a while, since whoever is read keeps others waiting.
        """
        if not text or not (answers or self._read.passed(_who(message), self.clock(), MEMBER_PAUSE)):
            return None
        decision = await asyncio.to_thread(self.engine.decide, text)
        if decision.action is Action.CARE and message.from_user is not None and message.sender_chat is None:
            # For the private chat of whoever asked, where care comes first then; no text, half an hour at most.
            before = self.memory.get(message.from_user.id)
            before = replace(before, country=before.country or settings.country)
            self.memory.put(message.from_user.id, context_after(decision, before))
        return decision


def _who(message: Message) -> tuple[int, int]:
    """Return a group, and who speaks in it: a person, or a chat that a person speaks as."""
    who = message.sender_chat or message.from_user
    return message.chat_id, who.id if who is not None else 0


def _thread(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None
