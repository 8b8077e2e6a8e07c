"""What a reader can do about the chat itself: tidy, timer, code word, veil, proof, forget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telegram import Bot, ChatMember, Message, Update
from telegram.constants import ChatType
from telegram.ext import ContextTypes

from bot.content.privacycards import HOURS, is_usable_word, plain_word
from bot.content.render import Renderer
from bot.content.reply import Target
from bot.core.values import Context
from bot.storage.ledger import Ledger
from bot.tg.box import Box
from bot.tg.clearing import Clearer
from bot.tg.groups import GroupDesk
from bot.tg.memory import ShortMemory
from bot.tg.post import RECEIPT_SECONDS, Post


@dataclass(frozen=True, slots=True)
class Personal:
    """The handlers about the chat itself."""

    renderer: Renderer
    post: Post
    ledger: Ledger
    clearer: Clearer
    memory: ShortMemory
    in_groups: GroupDesk
    box: Box
    common_words: frozenset[str] = frozenset()
    """words that are no code word on their own"""
    clock: Callable[[], float] = field(default=time.time)

    async def tidy(self, bot: Bot, chat_id: int, also: Sequence[int] = ()) -> None:
        """Clear the chat on both sides and leave one line that vanishes too."""
        done = await self.clearer.tidy(bot, chat_id, also)
        self.memory.forget(chat_id)
        await self.post.send(bot, chat_id, self.renderer.receipt(done.gone, done.young, done.old), keep=RECEIPT_SECONDS)

    async def is_code_word(self, chat_id: int, text: str) -> bool:
        """Tell whether a typed text is the chat's code word."""
        return self.ledger.is_word(chat_id, await self.ledger.reader(chat_id), plain_word(text))

    async def set_timer(self, chat_id: int, hours: int) -> None:
        """Set the timer; hours that are no choice change nothing."""
        if hours in HOURS:
            await self.ledger.choose(chat_id, hours=hours)

    async def on_clear(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /clear."""
        message = _message(update)
        await self.tidy(context.bot, message.chat_id, [message.message_id])

    async def on_forget(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /forget: clear the chat, then erase every row and the context."""
        message = _message(update)
        await self.clearer.tidy(context.bot, message.chat_id, [message.message_id])
        await self.erase(message.chat_id)
        # Not noted anywhere, since nothing is to be held any more; the line gives nothing away.
        await self.post.send_unnoted(context.bot, message.chat_id, self.renderer.forgotten())

    async def erase(self, chat_id: int) -> None:
        """Erase all that is held on a chat."""
        self.memory.forget(chat_id)
        await self.in_groups.forget(chat_id)
        await self.box.forget(chat_id)
        await self.ledger.forget(chat_id)

    async def on_proof(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /proof: every row held, in plain words."""
        message = _message(update)
        chat_id = message.chat_id
        held = await self.ledger.held(chat_id)
        reader = await self.ledger.reader(chat_id)
        seconds = max(0, held["due"] - int(self.clock()))
        reply = self.renderer.proof(
            messages=held["messages"],
            in_hours=max(1, round(seconds / 3600)),
            choices=held["choices"],
            counted=await self.in_groups.held(chat_id),
            more=await self.box.proof(chat_id),
            remembered=self.memory.get(chat_id) != Context(),
            hours=reader.hours,
            shared=self.memory.is_shared,
        )
        await self.post.send(context.bot, chat_id, reply, [message.message_id])

    async def on_timer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /timer with the choices."""
        message = _message(update)
        reader = await self.ledger.reader(message.chat_id)
        reply = self.renderer.timer(reader.hours, Target(""))
        await self.post.send(context.bot, message.chat_id, reply, [message.message_id])

    async def on_word(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /word: keep a code word's hash, and take the word itself off the screen."""
        message = _message(update)
        word = plain_word(" ".join(context.args or ()))
        if not word:
            await self.post.send(context.bot, message.chat_id, self.renderer.word_help(), [message.message_id])
            return
        if is_usable_word(word, self.common_words):
            await self.ledger.choose(message.chat_id, word=word)
            reply = self.renderer.word_kept()
        else:
            reply = self.renderer.word_refused()
        await self.clearer.remove(context.bot, message.chat_id, [message.message_id])
        await self.post.send(context.bot, message.chat_id, reply, keep=RECEIPT_SECONDS)

    async def on_veil(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /veil: put everything after the first line behind a spoiler, or no longer."""
        message = _message(update)
        before = await self.ledger.reader(message.chat_id)
        after = await self.ledger.choose(message.chat_id, veil=not before.veil)
        await self.post.send(context.bot, message.chat_id, self.renderer.veil(on=after.veil), [message.message_id])

    async def on_member(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Erase all rows of a chat that blocks the bot."""
        change = update.my_chat_member
        if change is not None and change.chat.type == ChatType.PRIVATE and change.new_chat_member.status in (
            ChatMember.BANNED, ChatMember.LEFT,
        ):  # fmt: skip
            await self.erase(change.chat.id)


def _message(update: Update) -> Message:
    message = update.effective_message
    if message is None:
        raise TypeError("an update without a message")
    return message
