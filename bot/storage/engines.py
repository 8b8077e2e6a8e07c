"""Engines: what opens a database, and the quick ways into an SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import StorageError

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]]
Part = tuple[Any, Rows]
"""a statement and the rows it is executed with"""
NO_ADDRESS = "UNSPOKEN_DATABASE_URL: this is not the address of a database"
_CONNECT_SECONDS = 5
_STATEMENT_SECONDS = 10
_IDLE_SECONDS = 15
_FRESH_SECONDS = 0.25
"""for so long a connection needs not be tried again"""
_USED = "used"
_WAL_TRIES = 10
_WAL_PAUSE_SECONDS = 0.05


def make_engine(url: str) -> AsyncEngine:
    """Return the engine of an address; raises StorageError where it cannot be read or its driver is not installed."""
    try:
        if make_url(url).drivername.startswith("postgresql"):
            # A server may be away for a while: nobody waits for long.
            limits = {"timeout": _CONNECT_SECONDS, "command_timeout": _STATEMENT_SECONDS}
            server = create_async_engine(url, connect_args=limits)
            event.listen(server.sync_engine, "connect", _server_limits)
            _try_idle_connections(server)
            return server
        engine = create_async_engine(url)
    except ImportError as error:
        raise StorageError(f"the database's driver is missing; pip install {error.name}") from None
    except (SQLAlchemyError, ValueError):
        raise StorageError(NO_ADDRESS) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _sqlite_pragmas)
    return engine


class SqliteFile:
    """An SQLite file: a connection here for the few rows of each turn, and one in a thread for all other work.

    The asynchronous driver goes to its thread and back for each statement, begin and commit. Here a transaction is one
    piece of work. What each turn does is run where it is called: a row is read in 0.05 ms and two are written in 0.15,
    since nothing waits for the disk (WAL, synchronous=NORMAL), and the way to a thread and back takes longer than that.
    """

    def __init__(self, url: URL) -> None:
        """Take the address of a file; it is opened when it is first used."""
        self._engine = create_engine(url.set(drivername="sqlite"), pool_size=1, max_overflow=0)
        event.listen(self._engine, "connect", _sqlite_pragmas)
        self._executor: ThreadPoolExecutor | None = None
        self._here: sqlite3.Connection | None = None

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction after all that was given before; return what it returns, raise what it does."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "sqlite")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._do, work)

    def _do(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def read(self, query: Any, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows of a short query at once; raises sqlite3.Error or SQLAlchemyError."""
        sql, names = _as_text(query)
        try:
            # No transaction: one statement sees one state of the file.
            return self._open().execute(sql, [values[name] for name in names]).fetchall()
        except (sqlite3.Error, SQLAlchemyError):
            self._close_here()
            raise

    def write(self, parts: Iterable[Part]) -> None:
        """Write a few rows at once, all or none; raises sqlite3.Error or SQLAlchemyError, also for a lock held now."""
        try:
            with self._open() as connection:
                for statement, rows in parts:
                    sql, names = _as_text(statement)
                    connection.executemany(sql, [[row[name] for name in names] for row in rows])
        except (sqlite3.Error, SQLAlchemyError):
            self._close_here()
            raise

    def _open(self) -> sqlite3.Connection:
        """Return the connection of this thread; whoever meets a failure closes it, and the next one opens it anew."""
        if self._here is None:
            self._here = sqlite3.connect(str(self._engine.url.database), timeout=0)
            _sqlite_pragmas(self._here, None, tries=1)
            # Nobody may wait here: neither for another program's lock, nor for the disk, as who checkpoints does.
            for pragma in ("busy_timeout=0", "wal_autocheckpoint=0"):
                self._here.execute(f"PRAGMA {pragma}")
        return self._here

    def _close_here(self) -> None:
        here, self._here = self._here, None
        if here is not None:
            here.close()

    async def close(self) -> None:
        """Close the file and end the thread; what is asked later opens both again."""
        self._close_here()
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.get_running_loop().run_in_executor(executor, self._engine.dispose)
            executor.shutdown(wait=False)


@lru_cache(64)
def _as_text(statement: Any) -> tuple[str, tuple[str, ...]]:
    """Return a statement as SQL and the names of its parameters in order; made once for each statement."""
    compiled = statement.compile(dialect=sqlite.dialect())
    return str(compiled), tuple(compiled.positiontup)


def _try_idle_connections(server: AsyncEngine) -> None:
    """Have a connection that lay idle tried before it is used.

    The pool's own `pool_pre_ping` tries each one each time, which is three more ways to the server and back for every
    statement. One that was used a moment ago knows itself when the server has closed it, as a server does that stops.
    """

    def given(connection: Any, record: Any, _: object) -> None:
        if record.driver_connection.is_closed():
            raise DisconnectionError
        if time.monotonic() - record.info.get(_USED, 0.0) < _FRESH_SECONDS:
            return
        try:
            server.dialect.do_ping(connection)
        except server.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool opens another one

    def taken_back(_: object, record: Any) -> None:
        record.info[_USED] = time.monotonic()

    event.listen(server.sync_engine, "checkout", given)
    event.listen(server.sync_engine, "checkin", taken_back)


def _server_limits(connection: Any, _: object) -> None:
    """Have the server end a transaction whose program is paused or gone: its locks would hold up other replicas."""
    connection.run_async(lambda c: c.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_SECONDS * 1000}"))


def _sqlite_pragmas(connection: Any, _: object, *, tries: int = _WAL_TRIES) -> None:
    cursor = connection.cursor()
    # Where other programs make the same file just now, SQLite lets one switch it and refuses the others at once.
    cursor.execute("PRAGMA busy_timeout=0")
    for left in reversed(range(tries)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            break
        except Exception as error:  # either driver raises its own
            if "locked" not in str(error) or not left:
                raise
            time.sleep(_WAL_PAUSE_SECONDS)
    for pragma in ("busy_timeout=3000", "secure_delete=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
