"""The clearing ledger: messages still to be deleted, and what their reader chose, which says when."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select, update

from bot.storage.choices import Choices, Reader
from bot.storage.database import BROKEN, Database
from bot.storage.notes import TELEGRAM_HOURS, Entry, Notes, due_at
from bot.storage.schema import ledger, readers
from bot.storage.seal import Seal

__all__ = ["TELEGRAM_HOURS", "Entry", "Ledger", "due_at"]


class Ledger(Notes, Choices):
    """What concerns both; never raises where the database is broken."""

    def __init__(self, database: Database, seal: Seal) -> None:
        """Take an open database and the keys."""
        Notes.__init__(self, database, seal)
        Choices.__init__(self, database, seal)

    async def choose(
        self, chat_id: int, *, hours: int | None = None, word: str | None = None, veil: bool | None = None
    ) -> Reader | None:
        """Change what a chat has chosen; return all of it, or None where it could not be kept and nothing has changed.

        An empty word takes the code word away. Messages already noted follow a new timer.
        """
        mine = ledger.c.chat.in_(self._seal.chats(chat_id))

        def work(connection: Connection) -> Reader:
            if hours is not None:
                connection.execute(update(ledger).where(mine).values(due=ledger.c.sent + due_at(0, hours)))
            return self._change(connection, chat_id, hours, word, veil)

        try:
            after = await self._database.run(work)
        except BROKEN as error:
            self._database.warn(error)
            return None
        if hours is not None:
            self._waiting = [(e, due_at(e.sent, hours) if e.chat_id == chat_id else due) for e, due in self._waiting]
        self._keep(self._seal.chat(chat_id), after, asyncio.get_running_loop().time())
        return after

    async def forget(self, chat_id: int) -> bool:
        """Erase every row of a chat, in memory and on disk, and what lies in the write-ahead log.

        Returns False where what is on disk could not be erased.
        """
        self._waiting = [(e, due) for e, due in self._waiting if e.chat_id != chat_id]
        chats = self._seal.chats(chat_id)
        for chat in chats:
            self._cache.pop(chat, None)
        erased = await self._database.change(
            *(delete(table).where(table.c.chat.in_(chats)) for table in (ledger, readers))
        )
        await self._database.truncate_log()
        return erased is not None

    async def held(self, chat_id: int) -> Mapping[str, int] | None:
        """Return how many rows of each kind are held on a chat, and when (seconds) the next message is cleared.

        None where the database cannot be asked.
        """
        chats = self._seal.chats(chat_id)
        noted = select(func.count(), func.min(ledger.c.due)).where(ledger.c.chat.in_(chats))
        chosen = select(func.count()).select_from(readers).where(readers.c.chat.in_(chats))
        try:
            count, due, choices = await self._database.run(
                lambda connection: (*connection.execute(noted).one(), connection.execute(chosen).scalar_one())
            )
        except BROKEN as error:
            self._database.warn(error)
            return None
        waiting = sum(e.chat_id == chat_id for e, _ in self._waiting)
        return {"messages": int(count) + waiting, "due": int(due or 0), "choices": int(choices)}
