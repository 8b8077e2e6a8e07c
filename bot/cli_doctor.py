"""The command that looks at everything: doctor."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from pathlib import Path

import typer

app = typer.Typer()


@app.command()
def doctor() -> None:
    """Look at everything the bot needs and say what to mend, a line each; exit status 2 where something must be."""
    if not asyncio.run(_examine()):
        raise typer.Exit(2)


async def _examine() -> bool:
    """Write what is found; return whether the bot can run."""
    from bot.app import make_seal
    from bot.content.paths import content_root
    from bot.doctor.examine import examine
    from bot.doctor.finding import Level

    # Each finding is a line of its own here; what the parts would log is the same again.
    logging.getLogger("bot").addHandler(logging.NullHandler())
    sound = True
    async for finding in examine(content_root(), Path(".env"), make_seal, time.time):
        sys.stdout.write(f"{finding}\n")
        sys.stdout.flush()
        sound = sound and finding.level is not Level.FAIL
    return sound
