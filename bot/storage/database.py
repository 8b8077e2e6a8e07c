"""The database: opened once, migrated at start, and never in the way when it is broken."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table, event, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import StorageError
from bot.storage.migrate import Schema, migrate, schema_of
from bot.storage.schema import counters

log = logging.getLogger(__name__)
_REACH_SECONDS = 2.0
BROKEN = (SQLAlchemyError, OSError)
"""what a database raises that cannot be used"""
_NO_ADDRESS = "UNSPOKEN_DATABASE_URL: this is not the address of a database"
_CONNECT_SECONDS = 5
_STATEMENT_SECONDS = 10
_IDLE_SECONDS = 15
_REST_SECONDS = 5.0
"""how long a server that kept silent is not asked: nobody may wait for it again and again"""


class SlowError(OSError):
    """The database took longer than an answer may wait for it; it may well be there."""


class Database:
    """Daily counters on SQLite or PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Take a SQLAlchemy address such as `sqlite+aiosqlite:///data/unspoken.sqlite3`.

        Raises StorageError when the address cannot be read or its driver is not installed.
        """
        self._url = url
        self._engine = _make_engine(url)
        self._waiting: Counter[tuple[date, str]] = Counter()
        self._warned = False
        self._unready = False
        self._turn = asyncio.Lock()
        self._rest_until = 0.0
        self._at_once = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(self._engine.sync_engine, "connect", _sqlite_pragmas if self.is_sqlite else _server_limits)

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
            raise StorageError(_NO_ADDRESS) from None

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
            raise StorageError(_NO_ADDRESS) from None

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
            async with self._engine.begin() as connection:
                # In one order, so that programs which write at once cannot wait for each other.
                for (day, name), n in sorted(waiting.items()):
                    await connection.execute(self._upsert(day, name, n))
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
        await self._engine.dispose()

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the embedded engine."""
        return self._url.startswith("sqlite")

    @property
    def file(self) -> Path | None:
        """Return where an SQLite database lies; None for one in memory and for a server's."""
        name = self._engine.url.database if self.is_sqlite else None
        return None if not name or name == ":memory:" or name.startswith("file:") else Path(name)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction; it may raise any of BROKEN.

        On SQLite one after another: it has one writer, and whoever finds it busy would sleep for milliseconds.
        """
        self._refuse_while_it_rests()
        async with self._turn if self.is_sqlite else nullcontext(), self._engine.begin() as connection:
            yield connection

    def connect(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a connection for reading; it may raise any of BROKEN."""
        self._refuse_while_it_rests()
        return self._engine.connect()

    def at_once(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a connection on which each statement is a transaction of its own; it may raise any of BROKEN.

        A program that is paused between two statements holds no lock then.
        """
        self._refuse_while_it_rests()
        return self._at_once.connect()

    def _refuse_while_it_rests(self) -> None:
        if time.monotonic() < self._rest_until:
            raise ConnectionError("the database kept silent a moment ago")

    def insert(self, table: Table) -> Any:
        """Return an INSERT that knows what to do on a conflict, on either engine."""
        return (sqlite.insert if self.is_sqlite else postgresql.insert)(table)

    async def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, so that what was erased lies in no file any more."""
        if not self.is_sqlite:
            return
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        except BROKEN as error:
            self.warn(error)

    def _upsert(self, day: date, name: str, n: int) -> Any:
        statement = self.insert(counters).values(day=day, name=name, total=n)
        return statement.on_conflict_do_update(
            index_elements=["day", "name"], set_={"total": counters.c.total + statement.excluded.total}
        )

    def warn(self, error: BaseException) -> None:
        """Say once in the log that the database cannot be used; one that kept silent is left alone for a while."""
        if not self.is_sqlite and any(isinstance(e, TimeoutError) for e in (error, getattr(error, "orig", None))):
            self._rest_until = time.monotonic() + _REST_SECONDS
        if not self._warned:
            log.warning(
                "database unusable (%s): answering goes on, nothing is counted and timed clearing waits",
                type(error).__name__,
            )
            self._warned = True


def _make_engine(url: str) -> AsyncEngine:
    try:
        if not make_url(url).drivername.startswith("postgresql"):
            return create_async_engine(url)
        # A server may be away for a while: a connection is tried before it is used, and nobody waits for long.
        limits = {"timeout": _CONNECT_SECONDS, "command_timeout": _STATEMENT_SECONDS}
        return create_async_engine(url, pool_pre_ping=True, connect_args=limits)
    except ImportError as error:
        raise StorageError(f"the database's driver is missing; pip install {error.name}") from None
    except (SQLAlchemyError, ValueError):
        raise StorageError(_NO_ADDRESS) from None


def _unusable(error: BaseException) -> StorageError:
    kind = type(getattr(error, "orig", None) or error).__name__
    return StorageError(f"the database cannot be used ({kind}); is it there, and is its address right?")


def _server_limits(connection: Any, _: object) -> None:
    """Have the server end a transaction whose program is paused or gone: its locks would hold up other replicas."""
    connection.run_async(lambda c: c.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_SECONDS * 1000}"))


def _sqlite_pragmas(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "secure_delete=ON", "busy_timeout=3000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
