"""What a reader chose: the timer, a code word, the veil; whoever chose nothing has no row.

Rows are found by a keyed hash of the chat alone, so a new key cannot be put to them all at once. Each comes under the
present key when its reader next writes. Which key it is under its `key` tells, four bytes that say nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from bot.storage.database import BROKEN, Database
from bot.storage.schema import readers
from bot.storage.seal import Seal

log = logging.getLogger(__name__)
DEFAULT_HOURS = 12
_CACHED = 20_000
_CACHE_SECONDS = 1.0
"""A turn asks twice. Longer, and a veil put on with one replica would not hold with the next one yet; nobody reads that
it is on and types again within a second."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What one chat has chosen."""

    hours: int = DEFAULT_HOURS
    """until messages are cleared; 0 is never"""
    word: bytes | None = None
    veil: bool = False


class Choices:
    """Rows by the keyed hash of a chat, on the database; never raises where that is broken."""

    def __init__(self, database: Database, seal: Seal) -> None:
        """Take an open database and the keys."""
        self._database = database
        self._seal = seal
        self._names = [f"chat{n}" for n in range(len(seal.keys))]
        columns = (readers.c.chat, readers.c.hours, readers.c.word, readers.c.veil)
        self._mine = select(*columns).where(readers.c.chat.in_([bindparam(name) for name in self._names]))
        self._cache: OrderedDict[bytes, tuple[float, Reader]] = OrderedDict()

    async def reader(self, chat_id: int) -> Reader:
        """Return what a chat has chosen; the defaults where it chose nothing.

        Where the database is broken, what is remembered: a veil must not fall since a disk is full.
        """
        chats = self._seal.chats(chat_id)
        chat = chats[0]
        now = asyncio.get_running_loop().time()
        kept = self._cache.get(chat)
        if kept is not None and now - kept[0] < _CACHE_SECONDS:
            return kept[1]
        try:
            rows = await self._database.read(self._mine, **dict(zip(self._names, chats, strict=True)))
        except TimeoutError as error:
            self._database.warn(error)
            found = kept[1] if kept is not None else Reader()
            self._keep(chat, found, asyncio.get_running_loop().time())  # asked again soon, and not in this turn
            return found
        except BROKEN as error:
            self._database.warn(error)
            return kept[1] if kept is not None else Reader()
        found = _read(rows, chat)
        self._keep(chat, found, now)
        if any(row[0] != chat for row in rows):
            await self._renew(chat_id)
        return found

    async def _renew(self, chat_id: int) -> None:
        """Bring a chat's row under the present key."""
        try:
            await self._database.run(lambda connection: self._change(connection, chat_id))
        except BROKEN as error:
            self._database.warn(error)
        await self._database.truncate_log()

    def _keyed(self, chat_id: int) -> dict[str, bytes]:
        return dict(zip(self._names, self._seal.chats(chat_id), strict=True))

    def is_word(self, chat_id: int, reader: Reader, text: str) -> bool:
        """Tell whether a text is the chat's code word, also one chosen before the keys were changed."""
        return reader.word is not None and reader.word in self._seal.words(chat_id, text)

    def read_anew(self, chat_id: int) -> None:
        """Have the next `reader` ask the database: another replica may have answered the chat last."""
        self._cache.pop(self._seal.chat(chat_id), None)

    def _keep(self, chat: bytes, reader: Reader, now: float) -> None:
        self._cache[chat] = (now, reader)
        self._cache.move_to_end(chat)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)

    def _change(
        self,
        connection: Connection,
        chat_id: int,
        hours: int | None = None,
        word: str | None = None,
        veil: bool | None = None,
    ) -> Reader:
        """Change what a chat has chosen within a transaction, and return all of it; it comes under the present key."""
        chat = self._seal.chat(chat_id)
        before = _read(connection.execute(self._mine, self._keyed(chat_id)).all(), chat)
        if before.word is not None:
            before = replace(before, word=self._seal.renew_word(before.word))
        after = replace(
            before,
            hours=before.hours if hours is None else hours,
            word=before.word if word is None else self._seal.word(chat_id, word) if word else None,
            veil=before.veil if veil is None else veil,
        )
        values = {
            "hours": None if after.hours == DEFAULT_HOURS else after.hours,
            "word": after.word,
            "veil": after.veil,
            "key": self._seal.marks()[0],
        }
        connection.execute(delete(readers).where(readers.c.chat.in_(self._seal.chats(chat_id))))
        if after != Reader():
            # Another program may have chosen for the same chat at this moment: the later choice stands.
            row = self._database.insert(readers).values(chat=chat, **values)
            connection.execute(row.on_conflict_do_update(index_elements=["chat"], set_=values))
        return after

    async def reseal_choices(self, seal: Seal, *, sure: bool) -> tuple[int, int]:
        """Encrypt code words anew and erase what was made with a key before those of `seal`: nobody can find it again.

        Returns (rows kept, rows that neither key finds). Where it is not `sure` that the keys are right, these stay. Of
        rows by earlier versions of this program the key is not known: it is taken for the one before the present.
        Raises any of BROKEN, and then changes nothing.
        """
        marks = seal.marks()

        def work(connection: Connection) -> tuple[int, int]:
            kept = lost = 0
            for row in connection.execute(select(readers)).all():
                mine = readers.c.chat == row.chat
                if row.key is not None and row.key not in marks:
                    lost += 1
                    if sure:
                        connection.execute(delete(readers).where(mine))
                    continue
                kept += 1
                word = None if row.word is None else seal.renew_word(row.word)
                connection.execute(update(readers).where(mine).values(word=word, key=row.key or marks[-1]))
            return kept, lost

        done = await self._database.run(work)
        await self._database.truncate_log()
        return done

    async def say_unfound(self) -> int:
        """Return how many rows none of the keys finds, such as after the secret was lost; said in the log."""
        unknown = readers.c.key.is_not(None) & readers.c.key.not_in(self._seal.marks())
        rows = await self._database.rows(select(func.count()).select_from(readers).where(unknown))
        count = int(rows[0][0]) if rows else 0
        if count:
            log.warning(
                "choices of %d readers (timer, code word, veil) were made with another secret and do not hold: bring "
                "that secret back, or ask readers to choose again; `unspoken rotate-key` erases them",
                count,
            )
        return count


def _read(rows: Iterable[Any], chat: bytes) -> Reader:
    """Return what rows of one chat say; of several the one under the present key."""
    found = Reader()
    for _, hours, word, veil in sorted(rows, key=lambda row: row[0] == chat):
        found = Reader(DEFAULT_HOURS if hours is None else hours, word, bool(veil))
    return found
