"""So many turns in any stretch of time: a bucket that leaks lets nearly twice as many through in its first minute."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable


class Window:
    """Gives out at most `most` turns in any `seconds`, in the order in which they are asked for."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the budget and a clock that gives seconds and never goes back."""
        self._seconds = seconds
        self._clock = clock
        self._turns: deque[float] = deque(maxlen=most)
        """when the last ones came or will come"""

    def has_capacity(self) -> bool:
        """Tell whether a turn could be had now."""
        return self._next() <= self._clock()

    async def acquire(self) -> None:
        """Return when it is one's turn."""
        now = self._clock()
        turn = max(now, self._next())
        self._turns.append(turn)
        if turn > now:
            await asyncio.sleep(turn - now)

    def _next(self) -> float:
        """Return the earliest moment of a further turn."""
        return self._turns[0] + self._seconds if len(self._turns) == self._turns.maxlen else 0.0
