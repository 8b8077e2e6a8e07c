"""Reading and writing on either engine, for all that keeps rows."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, event
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engines import Part, Rows, SqliteFile, make_engine
from bot.storage.patience import within

T = TypeVar("T")
log = logging.getLogger(__name__)
BROKEN = (SQLAlchemyError, sqlite3.Error, OSError)
"""what a database raises that cannot be used"""
_READ_SECONDS = 2.0
"""how long an answer waits for a server"""
_WRITE_SECONDS = 3.0
"""how long the next message of a chat waits for a server that keeps silent about this one"""
_SILENCES = 3
"""seconds without a word from it, each told of by a call that was given up, after which a server is left alone"""
_REST_SECONDS = 5.0
"""for so long: nobody may wait for it again and again"""


class Access:
    """A database, SQLite or PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Take a SQLAlchemy address such as `sqlite+aiosqlite:///data/unspoken.sqlite3`.

        Raises StorageError when the address cannot be read or its driver is not installed.
        """
        self._url = url
        self._engine = make_engine(url)
        self._file = SqliteFile(self._engine.url) if self.file is not None else None
        self._at_once = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._warned = False
        self._turn = asyncio.Lock()
        self._rest_until = 0.0
        self._silences = 0
        self._silent_at = 0.0
        event.listen(self._engine.sync_engine, "after_cursor_execute", self._hear)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the embedded engine."""
        return self._url.startswith("sqlite")

    @property
    def file(self) -> Path | None:
        """Return where an SQLite database lies; None for one in memory and for a server's."""
        name = self._engine.url.database if self.is_sqlite else None
        return None if not name or name == ":memory:" or name.startswith("file:") else Path(name)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction and return what it returns; it may raise any of BROKEN.

        One function for all of it: on SQLite a transaction is then one hop to the database's thread and back.
        """
        if self._file is None:
            async with self.begin() as connection:
                return await connection.run_sync(work)
        async with self._turn:
            return await self._file.run(work)

    async def read(self, query: Any, **values: Any) -> Sequence[Any]:
        """Return the rows of a short query that each turn asks, made once; it may raise any of BROKEN.

        `values` fill its parameters. Columns come in order, on SQLite without names and types of their own.
        """
        if self._file is not None:
            try:
                return self._file.read(query, values)
            except sqlite3.OperationalError:  # such as a lock of another program, which the thread waits for
                return await self._file.run(lambda connection: connection.execute(query, values).all())
        return await within(self._read(query, values), _READ_SECONDS)

    async def _read(self, query: Any, values: Mapping[str, Any]) -> Sequence[Any]:
        async with self.at_once() as connection:
            return (await connection.execute(query, values)).all()

    async def write(self, *parts: Part) -> None:
        """Write the few rows of a turn with statements made once; it may raise any of BROKEN.

        All or none on SQLite; on a server each part is a transaction of its own.
        """
        if self._file is not None:
            async with self._turn:
                try:
                    self._file.write(parts)
                except sqlite3.OperationalError:  # the same
                    await self._file.run(lambda connection: [connection.execute(*part) for part in parts])
            return
        for part in parts:
            await within(self._write(*part), _WRITE_SECONDS)

    async def _write(self, statement: Any, rows: Rows) -> None:
        async with self.at_once() as connection:
            await connection.execute(statement, rows)

    async def rows(self, query: Any) -> list[Any]:
        """Return the rows of a query; none where the database cannot be used, which is said once in the log."""
        try:
            if self._file is not None:  # readers wait for no writer
                return await self._file.run(lambda connection: list(connection.execute(query)))
            async with self.connect() as connection:
                return list(await connection.execute(query))
        except BROKEN as error:
            self.warn(error)
            return []

    async def change(self, *statements: Any, erases: bool = False) -> int | None:
        """Execute statements, all or none; return how many rows were changed, None where the database cannot be used.

        With `erases` what they took away is taken out of SQLite's write-ahead log too.
        """
        try:
            changed = await self.run(lambda connection: sum(connection.execute(s).rowcount for s in statements))
        except BROKEN as error:
            self.warn(error)
            return None
        if erases and changed:
            await self.truncate_log()
        return changed

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

    @property
    def rests(self) -> bool:
        """Tell whether the server is left alone for a while, since it kept silent."""
        return time.monotonic() < self._rest_until

    def _refuse_while_it_rests(self) -> None:
        if self.rests:
            raise ConnectionError("the database kept silent a moment ago")

    def insert(self, table: Table) -> Any:
        """Return an INSERT that knows what to do on a conflict, on either engine."""
        if self.is_sqlite:
            return sqlite_insert(table)
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # two megabytes that SQLite does without

        return postgresql_insert(table)

    async def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, so that what was erased lies in no file any more."""
        if not self.is_sqlite:
            return
        try:
            await self.run(lambda connection: connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all())
        except BROKEN as error:
            self.warn(error)

    def warn(self, error: BaseException) -> None:
        """Say once in the log that the database cannot be used; one that kept silent is left alone for a while."""
        if not self.is_sqlite and any(isinstance(e, TimeoutError) for e in (error, getattr(error, "orig", None))):
            self._miss()
        if not self._warned:
            log.warning(
                "database unusable (%s): answering goes on, nothing is counted and timed clearing waits",
                type(error).__name__,
            )
            self._warned = True

    def _miss(self) -> None:
        """Note that a call was given up; many at once tell no more than one does."""
        now = time.monotonic()
        if now - self._silent_at >= 1:
            self._silent_at, self._silences = now, self._silences + 1
            if self._silences >= _SILENCES:
                self._rest_until = now + _REST_SECONDS

    def _hear(self, *_: object) -> None:
        self._silences = 0
