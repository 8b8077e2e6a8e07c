"""Clearing a chat on both sides: at once on Tidy, silently when messages are due, also after a crash."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telegram import Bot, MaybeInaccessibleMessage, Message

from bot.log import place_of
from bot.storage.ledger import TELEGRAM_HOURS, Entry, Ledger
from bot.tg.deliver import Outcome, deliver
from bot.tg.telegram_reply import Sent

log = logging.getLogger(__name__)
BATCH = 100
"""messages that Telegram deletes in one call"""
_TOO_OLD = TELEGRAM_HOURS * 3600 - 60
_LEASE = 300
"""seconds in which nobody else takes what one clearer has claimed"""
_EVERY = 20.0
_CHATS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Cleared:
    """What a clearing did."""

    young: int
    """messages that are not past 48 hours, and older ones that Telegram deleted all the same"""
    gone: int
    """of these, how many are deleted (or were already)"""
    old: int
    """messages past 48 hours, by the clock here, that are not deleted"""
    whole: bool = True
    """False where the database could not be asked, so that there may be more"""


@dataclass(frozen=True, slots=True)
class Clearer:
    """Deletes messages and strikes them out of the ledger."""

    ledger: Ledger
    clock: Callable[[], float] = field(default=time.time)
    _fading: list[tuple[Entry, float]] = field(default_factory=list)

    async def tidy(self, bot: Bot, chat_id: int, also: MaybeInaccessibleMessage | None = None) -> Cleared:
        """Clear a chat now; `also` is a message that may not have been noted yet.

        What Telegram cannot be told of now, such as while the network is down, is cleared when it can.
        """
        later = int(self.clock()) + _LEASE
        if also is not None:
            await self.ledger.note_all([(_entry(also), later)])
        await self.ledger.hasten(chat_id, later)
        done, _ = await self._clear(bot, chat_id, await self.ledger.of_chat(chat_id) + self._faded(chat_id))
        await self.ledger.wipe()
        return done

    async def remove(self, bot: Bot, message: Message) -> None:
        """Delete a single message that was never noted."""
        entry = _entry(message)
        await self.ledger.note_all([(entry, int(self.clock()) + _LEASE)])
        await self._clear(bot, entry.chat_id, [entry])
        await self.ledger.wipe()

    def fade(self, message: Sent, seconds: int) -> None:
        """Have a message cleared after some seconds without a note on disk; after a restart it stays."""
        now = int(self.clock())
        self._fading.append((Entry(message.chat, message.number, now), now + seconds))

    def _faded(self, chat_id: int | None = None) -> list[Entry]:
        """Take what was to fade: all of a chat, or what is due."""
        now = self.clock()
        gone = [(e, due) for e, due in self._fading if e.chat_id == chat_id or (chat_id is None and due <= now)]
        self._fading[:] = [one for one in self._fading if one not in gone]
        return [e for e, _ in gone]

    async def sweep(self, bot: Bot) -> int:
        """Clear what is due in every chat; return how many messages were struck out. Sends nothing."""
        due = [*await self.ledger.claim_due(int(self.clock()), _LEASE), *self._faded()]
        chats: dict[int, list[Entry]] = defaultdict(list)
        for entry in due:
            chats[entry.chat_id].append(entry)
        limit = asyncio.Semaphore(_CHATS_AT_ONCE)

        async def one(chat_id: int, entries: list[Entry]) -> int:
            async with limit:
                _, struck = await self._clear(bot, chat_id, entries)
                return struck

        struck = sum(await asyncio.gather(*(one(chat_id, entries) for chat_id, entries in chats.items())))
        if struck:
            await self.ledger.wipe()
        return struck

    async def run(self, bot: Bot) -> None:
        """Sweep for ever; what was due while the program was down is cleared first."""
        while True:
            try:
                while await self.sweep(bot):
                    pass  # after a long outage more may be due than one sweep takes
            except Exception as error:  # noqa: BLE001, RUF100 - one failed sweep must not end the next ones
                log.error("clearing failed: %s", place_of(error))
            await asyncio.sleep(_EVERY)

    async def _clear(self, bot: Bot, chat_id: int, entries: Sequence[Entry]) -> tuple[Cleared, int]:
        """Return what was done, and how many messages were struck out.

        What seems too old is tried as well, by itself, lest it spoil the others: the clock here may be wrong, and only
        Telegram knows. So a clock that jumps ahead clears early; it never strikes out what still stands in the chat.
        """
        edge = self.clock() - _TOO_OLD
        old = sorted({e.message for e in entries if e.sent < edge})
        young = sorted({e.message for e in entries if e.sent >= edge})
        gone, settled = await self._delete_all(bot, chat_id, young)
        after_all, no_more = await self._delete_all(bot, chat_id, old, refusal=logging.INFO)
        settled += no_more
        whole = await self.ledger.done(chat_id, settled)
        return Cleared(len(young) + after_all, gone + after_all, len(old) - after_all, whole), len(settled)

    async def _delete_all(
        self, bot: Bot, chat_id: int, numbers: list[int], refusal: int = logging.WARNING
    ) -> tuple[int, list[int]]:
        """Delete any number of messages, as many in a call as Telegram takes; return what `_delete` does."""
        gone, settled = 0, []
        for start in range(0, len(numbers), BATCH):
            deleted, no_more = await self._delete(bot, chat_id, numbers[start : start + BATCH], refusal)
            gone += deleted
            settled += no_more
        return gone, settled

    async def _delete(self, bot: Bot, chat_id: int, numbers: list[int], refusal: int) -> tuple[int, list[int]]:
        """Return how many are deleted or were already, and which need no further try.

        Those are the deleted ones, what Telegram will never delete, and all in a chat that wants nothing of us.
        """
        outcome = await deliver(lambda: bot.delete_messages(chat_id, numbers), "clearing", refusal)
        if outcome is Outcome.REFUSED and len(numbers) > 1:
            # One message that may not be deleted spoils its batch.
            single = [await self._delete(bot, chat_id, [number], refusal) for number in numbers]
            return sum(deleted for deleted, _ in single), [n for _, no_more in single for n in no_more]
        if outcome is Outcome.UNWANTED and chat_id > 0:
            # Blocked, and perhaps while nobody was there to hear of it: nothing is held on the chat any more.
            await self.ledger.forget(chat_id)
        if isinstance(outcome, Outcome):
            return 0, [] if outcome is Outcome.GIVEN_UP else numbers
        return len(numbers), numbers


def _entry(message: MaybeInaccessibleMessage) -> Entry:
    """Return a message as the ledger has it; one that Telegram does not show any more is long past 48 hours."""
    return Entry(message.chat.id, message.message_id, int(message.date.timestamp()))
