"""Waiting for the database, and no longer than an answer may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")
_STEP_SECONDS = 0.25


async def within(call: Awaitable[T], seconds: float, longer: Callable[[], float] = lambda: 0.0) -> T:
    """Return what a call returns; raises TimeoutError where it takes too long.

    After `seconds` it is asked for how many more it may take.
    """
    task = asyncio.ensure_future(call)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody waits for one that came late
    try:
        await _settle(task, seconds)
        if not task.done():
            await _settle(task, longer())
    finally:
        late = not task.done()
        task.cancel()
    if late:
        raise TimeoutError
    return task.result()


async def _settle(task: asyncio.Future[Any], seconds: float) -> None:
    """Wait until a task has ended, so many seconds at most, in which this program ran.

    One that was paused, or had no processor, hears its timers and finds what came meanwhile at once: it must not take
    its own sleep for the database's silence.
    """
    loop = asyncio.get_running_loop()
    while seconds > 0 and not task.done():
        step, began = min(seconds, _STEP_SECONDS), loop.time()
        await asyncio.wait({task}, timeout=step)
        seconds -= min(loop.time() - began, 2 * step)
