"""What a reader chose: the timer, a code word, the veil; whoever chose nothing has no row."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from bot.storage.database import BROKEN, Database
from bot.storage.schema import readers
from bot.storage.seal import Seal

DEFAULT_HOURS = 12
_CACHED = 20_000
_CACHE_SECONDS = 30


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
        columns = (readers.c.hours, readers.c.word, readers.c.veil)
        self._mine = select(*columns).where(readers.c.chat.in_([bindparam(name) for name in self._names]))
        self._cache: OrderedDict[bytes, tuple[float, Reader]] = OrderedDict()

    async def reader(self, chat_id: int) -> Reader:
        """Return what a chat has chosen; the defaults where it chose nothing.

        Where the database is broken, what is remembered: a veil must not fall since a disk is full.
        """
        chat = self._seal.chat(chat_id)
        now = asyncio.get_running_loop().time()
        kept = self._cache.get(chat)
        if kept is not None and now - kept[0] < _CACHE_SECONDS:
            return kept[1]
        try:
            found = _read(await self._database.read(self._mine, **self._keyed(chat_id)))
        except BROKEN as error:
            self._database.warn(error)
            return kept[1] if kept is not None else Reader()
        self._keep(chat, found, now)
        return found

    def _keyed(self, chat_id: int) -> dict[str, bytes]:
        return dict(zip(self._names, self._seal.chats(chat_id), strict=True))

    def is_word(self, chat_id: int, reader: Reader, text: str) -> bool:
        """Tell whether a text is the chat's code word, also one chosen before the keys were changed."""
        return reader.word is not None and reader.word in self._seal.words(chat_id, text)

    def _keep(self, chat: bytes, reader: Reader, now: float) -> None:
        self._cache[chat] = (now, reader)
        self._cache.move_to_end(chat)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)

    def _change(
        self, connection: Connection, chat_id: int, hours: int | None, word: str | None, veil: bool | None
    ) -> Reader:
        """Change what a chat has chosen within a transaction, and return all of it."""
        before = _read(connection.execute(self._mine, self._keyed(chat_id)).all())
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
        }
        connection.execute(delete(readers).where(readers.c.chat.in_(self._seal.chats(chat_id))))
        if after != Reader():
            # Another program may have chosen for the same chat at this moment: the later choice stands.
            row = self._database.insert(readers).values(chat=self._seal.chat(chat_id), **values)
            connection.execute(row.on_conflict_do_update(index_elements=["chat"], set_=values))
        return after


def _read(rows: Iterable[Any]) -> Reader:
    found = Reader()
    for hours, word, veil in rows:
        found = Reader(DEFAULT_HOURS if hours is None else hours, word, bool(veil))
    return found
