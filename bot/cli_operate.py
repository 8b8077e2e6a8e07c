"""The commands for operators: rotate-key, backup, restore, move-database."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from bot.errors import StorageError, UnspokenError
from bot.settings import ENGINES, Settings, load_settings
from bot.start import progress_bar

if TYPE_CHECKING:
    from bot.storage.backup import Backup, Restored
    from bot.storage.database import Database

app = typer.Typer()
_LARGEST = 256 * 2**20
_NOT_THERE = "there is no database of this program's version yet; start the bot once, or check UNSPOKEN_DATABASE_URL"


@app.command("rotate-key")
def rotate_key() -> None:
    """Make a new secret and encrypt what is held anew; stop the bot first, and start it again after."""
    settings = load_settings()
    done = asyncio.run(_rotate(settings))
    kept, lost = done.messages
    sys.stdout.write(f"new key in use: {kept} ledger rows encrypted anew, {lost} that no key opens struck out\n")
    kept, lost = done.groups
    sys.stdout.write(f"{kept} groups encrypted anew, {lost} that no key opens left as they are\n")
    kept, lost = done.readers
    what = "erased" if done.sure else "left as they are: is UNSPOKEN_SECRET_OLD right?"
    sys.stdout.write(f"choices of {kept} readers kept, of {lost} who have not written since the last change {what}\n")
    sys.stdout.write("buttons made with the earlier key go on working until the next change\n")


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="a new file; it is made for the owner alone")]) -> None:
    """Write settings of groups and daily counts to FILE: nothing on any person, no secret. The bot may run."""
    from bot.storage.backup import write_backup

    kept = asyncio.run(_backup(load_settings()))
    _write_new(file, write_backup(kept))
    sys.stdout.write(f"{len(kept.groups)} groups and {len(kept.counters)} daily counts in {file}\n")
    sys.stdout.write("only the present secret opens the groups: keep it too, in another place\n")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="what `unspoken backup` has written")]) -> None:
    """Put a backup into the database, empty or not; stop the bot first."""
    from bot.content.groupsettings import read_settings
    from bot.storage.backup import read_backup

    found = read_backup(_read_file(file), read_settings)
    done = asyncio.run(_restore(load_settings(), found))
    sys.stdout.write(f"restored {done.groups} groups and {done.counters} daily counts\n")
    if done.unopened:
        sys.stdout.write(f"{done.unopened} groups were left out: they were kept with another secret\n")


@app.command("move-database")
def move_database(
    url: Annotated[str, typer.Argument(help="address of an empty database; - reads it from standard input")],
) -> None:
    """Copy everything to another database, such as from SQLite to PostgreSQL; stop the bot first."""
    settings = load_settings()
    # In the list of processes an address with a password would be seen by everybody on the machine.
    address = sys.stdin.readline().strip() if url == "-" else url
    copied = asyncio.run(_move(settings, address))
    sys.stdout.write(", ".join(f"{table} {rows}" for table, rows in copied.items()) + "\n")
    sys.stdout.write("now set UNSPOKEN_DATABASE_URL to the new address and start the bot; erase the old one after\n")
    if settings.secret is None:
        sys.stdout.write(
            f"and set UNSPOKEN_SECRET to the first line of {settings.data_dir / 'secret'} (UNSPOKEN_SECRET_OLD to the "
            "second, where there is one): with another secret nothing that was copied can be opened\n"
        )


class _Rotated(NamedTuple):
    """What came of a change of keys: (rows kept, rows that no key opens) of each kind."""

    messages: tuple[int, int]
    groups: tuple[int, int]
    readers: tuple[int, int]
    sure: bool
    """whether the keys are the right ones"""


async def _rotate(settings: Settings) -> _Rotated:
    from bot.app import make_seal
    from bot.secret import read_secrets, rotate_secret
    from bot.storage.boxkeeping import BoxKeeping
    from bot.storage.choices import Choices
    from bot.storage.database import BROKEN, Database
    from bot.storage.groups import Groups
    from bot.storage.ledger import Ledger
    from bot.storage.opened import count_opened

    database = Database(settings.resolved_database_url)

    async def reseal(secrets: list[bytes]) -> _Rotated:
        seal = make_seal(secrets)
        await BoxKeeping(database, seal).reseal(seal)
        messages = await Ledger(database, seal).reseal(seal)
        groups = await Groups(database, seal).reseal(seal)
        # A secret that was typed may be wrong; the file's are right, and so are those that open something.
        sure = settings.secret is None or bool(messages[0] or groups[0])
        readers = await Choices(database, seal).reseal_choices(seal, sure=sure)
        return _Rotated(messages, groups, readers, sure)

    await database.require()
    try:
        secrets = read_secrets(settings)
        if settings.secret is None:
            if len(secrets) > 1:
                # Where the last change was cut off, rows still need the key that would go now.
                cut_off = await count_opened(database, make_seal(secrets[:1])) != await count_opened(
                    database, make_seal(secrets)
                )
                done = await reseal(secrets)
                if cut_off:
                    return done
            secrets = rotate_secret(settings)
        elif settings.secret_old is None:
            rotate_secret(settings)  # says how: a set secret is changed by whoever set it
        return await reseal(secrets)
    except BROKEN as error:
        raise StorageError(f"rotate-key: {type(error).__name__}; the earlier key still opens what is held") from None
    finally:
        await database.close()


async def _backup(settings: Settings) -> Backup:
    from bot.storage.backup import make_backup

    database = await _present(settings)
    try:
        return await make_backup(database)
    finally:
        await database.close()


async def _restore(settings: Settings, found: Backup) -> Restored:
    from bot.app import make_seal
    from bot.secret import read_secrets
    from bot.storage.backup import restore_backup
    from bot.storage.database import Database

    database = Database(settings.resolved_database_url)
    await database.require()
    try:
        return await restore_backup(database, make_seal(read_secrets(settings)), found)
    finally:
        await database.close()


async def _move(settings: Settings, address: str) -> Mapping[str, int]:
    from bot.storage.database import Database
    from bot.storage.move import copy_tables, count_rows

    if not address.startswith(ENGINES):
        raise UnspokenError(f"move-database: the address must begin with {' or '.join(ENGINES)}")
    if address == settings.resolved_database_url:
        raise UnspokenError("move-database: this is the database in use; give another one")
    try:
        target = Database(address)
    except StorageError:
        raise UnspokenError("move-database: what was given is not the address of a database") from None
    source = await _present(settings)
    try:
        total = sum((await count_rows(source)).values())
        if not total:
            raise StorageError("move-database: the database in use is empty; there is nothing to move")
        try:
            await target.require()
        except StorageError as error:
            raise StorageError(f"move-database: of the new address: {error}") from None
        with progress_bar("copying", total) as advance:
            return await copy_tables(source, target, advance)
    finally:
        await source.close()
        await target.close()


async def _present(settings: Settings) -> Database:
    """Return the database in use as it is, neither made nor migrated; raises StorageError for none or an older one."""
    from bot.storage.database import Database
    from bot.storage.migrate import NEWER, Schema

    database = Database(settings.resolved_database_url)
    try:
        found = await database.schema()
        if found is not Schema.CURRENT:
            raise StorageError(NEWER if found is Schema.NEWER else _NOT_THERE)
    except StorageError:
        await database.close()
        raise
    return database


def _write_new(file: Path, content: bytes) -> None:
    """Write a file of mode 0600 that is not there yet, whole or not at all."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UnspokenError(f"{file}: is there already; give the name of a new file") from None
    except OSError as error:
        raise UnspokenError(f"{file}: cannot be written ({error.strerror})") from None
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        file.unlink(missing_ok=True)
        raise UnspokenError(f"{file}: cannot be written ({error.strerror})") from None


def _read_file(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise UnspokenError(f"{file}: cannot be read ({error.strerror})") from None
    if len(content) > _LARGEST:
        raise UnspokenError(f"{file}: is too large for a backup")
    return content
