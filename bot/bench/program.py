"""One bot as a program: started, watched, stopped by its process id."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.bench.stub import Stub
from bot.errors import UnspokenError

TOKEN = "1:bench"  # noqa: S105 - no token of anybody
_START_SECONDS = 120.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start: a name for the table, the module with its arguments, and what is set in its environment."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def unspoken(name: str, data: Path, database: str, *, lexical: bool, **settings: str) -> Plan:
    """Return the plan for Unspoken: `data` holds the fitted matcher, `database` is an address of its own.

    `settings` are further ones by name.
    """
    environment = {
        "UNSPOKEN_TOKEN": TOKEN,
        "UNSPOKEN_SECRET": "bench" * 8,
        "UNSPOKEN_DATA_DIR": str(data),
        "UNSPOKEN_DATABASE_URL": database,
        **{f"UNSPOKEN_{key.upper()}": value for key, value in settings.items()},
    }
    return Plan(name, ("bot.bench.subject", *(["lexical"] if lexical else [])), environment)


def echo(kind: str) -> Plan:
    """Return the plan for an echo bot, by its kind in bot/bench/echo.py."""
    return Plan(kind, ("bot.bench.echo", kind))


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Program:
    """A running bot."""

    def __init__(self, plan: Plan, process: asyncio.subprocess.Process, start_seconds: float) -> None:
        """Take what `start` found."""
        self.plan = plan
        self.start_seconds = start_seconds
        self._process = process
        self._watch = _psutil().Process(process.pid)

    @classmethod
    async def start(cls, plan: Plan, stub: Stub, hooks: int = 0) -> Program:
        """Start a bot against `stub` and wait until it asks for updates, or has set the webhook number `hooks`.

        Raises UnspokenError where it does not within two minutes.
        """
        arguments = plan.arguments if plan.arguments[0] != "bot.bench.echo" else (*plan.arguments, stub.url, TOKEN)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("UNSPOKEN_")}
        environment |= {"UNSPOKEN_API_BASE_URL": stub.url, **plan.environment}
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, env=environment,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        stub.ready.clear()
        while not (stub.ready.is_set() and stub.hooks >= hooks):
            await asyncio.sleep(0.005)
            if process.returncode is not None or time.perf_counter() - began > _START_SECONDS:
                raise UnspokenError(f"bench: {plan.name} did not start (exit status {process.returncode})")
        return cls(plan, process, time.perf_counter() - began)

    def cpu_seconds(self) -> float:
        """Return the processor time it has used so far."""
        times = self._watch.cpu_times()
        return float(times.user + times.system)

    def memory_mb(self) -> float:
        """Return its resident memory in MiB."""
        info = self._watch.memory_info()
        return float(info.rss) / 2**20

    async def stop(self) -> None:
        """End it, by force where it does not end."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


def _psutil() -> Any:
    try:
        import psutil
    except ImportError:
        raise UnspokenError("bench load needs the extra: pip install -e '.[bench]'") from None
    return psutil
