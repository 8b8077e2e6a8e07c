"""Weekly counts of a group: who stands behind a topic by keyed hashes until the week is released, noisy numbers after.

No plain number of a person or a group lies in it. Where the database cannot be used, nothing is counted or released.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.database import BROKEN, Database
from bot.storage.schema import releases, weekly
from bot.storage.seal import Seal

MOST_TOPICS = 3
"""topics of one member that are noted in one week"""
KEPT_WEEKS = 12
"""weeks before this one whose released numbers are kept"""
_LONGEST_TOPIC = 64
_MARK = ""
"""the topic of the row that says that a week was released"""
_THOUSANDTHS = 1000

Draw = Callable[[int], int]
"""n -> a uniform whole number from 0 to n - 1"""
Publish = Callable[[Iterable[tuple[str, bytes]], Fraction, Draw], Mapping[str, int]]
"""rows of (topic, member), epsilon and randomness -> the noisy counts that may be shown"""


@dataclass(frozen=True, slots=True)
class Release:
    """What was released for one week; the same however often it is read."""

    week: int
    """ISO week of UTC, as year * 100 + week"""
    epsilon: Fraction
    counts: tuple[tuple[str, int], ...]
    """(topic, noisy count), largest first"""


def week_of(now: float) -> int:
    """Return the ISO week (UTC) of a moment in seconds since 1970, as year * 100 + week."""
    year, week, _ = datetime.fromtimestamp(now, UTC).isocalendar()
    return year * 100 + week


def weeks_before(now: float, count: int) -> tuple[int, ...]:
    """Return the `count` weeks that were over at a moment, the last one first."""
    moment = datetime.fromtimestamp(now, UTC)
    return tuple(week_of((moment - timedelta(weeks=n)).timestamp()) for n in range(1, count + 1))


class Weekly:
    """Counts by group and week, on the database; never raises where that is broken."""

    def __init__(self, database: Database, seal: Seal, publish: Publish) -> None:
        """Take an open database, the keys, and what makes noisy counts of rows (`bot.core.noise.released`)."""
        self._database = database
        self._seal = seal
        self._publish = publish
        self._lock = asyncio.Lock()

    async def note(self, group_chat_id: int, user_id: int, topic: str, now: float) -> bool:
        """Enter that a member asked on a topic at `now` (seconds since 1970); return whether a row was made.

        No row is made for a topic noted already, a fourth one in a week, a week released already, or a name that
        begins with `care`. That and what else is counted nowhere (danger, greetings) is for the caller to leave out.
        """
        if not topic or len(topic) > _LONGEST_TOPIC or topic.casefold().startswith("care"):
            return False
        week = week_of(now)
        chats = self._seal.chats(group_chat_id)
        own = weekly.c.member.in_(self._seal.members(group_chat_id, week, user_id))
        mine = select(weekly.c.topic).where(weekly.c.chat.in_(chats), weekly.c.week == week, own)
        row = {
            "chat": self._seal.chat(group_chat_id),
            "week": week,
            "topic": topic,
            "member": self._seal.member(group_chat_id, week, user_id),
        }
        try:
            # Two programs at once may still make a fourth row; the counting bounds again.
            async with self._lock, self._database.begin() as connection:
                before = set((await connection.execute(mine)).scalars())
                full = topic in before or len(before) >= MOST_TOPICS
                if full or await self._find(connection, chats, [week]):
                    return False
                await connection.execute(self._database.insert(weekly).values(**row).on_conflict_do_nothing())
        except BROKEN as error:
            self._database.warn(error)
            return False
        return True

    async def release(self, group_chat_id: int, week: int, epsilon: Fraction, randomness: Draw) -> Release | None:
        """Return what is released for a week that is over; made once, stored, and the week's hashes discarded.

        A week released before is only read again, whatever epsilon is given: a second draw would tell more. Returns
        None where the database cannot be used. Raises ValueError for an epsilon that is no number of thousandths.
        """
        if epsilon <= 0 or (epsilon * _THOUSANDTHS).denominator != 1:
            raise ValueError("epsilon is a number of thousandths above 0")
        chat, chats = self._seal.chat(group_chat_id), self._seal.chats(group_chat_id)
        mark = {"chat": chat, "week": week, "topic": _MARK, "value": int(epsilon * _THOUSANDTHS)}
        of_week = weekly.c.chat.in_(chats) & (weekly.c.week == week)
        discarded = 0
        try:
            async with self._lock, self._database.begin() as connection:
                # The mark goes first: of two programs the second waits here, and then finds the week released.
                insert = self._database.insert(releases).on_conflict_do_nothing()
                ours = not await self._find(connection, chats, [week]) and (
                    (await connection.execute(insert.values(**mark))).rowcount == 1
                )
                if ours:
                    rows = (await connection.execute(select(weekly.c.topic, weekly.c.member).where(of_week))).all()
                    counts = self._publish([(row.topic, row.member) for row in rows], epsilon, randomness)
                    for topic, value in counts.items():
                        numbers = {"chat": chat, "week": week, "topic": topic, "value": value}
                        await connection.execute(insert.values(**numbers))
                    discarded = (await connection.execute(delete(weekly).where(of_week))).rowcount
                found = await self._find(connection, chats, [week])
        except BROKEN as error:
            self._database.warn(error)
            return None
        if discarded:
            await self._database.truncate_log()
        return found[0] if found else None

    async def read(self, group_chat_id: int, weeks: Iterable[int]) -> Sequence[Release]:
        """Return what was released for those of the weeks that were released at all, the latest first."""
        try:
            async with self._database.connect() as connection:
                return await self._find(connection, self._seal.chats(group_chat_id), list(weeks))
        except BROKEN as error:
            self._database.warn(error)
            return []

    async def discard_old(self, now: float) -> int:
        """Erase hashes of weeks before the last one, which nobody released, and numbers past KEPT_WEEKS.

        Returns how many rows. Called once a day, no hash is older than two weeks and a day.
        """
        last, oldest = weeks_before(now, 1)[0], weeks_before(now, KEPT_WEEKS)[-1]
        old = (delete(weekly).where(weekly.c.week < last), delete(releases).where(releases.c.week < oldest))
        return await self._database.change(*old, erases=True) or 0

    async def held(self, group_chat_id: int, user_id: int) -> int:
        """Return how many rows are held on a member of a group. Without the group, a member's rows cannot be found."""
        keys = await self._of_member(group_chat_id, user_id)
        return len(await self._database.rows(select(weekly.c.topic).where(_is_of(keys)))) if keys else 0

    async def forget(self, group_chat_id: int, user_id: int) -> None:
        """Erase a member's rows in a group; numbers already released hold nobody's rows any more."""
        keys = await self._of_member(group_chat_id, user_id)
        if keys:
            await self._database.change(delete(weekly).where(_is_of(keys)), erases=True)

    async def forget_group(self, group_chat_id: int) -> None:
        """Erase every row of a group, released numbers too."""
        chats = self._seal.chats(group_chat_id)
        await self._database.change(*(delete(t).where(t.c.chat.in_(chats)) for t in (weekly, releases)), erases=True)

    async def moved(self, old_chat_id: int, new_chat_id: int) -> None:
        """Carry released numbers over to a group's new number, as when it becomes a supergroup.

        Hashes hold the old number and nobody can make them anew: a member who asked before and after would count
        twice. So what is not released yet is discarded.
        """
        old = self._seal.chats(old_chat_id)
        await self._database.change(
            delete(weekly).where(weekly.c.chat.in_(old)),
            update(releases).where(releases.c.chat.in_(old)).values(chat=self._seal.chat(new_chat_id)),
            erases=True,
        )

    async def _of_member(self, group_chat_id: int, user_id: int) -> list[tuple[int, bytes]]:
        """Return (week, hash) of a member for every week in which the group has hashes."""
        chats = self._seal.chats(group_chat_id)
        weeks = await self._database.rows(select(weekly.c.week).where(weekly.c.chat.in_(chats)).distinct())
        return [(row.week, m) for row in weeks for m in self._seal.members(group_chat_id, row.week, user_id)]

    async def _find(self, connection: AsyncConnection, chats: Sequence[bytes], weeks: list[int]) -> list[Release]:
        """Return the releases of some weeks, the latest first."""
        query = select(releases).where(releases.c.chat.in_(chats), releases.c.week.in_(weeks))
        rows = (await connection.execute(query)).all()
        marks = {row.week: row.value for row in rows if row.topic == _MARK}
        return [
            Release(
                week,
                Fraction(marks[week], _THOUSANDTHS),
                tuple(
                    sorted(
                        ((r.topic, r.value) for r in rows if r.week == week and r.topic != _MARK),
                        key=lambda pair: (-pair[1], pair[0]),
                    )
                ),
            )
            for week in sorted(marks, reverse=True)
        ]


def _is_of(keys: Sequence[tuple[int, bytes]]) -> ColumnElement[bool]:
    return tuple_(weekly.c.week, weekly.c.member).in_(keys)
