"""The database: opened once, migrated at start, and never in the way when it is broken."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Table, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import StorageError
from bot.storage.schema import counters

log = logging.getLogger(__name__)
_MIGRATIONS = Path(__file__).parent / "migrations"
_REACH_SECONDS = 2.0
BROKEN = (SQLAlchemyError, OSError)
"""what a database raises that cannot be used"""


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
        self._turn = asyncio.Lock()
        if url.startswith("sqlite"):
            event.listen(self._engine.sync_engine, "connect", _sqlite_pragmas)

    async def open(self) -> bool:
        """Bring the schema up to date; return False, and say so once in the log, when the database cannot be used.

        Raises StorageError when the schema is newer than this program.
        """
        try:
            if self._url.startswith("sqlite"):
                path = Path(self._url.split("///", 1)[-1])
                await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            async with self._engine.begin() as connection:
                await connection.run_sync(_migrate)
        except StorageError:
            await self._engine.dispose()  # nobody closes what could not be opened
            raise
        except BROKEN as error:
            self.warn(error)
            return False
        return True

    def count(self, name: str) -> None:
        """Count one event of today in memory; `flush` writes it."""
        self._waiting[(datetime.now(UTC).date(), name)] += 1

    async def flush(self) -> bool:
        """Write what was counted; return False when the database cannot be used (the counts wait)."""
        waiting, self._waiting = self._waiting, Counter()
        if not waiting:
            return True
        try:
            async with self._engine.begin() as connection:
                for (day, name), n in waiting.items():
                    await connection.execute(self._upsert(day, name, n))
        except BROKEN as error:
            self._waiting.update(waiting)
            self.warn(error)
            return False
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

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction; it may raise any of BROKEN.

        On SQLite one after another: it has one writer, and whoever finds it busy would sleep for milliseconds.
        """
        async with self._turn if self.is_sqlite else nullcontext(), self._engine.begin() as connection:
            yield connection

    def connect(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a connection for reading; it may raise any of BROKEN."""
        return self._engine.connect()

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
        """Say once in the log that the database cannot be used."""
        if not self._warned:
            log.warning(
                "database unusable (%s): answering goes on, nothing is counted and timed clearing waits",
                type(error).__name__,
            )
            self._warned = True


def _make_engine(url: str) -> AsyncEngine:
    try:
        return create_async_engine(url)
    except ImportError as error:
        raise StorageError(f"the database's driver is missing; pip install {error.name}") from None
    except (SQLAlchemyError, ValueError):
        raise StorageError("UNSPOKEN_DATABASE_URL: this is not the address of a database") from None


def _sqlite_pragmas(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "secure_delete=ON", "busy_timeout=3000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: Connection) -> None:
    """Run the migrations up to the newest; raises StorageError on a schema this program does not know."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(config)
    if current is not None:
        try:
            scripts.get_revision(current)
        except CommandError:
            raise StorageError(
                "the database was made by a newer version of Unspoken; upgrade the program or use another database"
            ) from None
    command.upgrade(config, "head")
