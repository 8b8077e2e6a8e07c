"""What a reader can do about the chat itself: tidy, timer, code word, veil, proof, forget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from telegram import Bot, ChatMember, MaybeInaccessibleMessage, Message, Update
from telegram.constants import ChatType
from telegram.ext import ContextTypes

from bot.content.languages import ENGLISH
from bot.content.privacycards import LONGEST_HOURS, is_usable_word, plain_word
from bot.content.render import Renderer
from bot.content.reply import Target
from bot.core.engine import Engine
from bot.core.followup import needs_context
from bot.core.values import Action, Context
from bot.storage.ledger import Ledger
from bot.tg.box import Box
from bot.tg.clearing import Clearer
from bot.tg.groups import GroupDesk
from bot.tg.incoming import message_of
from bot.tg.memory import ShortMemory
from bot.tg.post import RECEIPT_SECONDS, Post
from bot.tg.tongue import tongue_of


@dataclass(frozen=True, slots=True)
class Personal:
    """The handlers about the chat itself."""

    engine: Engine
    renderer: Renderer
    post: Post
    ledger: Ledger
    clearer: Clearer
    memory: ShortMemory
    in_groups: GroupDesk
    box: Box
    clock: Callable[[], float] = field(default=time.time)
    owed: set[int] = field(default_factory=set)
    """chats that blocked the bot while the database was away: their rows are still to be erased"""

    async def tidy(
        self, bot: Bot, chat_id: int, also: MaybeInaccessibleMessage | None = None, lang: str = ENGLISH
    ) -> None:
        """Clear the chat on both sides, `also` with it, and leave one line that vanishes too."""
        done = await self.clearer.tidy(bot, chat_id, also)
        self.begin_blank(chat_id)
        reply = self.renderer.speaking(lang).receipt(done.gone, done.young, done.old, whole=done.whole)
        await self.post.send(bot, chat_id, reply, keep=RECEIPT_SECONDS)

    def begin_blank(self, chat_id: int) -> None:
        """Forget what the chat was about, and a draft that was begun in it: who types next may be somebody else."""
        self.memory.forget(chat_id)
        self.box.drafts.forget(chat_id)

    def lang_of(self, message: Message) -> str:
        """Return the language in which a typed command is answered."""
        before = self.memory.get(message.chat_id)
        return tongue_of(self.renderer.catalogue.library, before, message.from_user)

    async def is_code_word(self, chat_id: int, text: str) -> bool:
        """Tell whether a typed text is the chat's code word."""
        return self.ledger.is_word(chat_id, await self.ledger.reader(chat_id), plain_word(text))

    async def set_timer(self, chat_id: int, hours: int) -> bool:
        """Set the timer, 0 is never; return False where it could not be kept. Hours past 47 change nothing."""
        return hours > LONGEST_HOURS or await self.ledger.choose(chat_id, hours=hours) is not None

    async def on_clear(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /clear."""
        message = message_of(update)
        await self.tidy(context.bot, message.chat_id, message, self.lang_of(message))

    async def on_forget(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /forget: clear the chat, then erase every row and the context."""
        message = message_of(update)
        renderer = self.renderer.speaking(self.lang_of(message))
        await self.clearer.tidy(context.bot, message.chat_id, message)
        erased = await self.erase(message.chat_id)
        # Not noted on disk, since nothing is to be held any more; it goes all the same.
        sent = await self.post.send_unnoted(context.bot, message.chat_id, renderer.forgotten(erased=erased))
        if sent is not None:
            self.clearer.fade(sent, RECEIPT_SECONDS)

    async def erase(self, chat_id: int) -> bool:
        """Erase all that is held on a chat; return False where the database could not be told."""
        self.memory.forget(chat_id)
        await self.in_groups.forget(chat_id)
        await self.box.forget(chat_id)
        return await self.ledger.forget(chat_id)

    async def on_proof(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /proof: every row held, in plain words."""
        message = message_of(update)
        chat_id, lang = message.chat_id, self.lang_of(message)
        held = await self.ledger.held(chat_id)
        if held is None:
            reply = self.renderer.speaking(lang).not_looked()
            await self.post.send(context.bot, chat_id, reply, message)
            return
        reader = await self.ledger.reader(chat_id)
        seconds = max(0, held["due"] - int(self.clock()))
        reply = self.renderer.speaking(lang).proof(
            messages=held["messages"],
            in_hours=max(1, round(seconds / 3600)),
            choices=held["choices"],
            counted=await self.in_groups.held(chat_id),
            more=await self.box.proof(chat_id, lang),
            remembered=self.memory.get(chat_id) != Context(),
            hours=reader.hours,
            shared=self.memory.is_shared,
        )
        await self.post.send(context.bot, chat_id, reply, message)

    async def on_timer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /timer with the choices; "/timer 6" sets it."""
        message = message_of(update)
        renderer = self.renderer.speaking(self.lang_of(message))
        typed = context.args[0] if context.args else ""
        if typed.isdecimal() and not await self.set_timer(message.chat_id, int(typed)):
            reply = renderer.timer_not_kept(Target("", lang=renderer.lang))
        else:
            reply = renderer.timer((await self.ledger.reader(message.chat_id)).hours, Target(""))
        await self.post.send(context.bot, message.chat_id, reply, message)

    async def on_word(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /word: keep a code word's hash, and take the word itself off the screen."""
        message = message_of(update)
        renderer = self.renderer.speaking(self.lang_of(message))
        word = plain_word(" ".join(context.args or ()))
        if not word:
            await self.post.send(context.bot, message.chat_id, renderer.word_help(), message)
            return
        if is_usable_word(word, self.engine.lexicon.english) and not await asyncio.to_thread(self._is_said, word):
            kept = await self.ledger.choose(message.chat_id, word=word)
            reply = renderer.not_kept() if kept is None else renderer.word_kept()
        else:
            reply = renderer.word_refused()
        await self.clearer.remove(context.bot, message)
        await self.post.send(context.bot, message.chat_id, reply, keep=RECEIPT_SECONDS)

    def _is_said(self, word: str) -> bool:
        """Tell whether a text is said to the bot anyhow: thanks, a yes, or danger, which must never clear instead."""
        decision = self.engine.decide(word)
        known = decision.action is not Action.UNSURE or decision.signpost is not None
        return known or needs_context(self.engine.read(word).tokens)

    async def on_veil(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /veil: put everything after the first line behind a spoiler, or no longer."""
        message = message_of(update)
        before = await self.ledger.reader(message.chat_id)
        after = await self.ledger.choose(message.chat_id, veil=not before.veil)
        renderer = self.renderer.speaking(self.lang_of(message))
        reply = renderer.not_kept() if after is None else renderer.veil(on=after.veil)
        await self.post.send(context.bot, message.chat_id, reply, message)

    async def on_service(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Note what Telegram itself writes into the chat, such as that something was pinned; it is cleared too."""
        await self.post.note(message_of(update))

    async def on_member(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Erase all rows of a chat that blocks the bot."""
        change = update.my_chat_member
        if change is None or change.chat.type != ChatType.PRIVATE:
            return
        self.owed.discard(change.chat.id)
        gone = change.new_chat_member.status in {ChatMember.BANNED, ChatMember.LEFT}
        if gone and not await self.erase(change.chat.id):
            self.owed.add(change.chat.id)

    async def erase_owed(self) -> None:
        """Try again to erase the rows of chats that blocked the bot meanwhile."""
        for chat_id in tuple(self.owed):
            if await self.erase(chat_id):
                self.owed.discard(chat_id)
