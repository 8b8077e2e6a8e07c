"""What several replicas must know of a chat for half an hour: encrypted rows, one for each kind, with a short end.

With one replica nothing of it is written: it lies in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from sqlalchemy import bindparam, delete, select

from bot.storage.database import BROKEN, Database
from bot.storage.schema import claims, sessions, turns
from bot.storage.seal import Seal

_HOUR = 3600
_COLUMNS = (sessions.c.chat, sessions.c.kind, sessions.c.box)
_STEP = 512
"""contents are filled up to a multiple of this, so that their length tells nothing"""


class Kind(IntEnum):
    """What a row holds."""

    CONTEXT = 0
    DRAFT = 1


class Sessions:
    """Rows by chat; every method raises any of BROKEN where the database cannot be used."""

    def __init__(self, database: Database, seal: Seal) -> None:
        """Take an open database and the keys."""
        self._database = database
        self._seal = seal
        self._names = [f"chat{n}" for n in range(len(seal.keys))]
        mine = sessions.c.chat.in_([bindparam(name) for name in self._names]) & sessions.c.kind.in_(list(Kind))
        self._read = select(*_COLUMNS).where(mine, sessions.c.until > bindparam("now"))

    async def read(self, chat_id: int, now: int) -> Mapping[Kind, str]:
        """Return what is held of a chat at `now` (seconds since 1970); what no key opens is left out."""
        values = dict(zip(self._names, self._seal.chats(chat_id), strict=True))
        async with self._database.at_once() as connection:
            rows = (await connection.execute(self._read, {**values, "now": now})).all()
        opened = ((Kind(row.kind), self._seal.open_text(row.box, _about(row.chat, row.kind))) for row in rows)
        return {kind: text.rstrip() for kind, text in opened if text is not None}

    def writing(self, chat_id: int, kind: Kind, text: str, until: int) -> Any:
        """Return the statement that keeps a text of a chat until a moment (seconds since 1970).

        It takes the place of one that ends earlier, and not of a later one.
        """
        chat = self._seal.chat(chat_id)
        padded = text + " " * (-len(text.encode()) % _STEP)
        values = {"box": self._seal.close_text(padded, _about(chat, kind)), "until": until}
        row = self._database.insert(sessions).values(chat=chat, kind=kind, **values)
        return row.on_conflict_do_update(index_elements=["chat", "kind"], set_=values, where=sessions.c.until <= until)

    def erasing(self, chat_id: int, kind: Kind) -> Any:
        """Return the statement that erases what is held of a chat."""
        return delete(sessions).where(sessions.c.chat.in_(self._seal.chats(chat_id)), sessions.c.kind == kind)

    async def purge(self, now: int) -> None:
        """Erase what has ended by `now` (seconds since 1970)."""
        async with self._database.at_once() as connection:
            await connection.execute(delete(sessions).where(sessions.c.until <= now))


async def purge_shared(database: Database, now: int) -> None:
    """Erase what replicas that are gone have left behind, as when one program goes on alone; never raises."""
    try:
        async with database.begin() as connection:
            await connection.execute(delete(sessions).where(sessions.c.until <= now))
            for table in (claims, turns):
                await connection.execute(delete(table).where(table.c.until <= (now - _HOUR) * 1000))
    except BROKEN as error:
        database.warn(error)


def _about(chat: bytes, kind: int) -> bytes:
    return b"session" + bytes([kind]) + chat
