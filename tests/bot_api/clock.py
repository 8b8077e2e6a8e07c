"""The server's time, which a test may move."""

import time
from datetime import UTC, datetime


class Clock:
    """Runs like a wall clock, shifted by what a test asked for."""

    def __init__(self, start: datetime | None = None) -> None:
        self._shift = 0.0
        if start is not None:
            self.set(start)

    def now(self) -> float:
        """Returns the time in seconds since 1970, UTC."""
        return time.time() + self._shift

    def date(self) -> int:
        """Returns the time as messages carry it."""
        return int(self.now())

    def set(self, moment: datetime) -> None:
        """Moves the clock to a moment; it runs on from there."""
        if moment.tzinfo is None:
            raise ValueError("the clock needs a time zone, such as datetime.UTC")
        self._shift = moment.astimezone(UTC).timestamp() - time.time()

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Moves the clock forward (or back, when negative)."""
        self._shift += seconds + 60 * minutes + 3600 * hours + 86400 * days
