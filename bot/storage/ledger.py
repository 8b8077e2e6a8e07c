"""The clearing ledger: which messages of a chat are still to be deleted, and when; and what a reader chose.

No text, name or plain number lies in it. Rows are gone once their message is. Where the database cannot be used, rows
wait in memory, and answering goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, func, select, tuple_, update

from bot.storage.database import BROKEN, Database, SlowError
from bot.storage.schema import ledger, readers
from bot.storage.seal import Seal

log = logging.getLogger(__name__)
DEFAULT_HOURS = 12
MAX_HOURS = 47
TELEGRAM_HOURS = 48
"""what is older than this cannot be deleted by a bot (https://core.telegram.org/bots/api#deletemessages)"""
_HOUR = 3600
_MOST_WAITING = 50_000
_CACHED = 20_000
_CACHE_SECONDS = 30
_READ_SECONDS = 2.0
"""how long an answer waits for what its reader chose"""
_SLOW_SECONDS = 2.0
_WRITE_SECONDS = 5.0
"""how long the next message of a chat waits for a server that keeps silent about this one"""


@dataclass(frozen=True, slots=True)
class Reader:
    """What one chat has chosen."""

    hours: int = DEFAULT_HOURS
    """until messages are cleared; 0 is never"""
    word: bytes | None = None
    veil: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One message to be cleared."""

    chat_id: int
    message: int
    sent: int
    """seconds since 1970"""


def due_at(sent: int, hours: int) -> int:
    """Return when a message sent at `sent` is due; without a timer when Telegram no longer lets it be deleted."""
    return sent + (hours or TELEGRAM_HOURS) * _HOUR


class Ledger:
    """Rows by chat, on the database; never raises where that is broken."""

    def __init__(self, database: Database, seal: Seal) -> None:
        """Take an open database and the keys."""
        self._database = database
        self._seal = seal
        self._waiting: list[tuple[Entry, int]] = []
        self._lock = asyncio.Lock()
        self._cache: OrderedDict[bytes, tuple[float, Reader]] = OrderedDict()

    async def note(self, chat_id: int, messages: Iterable[int], sent: int, due: int) -> None:
        """Enter messages to be cleared at `due`, both in seconds since 1970. Returns once they are on disk."""
        self._waiting.extend((Entry(chat_id, m, sent), due) for m in messages)
        del self._waiting[:-_MOST_WAITING]
        await self._write()

    async def flush(self) -> None:
        """Write what waits, as before the end."""
        await self._write()

    async def _write(self) -> None:
        """Write what waits, all in one transaction; callers that come meanwhile share the next one."""
        async with self._lock:
            rows, self._waiting = self._waiting, []
            if not rows:
                return
            values = [
                {
                    "chat": self._seal.chat(e.chat_id),
                    "message": e.message,
                    "box": self._seal.close(e.chat_id),
                    "sent": e.sent,
                    "due": due,
                }
                for e, due in rows
            ]
            # On a server one statement needs no transaction around it, which takes two ways there and back.
            alone = self._database.is_sqlite
            connecting = self._database.begin if alone else self._database.at_once
            try:
                async with asyncio.timeout(None if alone else _WRITE_SECONDS), connecting() as connection:
                    statement = self._database.insert(ledger).on_conflict_do_nothing()
                    await connection.execute(statement, values)
            except BROKEN as error:
                self._waiting[:0] = rows
                self._database.warn(error)

    async def of_chat(self, chat_id: int) -> list[Entry]:
        """Return every message of a chat that is still to be cleared, oldest first."""
        found = {e.message: e for e, _ in self._waiting if e.chat_id == chat_id}
        query = select(ledger.c.message, ledger.c.sent).where(ledger.c.chat.in_(self._seal.chats(chat_id)))
        for row in await self._rows(query):
            found[row.message] = Entry(chat_id, row.message, row.sent)
        return sorted(found.values(), key=lambda e: e.message)

    async def claim_due(self, now: int, lease: int, limit: int = 1000) -> list[Entry]:
        """Return messages due at `now` (seconds), each to one caller only: others see them after `lease` seconds.

        Rows that no key opens are dropped and counted in one line of the log: they can never be cleared.
        """
        await self._write()
        due = select(ledger.c.chat, ledger.c.message).where(ledger.c.due <= now).order_by(ledger.c.due).limit(limit)
        if not self._database.is_sqlite:
            due = due.with_for_update(skip_locked=True)
        # A table of its own: as a subquery PostgreSQL may pick anew for each row, and then more than the limit.
        picked = due.cte("picked")
        # One statement claims and returns, so that two clearers never see the same row.
        claim = (
            update(ledger)
            .where(tuple_(ledger.c.chat, ledger.c.message).in_(select(picked.c.chat, picked.c.message)))
            .values(due=now + lease)
            .returning(ledger.c.chat, ledger.c.message, ledger.c.box, ledger.c.sent)
        )
        try:
            async with self._lock, self._database.begin() as connection:
                rows = (await connection.execute(claim)).all()
                found, lost = self._open(rows)
                for chat, message in lost:
                    await connection.execute(delete(ledger).where(ledger.c.chat == chat, ledger.c.message == message))
        except BROKEN as error:
            self._database.warn(error)
            return [e for e, due in self._waiting if due <= now]
        self._say_lost(len(lost))
        return found

    async def drop_lost(self) -> int:
        """Strike out what no key opens, such as after the secret was lost; return how many rows, said in the log."""
        rows = await self._rows(select(ledger))
        _, lost = self._open(rows)
        for chat, message in lost:
            await self._change(delete(ledger).where((ledger.c.chat == chat) & (ledger.c.message == message)))
        self._say_lost(len(lost))
        return len(lost)

    @staticmethod
    def _say_lost(count: int) -> None:
        if count:
            log.warning(
                "%d messages will not be cleared: they were noted with another secret, and were struck out; "
                "readers can delete them by hand",
                count,
            )

    def _open(self, rows: Iterable[Any]) -> tuple[list[Entry], set[tuple[bytes, int]]]:
        found: list[Entry] = []
        lost: set[tuple[bytes, int]] = set()
        for row in rows:
            chat_id = self._seal.open(row.box)
            if chat_id is None:
                lost.add((row.chat, row.message))
            else:
                found.append(Entry(chat_id, row.message, row.sent))
        return found, lost

    async def done(self, chat_id: int, messages: Iterable[int]) -> None:
        """Strike messages out: they are deleted, or never can be."""
        gone = set(messages)
        self._waiting = [(e, due) for e, due in self._waiting if e.chat_id != chat_id or e.message not in gone]
        chats = self._seal.chats(chat_id)
        numbers = sorted(gone)
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            await self._change(delete(ledger).where(ledger.c.chat.in_(chats), ledger.c.message.in_(part)))

    async def reader(self, chat_id: int) -> Reader:
        """Return what a chat has chosen; the defaults where it chose nothing or the database is broken."""
        chat = self._seal.chat(chat_id)
        now = asyncio.get_running_loop().time()
        kept = self._cache.get(chat)
        if kept is not None and now - kept[0] < _CACHE_SECONDS:
            return kept[1]
        rows = []
        try:
            async with asyncio.timeout(_READ_SECONDS):
                rows = await self._rows(select(readers).where(readers.c.chat.in_(self._seal.chats(chat_id))))
        except TimeoutError:
            self._database.warn(SlowError())
            now -= _CACHE_SECONDS - _SLOW_SECONDS  # not known, and asked again soon
        found = Reader()
        for row in rows:
            found = Reader(DEFAULT_HOURS if row.hours is None else row.hours, row.word, bool(row.veil))
        self._keep(chat, found, now)
        return found

    def read_anew(self, chat_id: int) -> None:
        """Have the next `reader` ask the database: another replica may have answered the chat last."""
        self._cache.pop(self._seal.chat(chat_id), None)

    def _keep(self, chat: bytes, reader: Reader, now: float) -> None:
        self._cache[chat] = (now, reader)
        self._cache.move_to_end(chat)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)

    async def choose(
        self, chat_id: int, *, hours: int | None = None, word: str | None = None, veil: bool | None = None
    ) -> Reader:
        """Change what a chat has chosen; an empty word takes the code word away. Messages already noted follow."""
        before = await self.reader(chat_id)
        after = replace(
            before,
            hours=before.hours if hours is None else hours,
            word=before.word if word is None else self._seal.word(chat_id, word) if word else None,
            veil=before.veil if veil is None else veil,
        )
        chat = self._seal.chat(chat_id)
        values = {
            "hours": None if after.hours == DEFAULT_HOURS else after.hours,
            "word": after.word,
            "veil": after.veil,
        }
        statements = [delete(readers).where(readers.c.chat.in_(self._seal.chats(chat_id)))]
        if after != Reader():
            # Another program may have chosen for the same chat at this moment: the later choice stands.
            row = self._database.insert(readers).values(chat=chat, **values)
            statements.append(row.on_conflict_do_update(index_elements=["chat"], set_=values))
        await self._change(*statements)
        if hours is not None:
            await self._move(chat_id, hours)
        self._keep(chat, after, asyncio.get_running_loop().time())
        return after

    async def _move(self, chat_id: int, hours: int) -> None:
        """Bring the due time of what is noted in line with a new choice."""
        self._waiting = [(e, due_at(e.sent, hours) if e.chat_id == chat_id else due) for e, due in self._waiting]
        mine = ledger.c.chat.in_(self._seal.chats(chat_id))
        await self._change(update(ledger).where(mine).values(due=ledger.c.sent + due_at(0, hours)))

    def is_word(self, chat_id: int, reader: Reader, text: str) -> bool:
        """Tell whether a text is the chat's code word, also one chosen before the keys were changed."""
        return reader.word is not None and reader.word in self._seal.words(chat_id, text)

    async def forget(self, chat_id: int) -> None:
        """Erase every row of a chat, in memory and on disk, and what lies in the write-ahead log."""
        self._waiting = [(e, due) for e, due in self._waiting if e.chat_id != chat_id]
        chats = self._seal.chats(chat_id)
        for chat in chats:
            self._cache.pop(chat, None)
        await self._change(delete(ledger).where(ledger.c.chat.in_(chats)))
        await self._change(delete(readers).where(readers.c.chat.in_(chats)))
        await self._database.truncate_log()

    async def held(self, chat_id: int) -> Mapping[str, int]:
        """Return how many rows of each kind are held on a chat, and when (seconds) the next message is cleared."""
        chats = self._seal.chats(chat_id)
        query = select(func.count(), func.min(ledger.c.due)).where(ledger.c.chat.in_(chats))
        count, due = next(iter(await self._rows(query)), (0, None))
        chosen = await self._rows(select(readers.c.chat).where(readers.c.chat.in_(chats)))
        waiting = sum(e.chat_id == chat_id for e, _ in self._waiting)
        return {"messages": int(count) + waiting, "due": int(due or 0), "choices": len(chosen)}

    async def reseal(self, seal: Seal) -> tuple[int, int]:
        """Encrypt and hash every row anew under the first keys of `seal`; return (rows kept, rows no key opens).

        A code word cannot be hashed anew, since nobody knows it: it goes on being verified with the earlier keys.
        """
        kept = lost = 0
        async with self._database.begin() as connection:
            for row in (await connection.execute(select(ledger))).all():
                chat_id = seal.open(row.box)
                mine = (ledger.c.chat == row.chat) & (ledger.c.message == row.message)
                if chat_id is None:
                    lost += 1
                    await connection.execute(delete(ledger).where(mine))
                else:
                    kept += 1
                    new = {"chat": seal.chat(chat_id), "box": seal.close(chat_id)}
                    await connection.execute(update(ledger).where(mine).values(**new))
        await self._database.truncate_log()
        return kept, lost

    async def _rows(self, query: Any) -> list[Any]:
        try:
            async with self._database.connect() as connection:
                return list((await connection.execute(query)).all())
        except BROKEN as error:
            self._database.warn(error)
            return []

    async def _change(self, *statements: Any) -> None:
        """Execute statements, all or none."""
        try:
            async with self._lock, self._database.begin() as connection:
                for statement in statements:
                    await connection.execute(statement)
        except BROKEN as error:
            self._database.warn(error)
