"""Which messages of a chat are still to be deleted, and when.

No text, name or plain number lies in it. Rows are gone once their message is. Where the database cannot be used, rows
wait in memory, and answering goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, tuple_, update

from bot.storage.database import BROKEN, Database
from bot.storage.handled import Ending
from bot.storage.schema import ledger
from bot.storage.seal import Seal

log = logging.getLogger(__name__)
TELEGRAM_HOURS = 48
"""what is older than this cannot be deleted by a bot (https://core.telegram.org/bots/api#deletemessages)"""
_HOUR = 3600
_SURELY_TOO_OLD = TELEGRAM_HOURS * _HOUR + 600
"""so many seconds that Telegram refuses also where the clock here is some minutes ahead"""
_MOST_WAITING = 50_000
_PART = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One message to be cleared."""

    chat_id: int
    message: int
    sent: int
    """seconds since 1970"""


def due_at(sent: int, hours: int) -> int:
    """Return when a message sent at `sent` is due; without a timer when Telegram no longer lets it be deleted.

    What is due is tried, whatever its age; without a timer it is to stay in the chat.
    """
    return sent + (hours * _HOUR or _SURELY_TOO_OLD)


class Notes:
    """Rows by chat, on the database; never raises where that is broken."""

    def __init__(self, database: Database, seal: Seal) -> None:
        """Take an open database and the keys."""
        self._database = database
        self._seal = seal
        self._insert = database.insert(ledger).on_conflict_do_nothing()
        self._waiting: list[tuple[Entry, int]] = []
        self._lock = asyncio.Lock()

    async def note(self, chat_id: int, messages: Iterable[int], sent: int, due: int) -> None:
        """Enter messages to be cleared at `due`, both in seconds since 1970. Returns once they are on disk."""
        await self.note_all((Entry(chat_id, m, sent), due) for m in messages)

    async def note_all(self, entries: Iterable[tuple[Entry, int]], ending: Ending | None = None) -> None:
        """Enter messages, each with when it is due. Returns once they are on disk.

        With `ending` the update that they answer is entered as answered in the same transaction.
        """
        self._waiting.extend(entries)
        del self._waiting[:-_MOST_WAITING]
        await self._write(ending)

    async def hasten(self, chat_id: int, due: int) -> None:
        """Have every message of a chat cleared at `due` at the latest."""
        self._waiting = [(e, min(at, due) if e.chat_id == chat_id else at) for e, at in self._waiting]
        mine = ledger.c.chat.in_(self._seal.chats(chat_id))
        await self._database.change(update(ledger).where(mine, ledger.c.due > due).values(due=due))

    async def flush(self) -> None:
        """Write what waits, as before the end."""
        await self._write()

    async def _write(self, ending: Ending | None = None) -> None:
        """Write what waits, all in one transaction; callers that come meanwhile share the next one."""
        async with self._lock:
            rows, self._waiting = self._waiting, []
            if not rows and ending is None:
                return
            # A chat's rows of one turn lie under one hash anyway: they may share what it takes to make that, and a box.
            chats = {chat: (self._seal.chat(chat), self._seal.close(chat)) for chat in {e.chat_id for e, _ in rows}}
            values = [
                {"chat": chat, "message": e.message, "box": box, "sent": e.sent, "due": due}
                for (e, due), (chat, box) in ((row, chats[row[0].chat_id]) for row in rows)
            ]
            try:
                parts = [(self._insert, values)] if values else []
                await self._database.write(*parts, *([ending.row] if ending is not None else []))
                if ending is not None:
                    ending.done()
            except BROKEN as error:
                self._waiting[:0] = rows
                self._database.warn(error)

    async def of_chat(self, chat_id: int) -> list[Entry]:
        """Return every message of a chat that is still to be cleared, oldest first."""
        found = {e.message: e for e, _ in self._waiting if e.chat_id == chat_id}
        query = select(ledger.c.message, ledger.c.sent).where(ledger.c.chat.in_(self._seal.chats(chat_id)))
        for row in await self._database.rows(query):
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

        def take(connection: Connection) -> tuple[list[Entry], set[tuple[bytes, int]]]:
            found, lost = self._open(connection.execute(claim).all())
            for row in lost:
                connection.execute(delete(ledger).where(_is(row)))
            return found, lost

        try:
            found, lost = await self._database.run(take)
        except BROKEN as error:
            self._database.warn(error)
            return [e for e, due in self._waiting if due <= now]
        self._say_lost(len(lost))
        return found

    async def drop_lost(self) -> int:
        """Strike out what no key opens, such as after the secret was lost; return how many rows, said in the log."""
        _, lost = self._open(await self._database.rows(select(ledger)))
        await self._database.change(*(delete(ledger).where(_is(row)) for row in lost), erases=True)
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

    async def done(self, chat_id: int, messages: Iterable[int]) -> bool:
        """Strike messages out: they are deleted, or never can be; False where the database could not be told."""
        gone = set(messages)
        self._waiting = [(e, due) for e, due in self._waiting if e.chat_id != chat_id or e.message not in gone]
        chats = self._seal.chats(chat_id)
        numbers = sorted(gone)
        parts = (numbers[start : start + _PART] for start in range(0, len(numbers), _PART))
        struck = await self._database.change(
            *(delete(ledger).where(ledger.c.chat.in_(chats), ledger.c.message.in_(part)) for part in parts)
        )
        return struck is not None

    async def wipe(self) -> None:
        """Take what was struck out out of the write-ahead log too; once after many, since it waits for the disk."""
        await self._database.truncate_log()

    async def reseal(self, seal: Seal) -> tuple[int, int]:
        """Encrypt and hash every row anew under the first keys of `seal`; return (rows kept, rows no key opens).

        Raises any of BROKEN, and then changes nothing.
        """

        def work(connection: Connection) -> tuple[int, int]:
            kept = lost = 0
            for row in connection.execute(select(ledger)).all():
                chat_id = seal.open(row.box)
                mine = _is((row.chat, row.message))
                if chat_id is None:
                    lost += 1
                    connection.execute(delete(ledger).where(mine))
                else:
                    kept += 1
                    new = {"chat": seal.chat(chat_id), "box": seal.close(chat_id)}
                    connection.execute(delete(ledger).where(mine))
                    connection.execute(self._insert, {**row._asdict(), **new})
            return kept, lost

        done = await self._database.run(work)
        await self._database.truncate_log()
        return done


def _is(row: tuple[bytes, int]) -> ColumnElement[bool]:
    chat, message = row
    return (ledger.c.chat == chat) & (ledger.c.message == message)
