"""Which updates were answered in the last day, so that one that Telegram sends again is not answered twice.

Ids alone, which Telegram counts up for each bot: neither who wrote nor what. The latest are known in memory; on disk
they outlive a kill. Where the database cannot be used, memory alone knows them, and answering goes on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import delete, or_, select

from bot.storage.database import BROKEN, Database
from bot.storage.engines import Part
from bot.storage.schema import handled

log = logging.getLogger(__name__)
_DAY = 86_400
_REMEMBERED = 20_000
_RETRY_SECONDS = 5.0
_FIND_SECONDS = 3.0
_CHUNK = 500
_JUMP_SECONDS = 300.0
"""what the clock may gain or lose between two purges without being taken for wrong"""


@dataclass(frozen=True, slots=True)
class Ending:
    """The entering of one update in a transaction of somebody else, who tells when it went through."""

    row: Part
    done: Callable[[], None]


class Handled:
    """Ids of answered updates, in memory and on disk; never raises where the database is broken."""

    def __init__(
        self,
        database: Database | None = None,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take an open database, or None to know in memory only.

        `clock` gives seconds since 1970; `steady` seconds since whenever, and nobody sets it.
        """
        self._database = database
        self._insert = database.insert(handled).on_conflict_do_nothing() if database is not None else None
        self._clock = clock
        self._steady = steady
        self._apart = clock() - steady()
        self._known: OrderedDict[int, None] = OrderedDict()
        self._waiting: dict[int, int] = {}
        self._writer: asyncio.Task[None] | None = None
        self._not_before = 0.0

    def __contains__(self, number: int) -> bool:
        """Tell whether memory knows an update."""
        return number in self._known

    def add(self, number: int) -> None:
        """Remember an update; it is written at once, together with all that come while a write is under way."""
        self._remember(number)
        if self._database is None:
            return
        self._waiting[number] = int(self._clock())
        while len(self._waiting) > _REMEMBERED:
            del self._waiting[next(iter(self._waiting))]
        loop = asyncio.get_running_loop()
        if self._writer is None and loop.time() >= self._not_before:
            self._writer = loop.create_task(self._write())

    def ending(self, number: int) -> Ending | None:
        """Return how an update is entered with the note of its last reply; None where that saves nothing.

        Between the moment a reply is out and the moment its update is entered a kill doubles it. One transaction for
        both makes that shorter than two.
        """
        if self._database is None or not self._database.is_sqlite:
            return None
        row = {"update_id": number, "at": int(self._clock())}
        return Ending((self._insert, [row]), lambda: self._remember(number))

    def know(self, number: int) -> None:
        """Remember an update that stands on disk already."""
        self._remember(number)

    def _remember(self, number: int) -> None:
        self._known[number] = None
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    async def find(self, numbers: Collection[int]) -> set[int]:
        """Return which of these updates were answered, also by an earlier run or another program on the database."""
        found = {n for n in numbers if n in self._known}
        if self._database is None:
            return found
        unknown = [n for n in numbers if n not in found]
        try:
            async with asyncio.timeout(_FIND_SECONDS), self._database.connect() as connection:
                for start in range(0, len(unknown), _CHUNK):
                    query = select(handled.c.update_id).where(
                        handled.c.update_id.in_(unknown[start : start + _CHUNK]),
                        handled.c.at > int(self._clock()) - _DAY,
                    )
                    found.update((await connection.execute(query)).scalars())
        except BROKEN as error:
            self._database.warn(error)
        for number in found:
            self._remember(number)
        return found

    async def purge(self) -> None:
        """Erase what is older than a day, and what a clock that jumped has put into the future.

        Right after a jump nothing: by a wrong clock all may seem old, and what is forgotten is answered twice.
        """
        if self._database is None:
            return
        if self._jumped():
            log.warning("the clock has jumped: ids of answered updates are kept until the next round")
            return
        now = int(self._clock())
        try:
            async with self._database.begin() as connection:
                await connection.execute(
                    delete(handled).where(or_(handled.c.at <= now - _DAY, handled.c.at > now + _DAY))
                )
        except BROKEN as error:
            self._database.warn(error)

    def _jumped(self) -> bool:
        """Tell whether the clock was set since this was last asked, or since the start."""
        before, self._apart = self._apart, self._clock() - self._steady()
        return abs(self._apart - before) > _JUMP_SECONDS

    async def close(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            await asyncio.wait({self._writer})
        await self._write()

    async def _write(self) -> None:
        try:
            while self._waiting and self._database is not None:
                rows, self._waiting = self._waiting, {}
                try:
                    entered = [{"update_id": number, "at": at} for number, at in rows.items()]
                    await self._database.write((self._insert, entered))
                except BROKEN as error:
                    self._waiting = {**rows, **self._waiting}
                    self._not_before = asyncio.get_running_loop().time() + _RETRY_SECONDS
                    self._database.warn(error)
                    return
        finally:
            self._writer = None
