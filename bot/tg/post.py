"""Sending to a chat: in its lane, within its limits, with what the reader chose, and noted for clearing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from telegram import Bot, Message
from telegram.error import ChatMigrated

from bot.content.reply import Reply
from bot.storage.choices import Reader
from bot.storage.ledger import Entry, Ledger, due_at
from bot.tg.deliver import Outcome, deliver
from bot.tg.hold import ending
from bot.tg.lanes import Lanes
from bot.tg.payload import Signer
from bot.tg.telegram_reply import Sent, edit, send

RECEIPT_SECONDS = 60
"""how long a line about clearing stays before it is cleared itself"""


@dataclass(frozen=True, slots=True)
class Post:
    """Everything that goes out to a reader goes through here."""

    signer: Signer
    ledger: Ledger
    lanes: Lanes = field(default_factory=Lanes)
    clock: Callable[[], float] = field(default=time.time)

    async def send(
        self,
        bot: Bot,
        chat_id: int,
        reply: Reply,
        incoming: Message | None = None,
        *,
        keep: int | None = None,
        last: bool = False,
    ) -> Sent | None:
        """Send a reply and note it with what it answers (`incoming`); returns what was sent, or None.

        `keep` is how many seconds both stay, where that is not the reader's own timer. The note is on disk before this
        returns, and with it before Telegram hears that the question was answered. With `last` nothing is left to do
        for the update at hand: it is entered as answered with the note.
        """
        reader = await self.ledger.reader(chat_id) if chat_id > 0 else Reader()
        sent = await self.send_unnoted(bot, chat_id, reply, veil=reader.veil)
        if chat_id > 0:
            now = int(self.clock())
            # A question that waited through an outage is as old as it is: its hours began when it was sent.
            noted = [] if incoming is None else [Entry(chat_id, incoming.message_id, int(incoming.date.timestamp()))]
            noted += [] if sent is None else [Entry(chat_id, sent.number, now)]
            await self.ledger.note_all(
                [(entry, due_at(entry.sent, reader.hours) if keep is None else now + keep) for entry in noted],
                ending() if last else None,
            )
        return sent

    async def note(self, message: Message) -> None:
        """Note a message of a private chat that gets no reply."""
        sent = int(message.date.timestamp())
        hours = (await self.ledger.reader(message.chat_id)).hours
        await self.ledger.note(message.chat_id, [message.message_id], sent, due_at(sent, hours))

    async def send_unnoted(
        self, bot: Bot, chat_id: int, reply: Reply, *, veil: bool = False, thread: int | None = None
    ) -> Sent | None:
        """Send a reply without noting it; returns what was sent, or None where it did not go through.

        Where a forum's `thread` is gone the message goes to the group itself; where the group has moved it goes there,
        and the message tells the new number.
        """
        sent = await self._try(bot, chat_id, reply, veil=veil, thread=thread)
        if isinstance(sent, int):
            sent = await self._try(bot, sent, reply, veil=veil)
        elif sent is Outcome.REFUSED and thread is not None:
            sent = await self._try(bot, chat_id, reply, veil=veil)
        return sent if isinstance(sent, Sent) else None

    async def _try(
        self, bot: Bot, chat_id: int, reply: Reply, *, veil: bool, thread: int | None = None
    ) -> Sent | int | Outcome:
        """Send a reply in its lane; returns the message, the new number of a group that moved, or why it failed."""
        await self.lanes.turn(chat_id, care=reply.care)

        async def call() -> Sent | int:
            try:
                return await send(bot, chat_id, reply, self.signer, self.minute(), veil=veil, thread=thread)
            except ChatMigrated as error:
                return error.new_chat_id

        return await deliver(call, "reply", lasting=True)

    async def edit(self, bot: Bot, chat_id: int, message: int, reply: Reply) -> bool:
        """Put a reply in the place of a message of ours, which is noted already; return whether it went through."""
        veil = (await self.ledger.reader(chat_id)).veil
        minute = self.minute()
        done = await deliver(
            lambda: edit(bot, chat_id, message, reply, self.signer, minute, veil=veil), "edit", lasting=True
        )
        return not isinstance(done, Outcome)

    def minute(self) -> int:
        """Return the minutes since 1970, as buttons carry them."""
        return int(self.clock()) // 60
