"""`unspoken bench load`: messages a second, waiting, processor and memory beside stock echo bots, and how it grows."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

from bot.bench.program import Plan, Program
from bot.bench.stub import Stub
from bot.errors import UnspokenError

Say = Callable[[str], None]
_WARM_UP = 40
_FIRST_CHAT = 5_000_000
_IDLE_SECONDS = 60.0
_GIVE_UP_SECONDS = 600.0
_CALM_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Load:
    """What is offered: `messages` in all, to `chats` in turn, at `rate` a second (0: all at once)."""

    messages: int
    chats: int
    rate: float = 0.0
    delay: float = 0.0
    """seconds that the API takes to send"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run measured; times in milliseconds, memory in MiB, of all processes of the bot together."""

    name: str
    a_second: float
    """replies a second, from the first update offered to the last reply"""
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """processor time a message"""
    memory_mb: float
    start_s: float
    """from starting the program to its first request for updates"""
    unanswered: int

    def row(self) -> dict[str, object]:
        """Return it as JSON holds it."""
        return asdict(self)


async def measure(plans: Sequence[Plan], load: Load, texts: Sequence[str]) -> Figures:
    """Run one bot, or several replicas of it (`plans`), under a load, and return what was seen.

    Raises UnspokenError where a bot does not start, or answers nothing for a minute.
    """
    stub = Stub(load.delay)
    await stub.start()
    try:
        async with AsyncExitStack() as stack:
            programs: list[Program] = []
            for number, plan in enumerate(plans, start=1):
                program = await Program.start(plan, stub, hooks=number if len(plans) > 1 else 0)
                stack.push_async_callback(program.stop)
                programs.append(program)
            await _offer(stub, _WARM_UP, Load(_WARM_UP, _WARM_UP, delay=load.delay), texts, _FIRST_CHAT // 2)
            await asyncio.sleep(_CALM_SECONDS)
            stub.forget()
            before = sum(p.cpu_seconds() for p in programs)
            began = time.perf_counter()
            await _offer(stub, load.messages, load, texts, _FIRST_CHAT)
            taken = stub.last_reply - began
            await asyncio.sleep(_CALM_SECONDS)  # what is done after the reply belongs to the message
            cpu = sum(p.cpu_seconds() for p in programs) - before
            memory = sum(p.memory_mb() for p in programs)
            return _figures(plans[0].name, stub, load, taken, cpu, memory, programs[0].start_seconds)
    finally:
        await stub.stop()


async def median_of(runs: int, plans: Sequence[Plan], load: Load, texts: Sequence[str]) -> Figures:
    """Return the run with the median throughput of several."""
    found = [await measure(plans, load, texts) for _ in range(runs)]
    middle = statistics.median_low([f.a_second for f in found])
    return next(f for f in found if f.a_second == middle)


def _figures(
    name: str, stub: Stub, load: Load, taken: float, cpu: float, memory: float, start_seconds: float
) -> Figures:
    waits = sorted(stub.waits)
    return Figures(
        name,
        round(len(waits) / taken, 1),
        round(waits[len(waits) // 2] * 1000, 1),
        round(waits[int(len(waits) * 0.99)] * 1000, 1),
        round(cpu / load.messages * 1000, 2),
        round(memory, 1),
        round(start_seconds, 2),
        stub.open,
    )


async def _offer(stub: Stub, count: int, load: Load, texts: Sequence[str], first: int) -> None:
    """Offer `count` messages and wait for their replies."""
    messages = ((first + i % load.chats, text) for i, text in zip(range(count), itertools.cycle(texts), strict=False))
    began = time.perf_counter()
    if load.rate:
        for i, message in enumerate(messages):
            await asyncio.sleep(max(0.0, began + i / load.rate - time.perf_counter()))
            stub.offer([message])
    else:
        stub.offer(messages)
    seen, at = -1, time.perf_counter()
    while stub.open:
        await asyncio.sleep(0.01)
        now = time.perf_counter()
        if stub.replies != seen:
            seen, at = stub.replies, now
        elif now - at > _IDLE_SECONDS or now - began > _GIVE_UP_SECONDS:
            raise UnspokenError(f"bench: {stub.open} of {count} messages got no reply")
