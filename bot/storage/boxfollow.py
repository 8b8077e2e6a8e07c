"""Following a question: a link that expires and that only the bot can read, and where replies are wanted."""

from __future__ import annotations

import base64
import struct

from sqlalchemy import select, update

from bot.storage.boxkeeping import BoxKeeping
from bot.storage.boxrows import (
    FOLLOW_SECONDS,
    ID_BYTES,
    IS_POSTED,
    LATE_SECONDS,
    LONGEST_SECONDS,
    WINDOW_SECONDS,
    Followed,
    Outcome,
    State,
    code_of,
    id_of,
    outcome_of,
)
from bot.storage.database import BROKEN
from bot.storage.schema import box_questions

FOLLOW_PREFIX = "q-"
"""what the word after /start begins with in a link to a question"""
LINK_SECONDS = LONGEST_SECONDS + 2 * WINDOW_SECONDS + LATE_SECONDS + FOLLOW_SECONDS
"""how long a link lasts: as long as its question can"""
_SHAPE = struct.Struct(f">{ID_BYTES}sI")
_ABOUT = b"follow"


class BoxFollow(BoxKeeping):
    """Links to questions, for their askers alone."""

    def link(self, code: str, now: int) -> str:
        """Return the word for a deep link to a question: 58 URL-safe characters, different each time it is made.

        Raises ValueError for a code that is none.
        """
        row_id = id_of(code)
        if row_id is None:
            raise ValueError("no code of a question")
        data = _SHAPE.pack(row_id, now + LINK_SECONDS)
        return FOLLOW_PREFIX + base64.urlsafe_b64encode(self._seal.close_data(data, _ABOUT)).decode().rstrip("=")

    async def follow(self, word: str, asker_chat_id: int, now: int) -> Followed | None:
        """Return the question behind a link; None for a link that is none, has expired, or was opened by another."""
        code = self._open_link(word, now)
        return None if code is None else await self.followed(code, asker_chat_id)

    def _open_link(self, word: str, now: int) -> str | None:
        if not word.startswith(FOLLOW_PREFIX):
            return None
        text = word.removeprefix(FOLLOW_PREFIX)
        try:
            data = self._seal.open_data(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True), _ABOUT)
        except ValueError:
            return None
        if data is None:
            return None
        row_id, until = _SHAPE.unpack(data)
        return code_of(row_id) if now < until else None

    async def followed(self, code: str, asker_chat_id: int) -> Followed | None:
        """Return a question as its asker may see it; None where it is gone or somebody else's."""
        try:
            row = await self._one(code)
        except BROKEN as error:
            self._database.warn(error)
            return None
        people = None if row is None else self._open_people(row)
        if row is None or people is None or people.asker_chat_id != asker_chat_id:
            return None
        state = State.WAITING if row.state == State.SHUNNED else State(row.state)
        return Followed(code, state, people.group_chat_id, row.message, row.pseudonym)

    async def watch(self, code: str, asker_chat_id: int, *, on: bool) -> Outcome:
        """Begin or stop to want replies to a posted question of one's own."""
        mine = await self.followed(code, asker_chat_id)
        if mine is None:
            return Outcome.GONE
        new = State.FOLLOWED if on else State.POSTED
        posted = (box_questions.c.id == id_of(code)) & box_questions.c.state.in_(IS_POSTED)
        return outcome_of(await self._database.change(update(box_questions).where(posted).values(state=new)))

    async def replied_to(self, group_chat_id: int, message: int) -> str | None:
        """Return the code of a posted question whose asker wants replies, by its message in the group."""
        query = select(box_questions.c.id).where(
            self._of_group(group_chat_id), box_questions.c.message == message, box_questions.c.state == State.FOLLOWED
        )
        rows = await self._database.rows(query)
        return code_of(rows[0].id) if rows else None

    async def watcher(self, code: str) -> tuple[int, Followed] | None:
        """Return (chat of the asker, question) while they want replies; for sending them one and for nothing else."""
        try:
            row = await self._one(code)
        except BROKEN as error:
            self._database.warn(error)
            return None
        people = None if row is None else self._open_people(row)
        if row is None or people is None or row.state != State.FOLLOWED:
            return None
        found = Followed(code, State.FOLLOWED, people.group_chat_id, row.message, row.pseudonym)
        return people.asker_chat_id, found
