"""The database: opened once, migrated at start, and never in the way when it is broken."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from bot.errors import StorageError
from bot.storage.access import BROKEN, Access
from bot.storage.engines import NO_ADDRESS
from bot.storage.migrate import Schema, migrate, schema_of
from bot.storage.schema import counters

__all__ = ["BROKEN", "Database"]
log = logging.getLogger(__name__)
_REACH_SECONDS = 2.0


class Database(Access):
    """Daily counters on SQLite or PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Take an address, as Access does."""
        super().__init__(url)
        self._waiting: Counter[tuple[date, str]] = Counter()
        self._unready = False

    async def open(self) -> bool:
        """Bring the schema up to date; return False, and say so once in the log, when the database cannot be used.

        `flush` tries again then. Raises StorageError when the schema is newer than this program, or the address is
        none.
        """
        try:
            await self._prepare()
        except BROKEN as error:
            self._unready = True
            self.warn(error)
            return False
        self._unready = False
        return True

    async def require(self) -> None:
        """Bring the schema up to date; raises StorageError, one line for whoever runs a command, where that fails."""
        try:
            await self._prepare()
        except BROKEN as error:
            await self._engine.dispose()
            raise _unusable(error) from None

    async def schema(self) -> Schema:
        """Return how far the schema is and make nothing; raises StorageError when the database cannot be used."""
        file = self.file
        if file is not None and not file.exists():
            return Schema.NONE
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(schema_of)
        except BROKEN as error:
            raise _unusable(error) from None
        except (TypeError, ValueError, OverflowError):
            raise StorageError(NO_ADDRESS) from None

    async def _prepare(self) -> None:
        try:
            if self.file is not None:
                await asyncio.to_thread(self.file.parent.mkdir, parents=True, exist_ok=True)
            async with self._engine.begin() as connection:
                await connection.run_sync(migrate)
        except StorageError:
            await self._engine.dispose()  # nobody closes what could not be opened
            raise
        except (TypeError, ValueError, OverflowError):  # what drivers raise for an odd port or parameter
            await self._engine.dispose()
            raise StorageError(NO_ADDRESS) from None

    def count(self, name: str) -> None:
        """Count one event of today in memory; `flush` writes it."""
        self._waiting[(datetime.now(UTC).date(), name)] += 1

    async def flush(self) -> bool:
        """Write what was counted; return False when the database cannot be used (the counts wait)."""
        if self._unready and not await self._reopen():
            return False
        waiting, self._waiting = self._waiting, Counter()
        if not waiting:
            return True
        try:
            # In one order, so that programs which write at once cannot wait for each other.
            upserts = [self._upsert(day, name, n) for (day, name), n in sorted(waiting.items())]
            await self.run(lambda connection: [connection.execute(upsert) for upsert in upserts])
        except BROKEN as error:
            self._waiting.update(waiting)
            self.warn(error)
            return False
        self._warned = False
        return True

    async def _reopen(self) -> bool:
        """Try once more what failed at start: the database's machine may have come up later than this one."""
        try:
            if not await self.open():
                return False
        except StorageError as error:
            self.warn(error)
            return False
        log.info("the database can be used now")
        self._warned = False
        return True

    async def totals(self, day: date) -> Mapping[str, int]:
        """Return the counts of one day by name; raises StorageError when they cannot be read."""
        try:
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(counters.c.name, counters.c.total).where(counters.c.day == day))
                return {row.name: row.total for row in rows}
        except BROKEN as error:
            raise StorageError(f"the database cannot be read ({type(error).__name__})") from None

    async def reachable(self) -> bool:
        """Tell whether the database answers, within two seconds."""
        try:
            async with asyncio.timeout(_REACH_SECONDS), self._engine.connect() as connection:
                await connection.execute(select(1))
        except BROKEN:
            return False
        return True

    async def close(self) -> None:
        """Write what waits and close the connections."""
        await self.flush()
        if self._file is not None:
            await self._file.close()
        await self._engine.dispose()

    def _upsert(self, day: date, name: str, n: int) -> Any:
        statement = self.insert(counters).values(day=day, name=name, total=n)
        return statement.on_conflict_do_update(
            index_elements=["day", "name"], set_={"total": counters.c.total + statement.excluded.total}
        )


def _unusable(error: BaseException) -> StorageError:
    kind = type(getattr(error, "orig", None) or error).__name__
    return StorageError(f"the database cannot be used ({kind}); is it there, and is its address right?")
