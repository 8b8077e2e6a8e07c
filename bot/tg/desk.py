"""The handlers of the private chat: text out of the update, one call, its result sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from telegram import Bot, Message, Update
from telegram.constants import ChatType
from telegram.ext import ContextTypes

from bot.content.context import context_after, context_of_card, context_of_press
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.core.engine import Engine
from bot.core.values import Action, Context, Decision
from bot.errors import PayloadError
from bot.log import place_of
from bot.storage.boxfollow import FOLLOW_PREFIX
from bot.storage.database import Database
from bot.tg.box import Box
from bot.tg.deliver import deliver
from bot.tg.groups import GroupDesk
from bot.tg.incoming import message_of
from bot.tg.memory import ShortMemory
from bot.tg.payload import Signer
from bot.tg.personal import Personal
from bot.tg.post import Post

log = logging.getLogger(__name__)
LATE_SECONDS = 600
"""after which a question gets a bland line first, such as after an outage"""
_IN_PLACE = ("group:", "tool:", "timer:", "set:")
"""cards that change where they stand: lists and the steps of a tool"""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the handlers work with."""

    engine: Engine
    renderer: Renderer
    signer: Signer
    memory: ShortMemory
    database: Database
    post: Post
    personal: Personal
    in_groups: GroupDesk
    box: Box
    clock: Callable[[], float] = field(default=time.time)

    async def on_text(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a typed message."""
        message = message_of(update)
        text = message.text or ""
        if await self.personal.is_code_word(message.chat_id, text):
            await self.personal.tidy(context.bot, message.chat_id, message, self.personal.lang_of(message))
            return
        local = await self.in_groups.take_local(context.bot, message.chat_id, text)
        if local is not None:
            await self._answer(context.bot, message, local)
            return
        before = self._context(message)
        decision = await self._decide(text, before)
        # Whoever holds the phone by now may not be who asked, and a draft would be shown to them.
        late = self.clock() - message.date.timestamp() > LATE_SECONDS
        safe = decision.action is not Action.CARE and decision.signpost is None
        if safe and not late and self.box.is_writing(message.chat_id):
            words = self.renderer.catalogue.library.language_for(decision.lang)
            await self.box.draft(context.bot, message.chat_id, text, message, words)
            return
        after = context_after(decision, before)
        self.memory.put(message.chat_id, after)
        reply = self.renderer.late(decision, after) if late else self._write(decision, after)
        await self._answer(context.bot, message, reply)
        self.database.count(_counter(decision))

    async def on_start(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /start: a blank session; one word after it comes from a link."""
        if len(context.args or ()) > 1:
            return await self.on_text(update, context)
        message = message_of(update)
        if context.args and context.args[0].startswith(FOLLOW_PREFIX):
            return await self.box.open_link(
                context.bot, message.chat_id, context.args[0], message, self.personal.lang_of(message)
            )
        opened = await self.in_groups.open_link(context.bot, message.chat_id, context.args[0]) if context.args else None
        if opened is not None:
            reply, after = opened
            self.memory.put(message.chat_id, after)
            return await self._answer(context.bot, message, reply)
        speaking = self._speaking(message)
        self.personal.begin_blank(message.chat_id)
        return await self._answer(context.bot, message, speaking.page("start"))

    async def on_help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /help; "/help me he hit me" is a message."""
        if context.args:
            return await self.on_text(update, context)
        message = message_of(update)
        renderer = self._speaking(message)
        page = renderer.page("help")
        add = renderer.add_to_group(context.bot.username)
        return await self._answer(context.bot, message, replace(page, rows=(*page.rows, (add,))))

    async def on_privacy(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /privacy."""
        if context.args:
            return await self.on_text(update, context)
        message = message_of(update)
        return await self._answer(context.bot, message, self._speaking(message).page("privacy"))

    async def on_topics(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /topics."""
        if context.args:
            return await self.on_text(update, context)
        message = message_of(update)
        return await self._answer(context.bot, message, self._speaking(message).topics())

    async def on_other(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a photo, voice message, sticker or anything else without text."""
        message = message_of(update)
        await self._answer(context.bot, message, self._speaking(message).say("please_type"))

    async def on_press(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Open what a button leads to; one that does not verify opens the nearest safe card."""
        query = update.callback_query
        if query is None or query.message is None or query.message.chat.type != ChatType.PRIVATE:
            return None  # in a group nothing personal is ever shown, whatever a crafted press asks for
        chat_id = query.message.chat.id
        try:
            target = self.signer.unpack(query.data or "")
        except PayloadError:
            target = self.signer.safe_guess(query.data or "")
        if target.node == "tidy":
            await deliver(lambda: query.answer(), "button")
            return await self.personal.tidy(context.bot, chat_id, query.message, target.lang)
        kind, _, name = target.node.partition(":")
        if kind in {"box", "askbox"} or (kind == "set" and name.endswith(":moderate.0")):
            await deliver(lambda: query.answer(), "button")
            return await self._press_box(context.bot, chat_id, target, query.message.message_id)
        if kind == "set":
            reply = await self.in_groups.press(context.bot, chat_id, target)
        elif kind == "timer" and name.isdigit():
            kept = await self.personal.set_timer(chat_id, int(name))
            reply = self.renderer.press(target) if kept else self.renderer.timer_not_kept(target)
        else:
            self.memory.put(chat_id, context_of_press(target, self.memory.get(chat_id)))
            reply = self.renderer.press(target)
        if target.node.startswith(_IN_PLACE) and query.message.is_accessible:
            await self.post.edit(context.bot, chat_id, query.message.message_id, reply)
        else:
            await self._send(context.bot, chat_id, reply)
        await deliver(lambda: query.answer(), "button")
        return None

    async def _press_box(self, bot: Bot, chat_id: int, target: Target, message: int) -> None:
        """Hand a press that concerns the question box to it."""
        kind, _, name = target.node.partition(":")
        if kind == "box":
            return await self.box.press(bot, chat_id, target, message)
        group = await self.in_groups.group_of(name.partition(":")[0])
        if group is None:
            return await self._send(bot, chat_id, self.renderer.speaking(target.lang).settings_note("settings_lost"))
        if kind == "askbox":
            return await self.box.invite(bot, chat_id, group, lang=target.lang)
        return await self.box.moderate(bot, chat_id, group, lang=target.lang)

    async def on_group_reply(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Pass a reply to a question of the box on to its asker, where they want it; nothing is said in the group."""
        message = message_of(update)
        if message.reply_to_message is not None and message.text:
            await self.box.answer_came(message.chat_id, message.reply_to_message.message_id, message.text)

    async def on_member(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Follow what happens to the bot itself: blocked in private, added, promoted or removed in a group."""
        await self.personal.on_member(update, context)
        await self.in_groups.on_member(update, context)

    def is_danger(self, update: Update) -> bool:
        """Tell whether a private message is of danger, as far as it can be told without the database."""
        message = update.message
        if message is None or message.chat.type != ChatType.PRIVATE or not message.text:
            return False
        if self.in_groups.opens_on_care(message.chat_id, message.text):
            return True
        return self.engine.decide(message.text, self.memory.get(message.chat_id)).action is Action.CARE

    async def on_error(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Tell the reader kindly that it failed, and the log the error's type and place, nothing else."""
        if context.error is not None:
            log.error("a handler failed: %s", place_of(context.error))
        if isinstance(update, Update) and update.effective_chat is not None and update.effective_chat.type == "private":
            message = update.effective_message
            renderer = self._speaking(message) if isinstance(message, Message) else self.renderer
            # What could not be answered is cleared like all else.
            await self.post.send(context.bot, update.effective_chat.id, renderer.say("error"), update.message)

    def _speaking(self, message: Message) -> Renderer:
        """Return the writer in the language of whoever sent a command, a photo or anything else that holds no words."""
        return self.renderer.speaking(self.personal.lang_of(message))

    def _context(self, message: Message) -> Context:
        """Return what a message leans on: the card it replies to, by that card's buttons, else the last half hour."""
        card = message.reply_to_message
        rows = card.reply_markup.inline_keyboard if card is not None and card.reply_markup is not None else ()
        for button in (b for row in rows for b in row):
            try:
                found = context_of_card(self.signer.unpack(str(button.callback_data or "")))
            except PayloadError:
                continue
            if found is not None:
                return found
        return self.memory.get(message.chat_id)

    def _write(self, decision: Decision, context: Context) -> Reply:
        """Write the reply; on danger a static text stands in for whatever fails."""
        try:
            return self.renderer.decide(decision, context)
        except Exception as error:
            if decision.action is not Action.CARE:
                raise
            log.error("a care card failed: %s", place_of(error))
            return self.renderer.static_care()

    async def _decide(self, text: str, before: Context) -> Decision:
        """Understand a text; with the sentence encoder in a thread, since that takes milliseconds."""
        if self.engine.semantic is None:
            return self.engine.decide(text, before)
        return await asyncio.to_thread(self.engine.decide, text, before)

    async def _answer(self, bot: Bot, message: Message, reply: Reply) -> None:
        """Send the one reply to a message; both are noted for clearing."""
        await self.post.send(bot, message.chat_id, reply, message, last=True)

    async def _send(self, bot: Bot, chat_id: int, reply: Reply) -> None:
        await self.post.send(bot, chat_id, reply)


def _counter(decision: Decision) -> str:
    """Return what is counted of a decision; danger is counted as one sum, never by category."""
    return decision.intent or decision.action.value
