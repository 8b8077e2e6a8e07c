"""The program as a process of its own."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable

TOKEN = "7000000001:AAcanarytokencanarytokencanarytoken"
READY_SECONDS = 60
STOP_SECONDS = 10


class Program:
    """`unspoken run` in a process of its own, with everything it writes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.written = ""
        self._changed = asyncio.Condition()
        self._readers = [asyncio.create_task(self._read(s)) for s in (process.stderr, process.stdout) if s]

    async def until(self, pattern: str, seconds: float = READY_SECONDS) -> None:
        """Wait until the program has written something."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: re.search(pattern, self.written))

    async def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for the end; return the exit status."""
        async with asyncio.timeout(seconds):
            status = await self.process.wait()
            await asyncio.gather(*self._readers)
        return status

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(4096):
            async with self._changed:
                self.written += chunk.decode(errors="replace")
                self._changed.notify_all()


Start = Callable[..., Awaitable[Program]]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


async def run_ready(start: Start, module: str = "bot", **settings: str) -> Program:
    """Return a program that answers."""
    program = await start(module=module, LOG_LEVEL="INFO", **settings)
    await program.until("ready")
    return program
