"""The schema: how far a database's is, and bringing it to the newest, one program at a time."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bot.errors import StorageError

_SCRIPTS = Path(__file__).parent / "migrations"
NEWER = "the database was made by a newer version of Unspoken; upgrade the program or use another database"
_LOCK = int.from_bytes(b"unspoken", "big")


class Schema(Enum):
    """How a database's schema stands to this program's."""

    NONE = "none"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def schema_of(connection: Connection) -> Schema:
    """Return how far the schema is; changes nothing."""
    scripts = ScriptDirectory.from_config(_config(connection))
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return Schema.NONE
    if current == scripts.get_current_head():
        return Schema.CURRENT
    try:
        scripts.get_revision(current)
    except CommandError:
        return Schema.NEWER
    return Schema.OLDER


def migrate(connection: Connection, to: str = "head") -> None:
    """Run the migrations up to a revision, all or none; raises StorageError on a schema this program does not know.

    Programs that start together wait for the first one; the connection's transaction holds the lock.
    """
    if schema_of(connection) is Schema.CURRENT:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    else:
        # The driver begins a transaction only at the first row that changes: tables would be made outside of any.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    if schema_of(connection) is Schema.NEWER:
        raise StorageError(NEWER)
    command.upgrade(_config(connection), to)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config
