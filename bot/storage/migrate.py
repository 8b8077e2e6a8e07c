"""The schema: how far a database's is, and bringing it to the newest, one program at a time."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from bot.errors import StorageError

_SCRIPTS = Path(__file__).parent / "migrations"
_REVISIONS = tuple(sorted(path.name[1:5] for path in (_SCRIPTS / "versions").glob("v*.py")))
"""in order; each follows the one before"""
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
    # Alembic's own table, read without it: most starts find the schema current and need nothing else of it.
    if not inspect(connection).has_table("alembic_version"):
        return Schema.NONE
    current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if current is None:
        return Schema.NONE
    if current not in _REVISIONS:
        return Schema.NEWER
    return Schema.CURRENT if current == _REVISIONS[-1] else Schema.OLDER


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
    from alembic import command  # seven megabytes and a third of a second
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
