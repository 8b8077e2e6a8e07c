"""The commands for operators: rotate-key."""

from __future__ import annotations

import asyncio
import sys

import typer

from bot.errors import StorageError
from bot.settings import Settings, load_settings

app = typer.Typer()


@app.command("rotate-key")
def rotate_key() -> None:
    """Make a new secret and encrypt what is held anew; stop the bot first, and start it again after."""
    settings = load_settings()
    kept, lost = asyncio.run(_rotate(settings))
    sys.stdout.write(f"new key in use: {kept} ledger rows encrypted anew, {lost} that no key opened struck out\n")
    sys.stdout.write("buttons and code words made with the earlier key go on working until the next rotation\n")


async def _rotate(settings: Settings) -> tuple[int, int]:
    from bot.app import make_seal
    from bot.secret import read_secrets, rotate_secret
    from bot.storage.database import BROKEN, Database
    from bot.storage.ledger import Ledger

    database = Database(settings.resolved_database_url)
    if not await database.open():
        raise StorageError("rotate-key: the database cannot be used; nothing was changed")
    # A set secret was changed by whoever set it; one in the data folder is changed here.
    secrets = read_secrets(settings) if settings.secret_old is not None else rotate_secret(settings)
    seal = make_seal(secrets)
    try:
        return await Ledger(database, seal).reseal(seal)
    except BROKEN as error:
        raise StorageError(f"rotate-key: {type(error).__name__}; the earlier key still opens what is held") from None
    finally:
        await database.close()
