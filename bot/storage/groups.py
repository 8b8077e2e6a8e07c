"""Groups and what their admins chose: rows by a keyed hash, erased a week after the bot was removed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.storage.database import BROKEN, Database
from bot.storage.schema import box_blocks, box_questions, groups, ledger, releases, weekly
from bot.storage.seal import Seal

GRACE_SECONDS = 7 * 86_400
CODE_BYTES = 6
_BESIDE = (box_questions, box_blocks, weekly, releases)
"""tables of what belongs to a group"""
_MOVED = json.dumps({"moved": True})
"""settings of the row that stays under an earlier number, whose `box` holds the present one"""


@dataclass(frozen=True, slots=True)
class Group:
    """One group as stored."""

    chat_id: int
    settings: Mapping[str, Any]


class Groups:
    """Settings by group, on the database; defaults where that is broken."""

    def __init__(self, database: Database, seal: Seal) -> None:
        """Take an open database and the keys."""
        self._database = database
        self._seal = seal

    def code(self, chat_id: int) -> str:
        """Return the short code that buttons carry for a group: ten small letters and digits of its keyed hash."""
        return base64.b32encode(self._seal.chat(chat_id)[:CODE_BYTES]).decode().rstrip("=").lower()

    async def get(self, chat_id: int) -> Mapping[str, Any]:
        """Return what was chosen for a group; empty for none, and under the number it had before it moved."""
        rows = await self._database.rows(select(groups).where(groups.c.chat.in_(self._seal.chats(chat_id))))
        return _settings(rows[0].settings) if rows else {}

    async def by_code(self, code: str) -> Group | None:
        """Return the group of a button's code, or None when it is not known (any more)."""
        try:
            prefix = base64.b32decode(code.upper() + "=" * (-len(code) % 8))
        except ValueError:
            return None
        if len(prefix) != CODE_BYTES:
            return None
        low, high = prefix.ljust(16, b"\0"), prefix.ljust(16, b"\xff")
        for row in await self._database.rows(select(groups).where(groups.c.chat >= low, groups.c.chat <= high)):
            chat_id = self._seal.open(row.box)
            if chat_id is not None:
                moved = row.settings == _MOVED
                return Group(chat_id, await self.get(chat_id) if moved else _settings(row.settings))
        return None

    async def present(self, chat_id: int) -> int:
        """Return the number that a group has now, which is another one where it has moved."""
        rows = await self._database.rows(select(groups.c.box).where(groups.c.chat.in_(self._seal.chats(chat_id))))
        return (self._seal.open(rows[0].box) if rows else None) or chat_id

    async def put(self, chat_id: int, settings: Mapping[str, Any]) -> bool:
        """Keep a group's settings; return False where the database cannot be used."""
        values = {"box": self._seal.close(chat_id), "settings": json.dumps(dict(settings)), "left_at": None}
        statement = self._database.insert(groups).values(chat=self._seal.chat(chat_id), **values)
        kept = await self._database.change(statement.on_conflict_do_update(index_elements=["chat"], set_=values))
        return kept is not None

    async def claim(self, chat_id: int, change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]) -> bool:
        """Change a group's settings by what `change` makes of them, None for nothing; return whether they were changed.

        Of several programs that do so at once only one changes them: the others are passed over, or find them changed.
        """
        pick = select(groups.c.chat, groups.c.settings).where(groups.c.chat.in_(self._seal.chats(chat_id)))
        if not self._database.is_sqlite:
            pick = pick.with_for_update(skip_locked=True)

        def work(connection: Connection) -> bool:
            row = connection.execute(pick).first()
            changed = None if row is None else change(_settings(row.settings))
            if row is None or changed is None:
                return False
            mine = update(groups).where(groups.c.chat == row.chat, groups.c.settings == row.settings)
            return bool(connection.execute(mine.values(settings=json.dumps(dict(changed)))).rowcount)

        try:
            return await self._database.run(work)
        except BROKEN as error:
            self._database.warn(error)
            return False

    async def moved(self, old: int, new: int) -> None:
        """Carry a group's settings over to its new number, as when it becomes a supergroup; all or nothing.

        What was chosen under the new number since stands. Under the old one a row stays that leads to the new one, for
        links in messages from before: they are in sight for ever, and no bot can clear them there.
        """
        chat, box, before = self._seal.chat(new), self._seal.close(new), self._seal.chats(old)
        rows = await self._database.rows(select(groups))
        behind = [row.chat for row in rows if row.settings == _MOVED and self._seal.open(row.box) == old]
        leading = [{"chat": hashed, "box": box, "settings": _MOVED} for hashed in {*behind, before[0]}]
        known = any(row.chat in before and row.settings != _MOVED for row in rows)
        if not known:
            return
        left = delete(groups).where(groups.c.chat.in_((*before, *behind)))
        lead = [self._database.insert(groups).values(**values) for values in leading]
        if await self.get(new):
            await self._database.change(left, *lead)
            return
        earlier = groups.alias()
        await self._database.change(
            # A row where nothing was chosen yet makes way, as when the new number was heard of first.
            delete(groups).where(
                groups.c.chat.in_(self._seal.chats(new)),
                select(earlier.c.chat).where(earlier.c.chat.in_(before)).exists(),
            ),
            update(groups).where(groups.c.chat.in_(before)).values(chat=chat, box=box, left_at=None),
            left,
            *lead,
        )

    async def left(self, chat_id: int, now: int) -> None:
        """Note that the bot was removed from a group at `now` (seconds)."""
        await self._database.change(
            update(groups).where(groups.c.chat.in_(self._seal.chats(chat_id))).values(left_at=now)
        )

    async def purge(self, now: int) -> int:
        """Erase every row of groups that the bot left a week ago; return how many groups."""
        gone = await self._database.rows(select(groups).where(groups.c.left_at < now - GRACE_SECONDS))
        moved = await self._database.rows(select(groups).where(groups.c.settings == _MOVED)) if gone else []
        for row in gone:
            number = self._seal.open(row.box)
            theirs = [row.chat, *(other.chat for other in moved if self._seal.open(other.box) == number)]
            tables = (*_BESIDE, ledger, groups)
            await self._database.change(*(delete(t).where(t.c.chat.in_(theirs)) for t in tables), erases=True)
        return len(gone)

    async def reseal(self, seal: Seal) -> tuple[int, int]:
        """Hash and encrypt every group anew under the first keys of `seal`; return (groups kept, groups no key opens).

        What belongs to a group follows it. Raises any of BROKEN, and then changes nothing.
        """
        kept = lost = 0
        async with self._database.begin() as connection:
            await connection.execute(delete(groups).where(groups.c.settings == _MOVED))
            rows = (await connection.execute(select(groups.c.chat, groups.c.box))).all()
            known = {row.chat for row in rows}
            for row in rows:
                chat_id = seal.open(row.box)
                if chat_id is None:
                    lost += 1
                    continue
                new = {"chat": seal.chat(chat_id), "box": seal.close(chat_id)}
                mine = groups.c.chat == row.chat
                if new["chat"] != row.chat and new["chat"] in known:  # chosen anew since the key was changed
                    await connection.execute(delete(groups).where(mine))
                else:
                    kept += 1
                    await connection.execute(update(groups).where(mine).values(**new))
                for table in _BESIDE:
                    await connection.execute(update(table).where(table.c.chat == row.chat).values(chat=new["chat"]))
        await self._database.truncate_log()
        return kept, lost

    async def every(self) -> list[Group]:
        """Return all groups that the bot is in."""
        there = groups.c.left_at.is_(None) & (groups.c.settings != _MOVED)
        rows = await self._database.rows(select(groups).where(there))
        opened = ((self._seal.open(row.box), row) for row in rows)
        return [Group(chat_id, _settings(row.settings)) for chat_id, row in opened if chat_id is not None]


def _settings(text: str) -> Mapping[str, Any]:
    data = {} if text == _MOVED else json.loads(text)
    return data if isinstance(data, dict) else {}
