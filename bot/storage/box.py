"""The question box of groups: questions handed in, decided on by moderators, and posted without leading to anyone.

A question's text lies encrypted in its row until it is posted, refused or expired, and then nowhere. Whether it tells
of danger is the business of the caller: the engine decides first, and what it takes for danger never comes here.
Timing gives nobody away: questions reach the moderators at fixed marks of the day, what they approve is posted at a
random moment of the next window together with all that was approved in this one, and whoever is refused hears of it
then.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import Select, delete, func, select, update

from bot.storage.boxposting import BoxPosting
from bot.storage.boxrows import (
    ID_BYTES,
    MOST_WAITING,
    WAITS,
    Draw,
    Handed,
    Opened,
    Outcome,
    Question,
    State,
    code_of,
    first_due,
    next_window,
    outcome_of,
    shown_before,
)
from bot.storage.database import BROKEN, Database
from bot.storage.schema import box_blocks, box_questions
from bot.storage.seal import Seal

_NAME_TRIES = 50
_OPEN = (State.WAITING, State.APPROVED)
"""what moderators can still decide on"""
_SHOWN = (State.WAITING, State.WITHDRAWN)
"""what lies before them"""


class QuestionBox(BoxPosting):
    """Questions by group, on the database; never raises where that is broken."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        name: Callable[[], str],
        token: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Take an open database, the keys, what makes a pseudonym (40 characters at most), and randomness for ids."""
        super().__init__(database, seal)
        self._name = name
        self._token = token

    async def submit(self, group_chat_id: int, asker_chat_id: int, text: str, now: int) -> Handed:
        """Keep a question, 1000 characters at most, until moderators decide; `now` in seconds since 1970.

        FULL where the asker has MOST_WAITING in this group already. Who is blocked there gets the same answer as
        everybody, and the same from then on: a row without the text waits, counts and expires like any other.
        The caller has run the engine over the text first: danger is answered with care and never comes here.
        """
        people = Opened(group_chat_id, asker_chat_id)
        row_id = self._token(ID_BYTES)
        mine = self._of_group(group_chat_id) & box_questions.c.asker.in_(
            self._seal.askers(group_chat_id, asker_chat_id)
        )
        values = self._seal_people(row_id, people)
        try:
            async with self._lock, self._database.begin() as connection:
                waits = mine & box_questions.c.state.in_(WAITS)
                count = (await connection.execute(select(func.count()).where(waits))).scalar_one()
                if count >= MOST_WAITING:
                    return Handed(Outcome.FULL)
                taken = select(box_questions.c.pseudonym).where(self._of_group(group_chat_id))
                pseudonym = self._new_name(set((await connection.execute(taken)).scalars()))
                blocked = (await connection.execute(self._is_blocked(people))).first() is not None
                new = {
                    "id": row_id,
                    **values,
                    "text": None if blocked else self._close_text(row_id, text),
                    "state": State.SHUNNED if blocked else State.WAITING,
                    "pseudonym": pseudonym,
                    "due": first_due(now),
                }
                await connection.execute(self._database.insert(box_questions).values(**new))
        except BROKEN as error:
            self._database.warn(error)
            return Handed(Outcome.LATER)
        return Handed(Outcome.DONE, code_of(row_id), pseudonym)

    def _new_name(self, taken: set[str]) -> str:
        """Return a pseudonym that no other question of the group has now."""
        for _ in range(_NAME_TRIES):
            name = self._name()
            if name not in taken:
                return name
        return next(n for i in range(2, len(taken) + 3) if (n := f"{name} {i}") not in taken)

    def _is_blocked(self, people: Opened) -> Select[tuple[bytes]]:
        group, asker = people.group_chat_id, people.asker_chat_id
        return select(box_blocks.c.asker).where(
            box_blocks.c.chat.in_(self._seal.chats(group)), box_blocks.c.asker.in_(self._seal.askers(group, asker))
        )

    async def waiting(self, group_chat_id: int, now: int) -> list[Question]:
        """Return what waits for moderators, in an order that tells nothing, without what came since the last mark."""
        query = (
            select(box_questions)
            .where(self._of_group(group_chat_id), box_questions.c.state.in_(_SHOWN))
            .where(box_questions.c.due <= shown_before(now), box_questions.c.due > now)
            .order_by(box_questions.c.id)
        )
        found = []
        for row in await self._database.rows(query):
            text = self._open_text(row)
            if text is not None:
                found.append(Question(code_of(row.id), group_chat_id, text, row.pseudonym))
        return found

    async def group_of(self, code: str) -> int | None:
        """Return the group of a question, for asking whether somebody may decide on it; None where it is gone."""
        try:
            row = await self._one(code)
        except BROKEN as error:
            self._database.warn(error)
            return None
        people = None if row is None else self._open_people(row)
        return None if people is None else people.group_chat_id

    async def approve(self, code: str, now: int, draw: Draw) -> Outcome:
        """Let a waiting question be posted at a random moment of the next window, with all others of its group."""
        start, end = next_window(now)
        try:
            row = await self._one(code)
        except BROKEN as error:
            self._database.warn(error)
            return Outcome.LATER
        if row is None:
            return Outcome.GONE
        if row.state == State.WITHDRAWN:
            return await self._let_go(row.id)
        together = select(box_questions.c.due).where(
            box_questions.c.chat == row.chat,
            box_questions.c.state == State.APPROVED,
            box_questions.c.due >= start,
            box_questions.c.due < end,
        )
        batch = await self._database.rows(together.limit(1))
        due = int(batch[0].due) if batch else start + draw(end - start)
        mine = (box_questions.c.id == row.id) & (box_questions.c.state == State.WAITING)
        return outcome_of(
            await self._database.change(update(box_questions).where(mine).values(state=State.APPROVED, due=due))
        )

    async def refuse(self, code: str, now: int, draw: Draw) -> Outcome:
        """Erase a question's text at once; its asker is told at a random moment of the next window."""
        return await self._end(code, now, draw)

    async def block(self, code: str, now: int, draw: Draw) -> Outcome:
        """Refuse a question and take no further one from whoever asked it, without telling anybody who that is.

        Others of theirs that wait already stay where they are: if they vanished, they could be seen to belong together.
        """
        return await self._end(code, now, draw, block=True)

    async def _end(self, code: str, now: int, draw: Draw, *, block: bool = False) -> Outcome:
        try:
            row = await self._one(code)
        except BROKEN as error:
            self._database.warn(error)
            return Outcome.LATER
        if row is not None and row.state == State.WITHDRAWN:
            return await self._let_go(row.id)
        if row is None or row.state not in _OPEN:
            return Outcome.GONE
        start, end = next_window(now)
        mine = (box_questions.c.id == row.id) & box_questions.c.state.in_(_OPEN)
        refused = {"state": State.REFUSED, "text": None, "due": start + draw(end - start)}
        people = self._open_people(row) if block else None
        try:
            async with self._lock, self._database.begin() as connection:
                changed = (await connection.execute(update(box_questions).where(mine).values(**refused))).rowcount
                if changed and people is not None:
                    await connection.execute(self._block(self._seal_people(row.id, people)))
        except BROKEN as error:
            self._database.warn(error)
            return Outcome.LATER
        await self._database.truncate_log()
        return outcome_of(changed)

    async def _let_go(self, row_id: bytes) -> Outcome:
        """Erase a question that was taken back, whatever was decided on it: there is nobody to post it for or tell."""
        mine = (box_questions.c.id == row_id) & (box_questions.c.state == State.WITHDRAWN)
        return outcome_of(await self._database.change(delete(box_questions).where(mine), erases=True))

    async def lift_blocks(self, group_chat_id: int) -> Outcome:
        """Lift every block of a group, since nobody can tell one from another: DONE, also for none, or LATER.

        Not how many: fewer than were refused and blocked would tell that two questions came from one person.
        """
        theirs = box_blocks.c.chat.in_(self._seal.chats(group_chat_id))
        changed = await self._database.change(delete(box_blocks).where(theirs), erases=True)
        return Outcome.LATER if changed is None else Outcome.DONE
