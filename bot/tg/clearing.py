"""Clearing a chat on both sides: at once on Tidy, silently when messages are due, also after a crash."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telegram import Bot

from bot.log import place_of
from bot.storage.ledger import TELEGRAM_HOURS, Entry, Ledger
from bot.tg.deliver import Outcome, deliver

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
    """messages that Telegram still lets a bot delete"""
    gone: int
    """of these, how many are deleted (or were already)"""
    old: int
    """messages past 48 hours"""
    whole: bool = True
    """False where the database could not be asked, so that there may be more"""


@dataclass(frozen=True, slots=True)
class Clearer:
    """Deletes messages and strikes them out of the ledger."""

    ledger: Ledger
    clock: Callable[[], float] = field(default=time.time)

    async def tidy(self, bot: Bot, chat_id: int, also: Sequence[int] = ()) -> Cleared:
        """Clear a chat now; `also` are messages that may not have been noted yet."""
        now = int(self.clock())
        noted = await self.ledger.of_chat(chat_id)
        known = {e.message for e in noted}
        done = await self._clear(bot, chat_id, [*noted, *(Entry(chat_id, m, now) for m in also if m not in known)])
        await self.ledger.wipe()
        return done

    async def remove(self, bot: Bot, chat_id: int, numbers: list[int]) -> None:
        """Delete single messages that were never noted."""
        await self._delete(bot, chat_id, numbers)

    async def sweep(self, bot: Bot) -> int:
        """Clear what is due in every chat; return how many messages were struck out. Sends nothing."""
        due = await self.ledger.claim_due(int(self.clock()), _LEASE)
        chats: dict[int, list[Entry]] = defaultdict(list)
        for entry in due:
            chats[entry.chat_id].append(entry)
        limit = asyncio.Semaphore(_CHATS_AT_ONCE)

        async def one(chat_id: int, entries: list[Entry]) -> int:
            async with limit:
                done = await self._clear(bot, chat_id, entries)
                return done.gone + done.old

        struck = sum(await asyncio.gather(*(one(chat_id, entries) for chat_id, entries in chats.items())))
        if struck:
            await self.ledger.wipe()
        return struck

    async def run(self, bot: Bot) -> None:
        """Sweep for ever; what was due while the program was down is cleared first."""
        while True:
            try:
                await self.sweep(bot)
            except Exception as error:  # noqa: BLE001, RUF100 - one failed sweep must not end the next ones
                log.error("clearing failed: %s", place_of(error))
            await asyncio.sleep(_EVERY)

    async def _clear(self, bot: Bot, chat_id: int, entries: Sequence[Entry]) -> Cleared:
        edge = self.clock() - _TOO_OLD
        old = [e.message for e in entries if e.sent < edge]
        young = sorted({e.message for e in entries if e.sent >= edge})
        gone: list[int] = []
        for start in range(0, len(young), BATCH):
            gone += await self._delete(bot, chat_id, young[start : start + BATCH])
        whole = await self.ledger.done(chat_id, [*old, *gone])
        return Cleared(len(young), len(gone), len(old), whole)

    async def _delete(self, bot: Bot, chat_id: int, numbers: list[int]) -> list[int]:
        """Return those that need no further try: deleted, gone already, or in a chat that wants nothing of us."""
        outcome = await deliver(lambda: bot.delete_messages(chat_id, numbers), "clearing")
        if outcome is Outcome.REFUSED and len(numbers) > 1:
            # One message that may not be deleted spoils its batch.
            return [n for number in numbers for n in await self._delete(bot, chat_id, [number])]
        return [] if outcome is Outcome.GIVEN_UP else numbers
