"""What the tests of the running program share."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.content.paths import content_root, default_data_dir
from bot.core.engine import Engine
from tests.bot_api import BotApiServer
from tests.e2e.program import TOKEN, Program, Start


@pytest.fixture
def data_dir(tmp_path: Path, engine: Engine) -> Path:
    """Return a data folder of its own with the fitted matcher, which the engine has made current."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("model", "models"):
        if (default_data_dir() / name).is_dir():
            (folder / name).symlink_to(default_data_dir() / name, target_is_directory=True)
    return folder


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    """Return a Bot API that takes the bot's token."""
    async with BotApiServer(token=TOKEN) as server:
        yield server


@pytest.fixture
async def start(api: BotApiServer, data_dir: Path, tmp_path: Path) -> AsyncIterator[Start]:
    """Return what starts the program, with settings changed as wished; all are ended at last.

    `module` starts another program in its place.
    """
    started: list[Program] = []

    async def run(*command: str, module: str = "bot", **changes: str) -> Program:
        settings = {"TOKEN": TOKEN, "API_BASE_URL": api.url, "DATA_DIR": str(data_dir), "LOG_LEVEL": "DEBUG", **changes}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *(command or ("run",)),
            cwd=tmp_path,
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": str(tmp_path),
                "PYTHONPATH": str(content_root()),
                **{f"UNSPOKEN_{name}": value for name, value in settings.items()},
            },
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        started.append(Program(process))
        return started[-1]

    yield run
    for program in started:
        await program.kill()
