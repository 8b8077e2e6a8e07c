"""Waiting for something to have changed, without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    """Wakes everyone who waits for a change."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wakes all who wait now."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, seconds: float) -> bool:
        """Waits for the next ring and says whether it came in time."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True

    async def until(self, look: Callable[[], T | None], seconds: float, missing: Callable[[], str]) -> T:
        """Returns the first thing that `look` finds, else raises TimeoutError with the text of `missing`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (found := look()) is None:
            left = deadline - loop.time()
            if left <= 0 or not await self.wait(left):
                if (found := look()) is not None:
                    break
                raise TimeoutError(missing())
        return found
