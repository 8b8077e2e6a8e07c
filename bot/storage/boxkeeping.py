"""What the question box holds on somebody or on a group, and the end of it: proof, forgetting, moves, new keys."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Update, delete, select, update

from bot.storage.boxrows import (
    COMES,
    IS_POSTED,
    NOBODY,
    WAITS,
    BoxRows,
    Opened,
    State,
    next_mark,
    shown_before,
)
from bot.storage.schema import box_blocks, box_questions
from bot.storage.seal import Seal

log = logging.getLogger(__name__)


class BoxKeeping(BoxRows):
    """Keeps the books. Rows are opened one by one, since their hashes lead nowhere without the group."""

    async def held(self, asker_chat_id: int) -> Mapping[str, int]:
        """Return how many questions of somebody are held in all groups: `waiting`, `coming` (both with their encrypted
        text), `posted` and `ended` (without any text).

        A block is not counted: whoever is blocked would learn it here. `waiting` holds their questions too.
        """
        counts = {"waiting": 0, "coming": 0, "posted": 0, "ended": 0}
        for row in await self._database.rows(select(box_questions)):
            people = self._open_people(row)
            if people is not None and people.asker_chat_id == asker_chat_id:
                counts[_kind(row.state)] += 1
        return counts

    async def forget(self, asker_chat_id: int, now: int) -> None:
        """Erase every question of somebody, in all groups, posted or not; what stands in a group stays there.

        What lies before moderators leads to nobody from now on, is never posted, and goes at the next mark: vanishing
        at once it would tell a moderator whose hands were on a phone just then. Blocks stay until the group goes or
        lifts them: otherwise one command would undo them.
        """
        mine: list[bytes] = []
        severing: list[Update] = []
        for row in await self._database.rows(select(box_questions)):
            people = self._open_people(row)
            if people is None or people.asker_chat_id != asker_chat_id:
                continue
            mine.append(row.id)
            if row.state == State.WAITING and now < row.due <= shown_before(now):
                values = self._seal_people(row.id, replace(people, asker_chat_id=NOBODY))
                seen = (box_questions.c.id == row.id) & (box_questions.c.state == State.WAITING)
                severing.append(
                    update(box_questions).where(seen).values(**values, state=State.WITHDRAWN, due=next_mark(now))
                )
        if severing:
            await self._database.change(*severing, erases=True)
        await self._erase(mine, box_questions.c.state != State.WITHDRAWN)

    async def forget_group(self, group_chat_id: int) -> None:
        """Erase every question and block of a group."""
        chats = self._seal.chats(group_chat_id)
        await self._database.change(
            *(delete(table).where(table.c.chat.in_(chats)) for table in (box_questions, box_blocks)), erases=True
        )

    async def moved(self, old: int, new: int) -> None:
        """Carry a group's questions over to its new number, as when it becomes a supergroup.

        Blocks of people who have a question here are carried over too; others are lost, since nobody knows whose they
        are. May be called before or after `Groups.moved`, which changes the group's hash alone.
        """
        chats = (*self._seal.chats(old), *self._seal.chats(new))
        for row in await self._database.rows(select(box_questions).where(box_questions.c.chat.in_(chats))):
            people = self._open_people(row)
            if people is None or people.group_chat_id != old:
                continue
            values = self._seal_people(row.id, Opened(new, people.asker_chat_id))
            block = _blocks(chats, self._seal.askers(old, people.asker_chat_id))
            again = await self._database.rows(select(box_blocks).where(block))
            await self._database.change(
                update(box_questions).where(box_questions.c.id == row.id).values(**values),
                *((delete(box_blocks).where(block), self._block(values)) if again else ()),
            )

    async def reseal(self, seal: Seal) -> tuple[int, int]:
        """Encrypt and hash every question anew under the first keys of `seal`; return (rows kept, rows no key opens).

        Blocks are renewed for people who have a question here; the others go on being verified with the earlier keys.
        Raises any of BROKEN.
        """
        kept, lost = 0, 0
        fresh = BoxRows(self._database, seal)
        async with self._database.begin() as connection:
            for row in (await connection.execute(select(box_questions))).all():
                mine = box_questions.c.id == row.id
                people, text = self._open_people(row, seal), self._open_text(row, seal)
                if people is None or (text is None and row.text is not None):
                    lost += 1
                    await connection.execute(delete(box_questions).where(mine))
                    continue
                kept += 1
                values = fresh._seal_people(row.id, people)
                closed = None if text is None else fresh._close_text(row.id, text)
                await connection.execute(update(box_questions).where(mine).values(**values, text=closed))
                earlier = seal.askers(people.group_chat_id, people.asker_chat_id)[1:]
                block = _blocks(seal.chats(people.group_chat_id), earlier)
                if (await connection.execute(select(box_blocks).where(block))).first() is not None:
                    await connection.execute(delete(box_blocks).where(block))
                    await connection.execute(self._block(values))
        await self._database.truncate_log()
        return kept, lost

    async def drop_lost(self) -> int:
        """Strike out questions that no key opens, as after the secret was lost; return how many, said in the log."""
        rows = await self._database.rows(select(box_questions.c.id, box_questions.c.asker_box))
        lost = [row.id for row in rows if self._open_people(row) is None]
        await self._erase(lost)
        if lost:
            log.warning("%d questions of the box were struck out: they were handed in with another secret", len(lost))
        return len(lost)


def _kind(state: int) -> str:
    return "waiting" if state in WAITS else "coming" if state in COMES else "posted" if state in IS_POSTED else "ended"


def _blocks(chats: Sequence[bytes], askers: Sequence[bytes]) -> ColumnElement[bool]:
    return box_blocks.c.chat.in_(chats) & box_blocks.c.asker.in_(askers)
