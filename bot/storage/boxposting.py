"""Posting what moderators approved, each question once, and ending what is over."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from bot.storage.boxfollow import BoxFollow
from bot.storage.boxrows import (
    FOLLOW_SECONDS,
    LATE_SECONDS,
    POSTING_SECONDS,
    Notice,
    Outcome,
    Question,
    State,
    code_of,
    id_of,
    is_over,
    outcome_of,
)
from bot.storage.database import BROKEN
from bot.storage.schema import box_questions


class BoxPosting(BoxFollow):
    """Claims, confirms and ends."""

    async def claim_due(self, now: int, limit: int = 100) -> list[Question]:
        """Return approved questions whose moment has come, each to one caller only and once only.

        A posting that is neither confirmed (`posted`) nor given up (`failed`) within an hour counts as failed.
        """
        state, due = box_questions.c.state, box_questions.c.due
        picked = (
            select(box_questions.c.id)
            .where(state == State.APPROVED, due <= now, due > now - LATE_SECONDS)
            .order_by(box_questions.c.id)
            .limit(limit)
        )
        if not self._database.is_sqlite:
            picked = picked.with_for_update(skip_locked=True)
        # A table of its own: as a subquery PostgreSQL may pick anew for each row, and then more than the limit.
        chosen = picked.cte("picked")
        # One statement claims and returns, so that two posters never see the same row.
        claim = (
            update(box_questions)
            .where(box_questions.c.id.in_(select(chosen.c.id)), state == State.APPROVED)
            .values(state=State.POSTING, due=now + POSTING_SECONDS)
            .returning(box_questions)
        )
        try:
            async with self._lock, self._database.begin() as connection:
                rows = (await connection.execute(claim)).all()
        except BROKEN as error:
            self._database.warn(error)
            return []
        found: list[Question] = []
        for row in sorted(rows, key=lambda r: r.id):
            people, text = self._open_people(row), self._open_text(row)
            if people is not None and text is not None:
                found.append(Question(code_of(row.id), people.group_chat_id, text, row.pseudonym))
        return found

    async def posted(self, code: str, message: int) -> Outcome:
        """Erase the text of a question that stands in the group now, as message number `message`."""
        mine = (box_questions.c.id == id_of(code)) & (box_questions.c.state == State.POSTING)
        later = box_questions.c.due - POSTING_SECONDS + FOLLOW_SECONDS
        values = {"state": State.POSTED, "text": None, "message": message, "due": later}
        return outcome_of(await self._database.change(update(box_questions).where(mine).values(**values), erases=True))

    async def failed(self, code: str, now: int) -> Outcome:
        """Erase the text of a question that could not be posted; its asker is told with the next `expire`."""
        mine = (box_questions.c.id == id_of(code)) & (box_questions.c.state == State.POSTING)
        values = {"state": State.FAILED, "text": None, "due": now}
        return outcome_of(await self._database.change(update(box_questions).where(mine).values(**values), erases=True))

    async def expire(self, now: int) -> list[Notice]:
        """Erase every row whose time is over; return who is to be told, each to one caller only.

        Undecided after seven days: WAITING. Refused a while ago: REFUSED. Not posted: FAILED. Followed long enough:
        erased without a word.
        """
        gone = delete(box_questions).where(is_over(now)).returning(box_questions)
        try:
            async with self._lock, self._database.begin() as connection:
                rows = (await connection.execute(gone)).all()
        except BROKEN as error:
            self._database.warn(error)
            return []
        if rows:
            await self._database.truncate_log()
        opened = ((self._open_people(row), _TELLS.get(State(row.state))) for row in rows)
        return [
            Notice(people.asker_chat_id, people.group_chat_id, state)
            for people, state in opened
            if people is not None and state is not None
        ]


_TELLS = {
    State.WAITING: State.WAITING,
    State.SHUNNED: State.WAITING,
    State.APPROVED: State.FAILED,
    State.POSTING: State.FAILED,
    State.REFUSED: State.REFUSED,
    State.FAILED: State.FAILED,
}
"""what the asker of a row that ends in a state is told"""
