"""Rows of the question box as values, the times they keep, and reading and writing them.

`asker_box` holds the group and the asker encrypted and bound to the row's id, `text` the question in the same way;
`due` is the next moment at which something happens to a row, whatever its state.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select

from bot.storage.database import Database
from bot.storage.schema import box_blocks, box_questions
from bot.storage.seal import Seal

MOST_WAITING = 3
"""questions of one asker that may wait in a group"""
LONGEST_SECONDS = 7 * 86_400
"""after which a question that nobody decided on is erased"""
HOLD_SECONDS = 3 * 3600
"""questions reach the moderators at these marks of the day only, so that nobody can watch when one is handed in"""
WINDOW_SECONDS = 6 * 3600
"""what is approved in one window is posted together, at a random moment of the next one"""
LATE_SECONDS = 86_400
"""an approved question that could not be posted for so long is not posted any more"""
POSTING_SECONDS = 3600
"""after which a posting that was begun and never confirmed counts as failed; nothing is posted twice"""
FOLLOW_SECONDS = 7 * 86_400
"""how long replies to a posted question can be followed; then its row is erased"""
ID_BYTES = 10
NOBODY = 0
"""no number of a chat: the asker of what was taken back"""
_NUMBER_BYTES = 8
_PART = 500

Draw = Callable[[int], int]
"""n -> a uniform whole number from 0 to n - 1"""


class State(IntEnum):
    """What has become of a question."""

    WAITING = 0
    SHUNNED = 1
    """from somebody whom the group has blocked: without text, shown to nobody, for its asker like a waiting one"""
    APPROVED = 2
    POSTING = 3
    POSTED = 4
    FOLLOWED = 5
    """posted, and its asker wants to see replies"""
    REFUSED = 6
    """`due` is when the asker is told, so that nobody can watch a phone while pressing Refuse"""
    FAILED = 7
    WITHDRAWN = 8
    """taken back by its asker, to whom it no longer leads: before moderators until `due`, the next mark, then gone"""


WAITS = (State.WAITING, State.SHUNNED)
COMES = (State.APPROVED, State.POSTING)
IS_POSTED = (State.POSTED, State.FOLLOWED)


class Outcome(Enum):
    """What came of something that was asked of the box."""

    DONE = "done"
    FULL = "full"
    """the asker has as many waiting as may be"""
    GONE = "gone"
    """there is no such question, or it is settled already"""
    LATER = "later"
    """the database cannot be used; nothing was changed"""


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of handing in a question."""

    outcome: Outcome
    code: str = ""
    pseudonym: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as moderators and the poster may know it: nothing in it leads to its asker."""

    code: str
    """its id, as buttons carry it"""
    group_chat_id: int
    text: str
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody who is to be told what became of a question; its row is erased already."""

    asker_chat_id: int
    group_chat_id: int
    state: State
    """REFUSED, FAILED, or WAITING for one that has expired"""


@dataclass(frozen=True, slots=True)
class Followed:
    """A question as its own asker may see it."""

    code: str
    state: State
    """WAITING also where the group has blocked its asker"""
    group_chat_id: int
    message: int | None
    """its number in the group, once posted"""
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Who and where a row is about."""

    group_chat_id: int
    asker_chat_id: int


def code_of(row_id: bytes) -> str:
    """Return an id as buttons carry it: sixteen small letters and digits."""
    return base64.b32encode(row_id).decode().lower()


def id_of(code: str) -> bytes | None:
    """Return the id in a code, or None where it is none."""
    try:
        row_id = base64.b32decode(code.upper())
    except ValueError:
        return None
    return row_id if len(row_id) == ID_BYTES else None


def first_due(now: int) -> int:
    """Return when a question handed in at `now` expires: seven days after the last mark, so that no row tells when."""
    return now // HOLD_SECONDS * HOLD_SECONDS + LONGEST_SECONDS


def shown_before(now: int) -> int:
    """Return the `due` up to which waiting questions have reached the moderators at `now`."""
    return now - HOLD_SECONDS + LONGEST_SECONDS


def next_mark(now: int) -> int:
    """Return the next moment at which what lies before the moderators changes by itself."""
    return (now // HOLD_SECONDS + 1) * HOLD_SECONDS


def next_window(now: int) -> tuple[int, int]:
    """Return beginning and end of the window in which what is decided at `now` is posted."""
    start = (now // WINDOW_SECONDS + 1) * WINDOW_SECONDS
    return start, start + WINDOW_SECONDS


class BoxRows:
    """Reading and writing, on the database; never raises where that is broken."""

    def __init__(self, database: Database, seal: Seal) -> None:
        """Take an open database and the keys."""
        self._database = database
        self._seal = seal
        self._lock = asyncio.Lock()

    def _seal_people(self, row_id: bytes, people: Opened) -> dict[str, bytes]:
        """Return the columns of a row that lead to its group and asker."""
        numbers = (people.group_chat_id, people.asker_chat_id)
        data = b"".join(n.to_bytes(_NUMBER_BYTES, "big", signed=True) for n in numbers)
        return {
            "chat": self._seal.chat(people.group_chat_id),
            "asker": self._seal.asker(people.group_chat_id, people.asker_chat_id),
            "asker_box": self._seal.close_data(data, b"people" + row_id),
        }

    def _open_people(self, row: Any, seal: Seal | None = None) -> Opened | None:
        """Return group and asker of a row, or None where none of the keys opens it."""
        data = (seal or self._seal).open_data(row.asker_box, b"people" + row.id)
        if data is None:
            return None
        group, asker = (data[i : i + _NUMBER_BYTES] for i in (0, _NUMBER_BYTES))
        return Opened(int.from_bytes(group, "big", signed=True), int.from_bytes(asker, "big", signed=True))

    def _close_text(self, row_id: bytes, text: str) -> bytes:
        return self._seal.close_text(text, b"text" + row_id)

    def _open_text(self, row: Any, seal: Seal | None = None) -> str | None:
        return None if row.text is None else (seal or self._seal).open_text(row.text, b"text" + row.id)

    def _of_group(self, group_chat_id: int) -> ColumnElement[bool]:
        return box_questions.c.chat.in_(self._seal.chats(group_chat_id))

    def _block(self, values: Mapping[str, bytes]) -> Any:
        """Return the statement that blocks the asker of a row for its group."""
        row = {"chat": values["chat"], "asker": values["asker"]}
        return self._database.insert(box_blocks).values(**row).on_conflict_do_nothing()

    async def _one(self, code: str) -> Any | None:
        """Return the row of a code, or None; raises any of BROKEN."""
        row_id = id_of(code)
        if row_id is None:
            return None
        async with self._database.connect() as connection:
            return (await connection.execute(select(box_questions).where(box_questions.c.id == row_id))).first()

    async def _erase(self, ids: Sequence[bytes], only: ColumnElement[bool] | None = None) -> None:
        """Erase rows by their ids, where a condition is given `only` those that meet it."""
        for start in range(0, len(ids), _PART):
            erasing = delete(box_questions).where(box_questions.c.id.in_(ids[start : start + _PART]))
            await self._database.change(erasing if only is None else erasing.where(only), erases=True)


def outcome_of(changed: int | None) -> Outcome:
    """Return the outcome of a change that concerns one question; None is a database that cannot be used."""
    return Outcome.LATER if changed is None else Outcome.DONE if changed else Outcome.GONE


def is_over(now: int) -> ColumnElement[bool]:
    """Return the condition of rows that end at `now`, each state with its own meaning of `due`."""
    state, due = box_questions.c.state, box_questions.c.due
    return or_((state != State.APPROVED) & (due <= now), (state == State.APPROVED) & (due <= now - LATE_SECONDS))
