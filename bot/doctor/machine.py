"""The checks of this machine: settings, data folder, secret, database."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding, fail, ok, warn
from bot.errors import SettingsError, StorageError
from bot.secret import read_secrets, secret_file
from bot.settings import SHORTEST_SECRET, Settings
from bot.storage.database import Database
from bot.storage.migrate import NEWER, Schema
from bot.storage.move import count_rows
from bot.storage.opened import count_opened
from bot.storage.seal import Seal

_FOR_OWNER = 0o600
_OTHERS = 0o007


def check_settings(settings: Settings, env_file: Path) -> Iterator[Finding]:
    """Check what was read, and who can read it."""
    yield ok("settings", f"country {settings.country}, time zone {settings.timezone}, log level {settings.log_level}")
    if env_file.is_file() and env_file.stat().st_mode & _OTHERS:
        yield warn("settings", f"everybody on this machine can read {env_file}; chmod 600 {env_file}")
    if settings.secret_old is not None and settings.secret is None:
        yield warn("settings", "UNSPOKEN_SECRET_OLD does nothing without UNSPOKEN_SECRET; take it out")


def check_folder(folder: Path) -> Finding:
    """Check that the data folder can be written, or made."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return fail("data folder", f"{folder} cannot be written by this user; give it to whom the bot runs as")
    return ok("data folder", str(folder) if folder.exists() else f"{folder} is made at the first start")


def check_secret(settings: Settings) -> Finding:
    """Check that the secret is there, long enough and the owner's alone; makes none."""
    if settings.secret is not None:
        return ok("secret", "UNSPOKEN_SECRET is set; keep a copy where the database is not")
    path = secret_file(settings)
    try:
        status = path.stat()
        path.open("rb").close()
    except FileNotFoundError:
        return ok("secret", f"{path} is made at the first start")
    except OSError as error:
        return fail("secret", f"{path} cannot be read ({error.strerror}); give it to whom the bot runs as")
    mode = stat.S_IMODE(status.st_mode)
    if mode != _FOR_OWNER:
        return fail("secret", f"{path} has mode {mode:04o}; chmod 600 {path}")
    try:
        read_secrets(settings)
    except SettingsError:
        return fail("secret", f"{path} holds less than {SHORTEST_SECRET} characters; delete it and a new one is made")
    return ok("secret", f"{path}, for its owner alone; keep a copy where the database is not")


async def check_database(settings: Settings, seal: Seal | None) -> Finding:
    """Check that the database answers, is of this version, and is opened by the present secret; makes nothing."""
    name = "database"
    try:
        database = Database(settings.resolved_database_url)
    except StorageError as error:
        return fail(name, str(error))
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    file = database.file
    if file is not None and file.exists() and not os.access(file, os.W_OK):
        return fail(name, f"{file} cannot be written by this user; give it to whom the bot runs as")
    try:
        schema = await database.schema()
        if schema is Schema.NONE:
            return ok(name, f"{kind}, without tables yet; they are made at the next start")
        if schema is Schema.OLDER:
            return warn(name, f"{kind}, of an earlier version; back up, the next start brings it up to date")
        if schema is Schema.NEWER:
            return fail(name, NEWER)
        rows = await count_rows(database)
        opened, held = await count_opened(database, seal) if seal is not None else (0, 0)
    except StorageError as error:
        return fail(name, str(error))
    finally:
        await database.close()
    if opened < held:
        return fail(
            name,
            f"the present secret opens {opened} of {held} rows looked at: these cannot be cleared or found any more; "
            "bring back the secret they were written with",
        )
    return ok(name, f"{kind}, {rows['ledger']} messages to clear, {rows['groups']} groups")
