"""What is counted of updates for whoever watches the program: sums alone, about nobody."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""upper edges in seconds of the classes in which times to answer are counted"""


@dataclass(slots=True)
class Tally:
    """Counts since the start; whoever takes, answers or refuses an update adds to them."""

    clock: Callable[[], float] = time.monotonic
    """seconds; never goes back"""
    handled: int = 0
    """updates that are done with, failed ones included"""
    failed: int = 0
    """of these, how many ended in an error"""
    skipped: int = 0
    """updates that did not parse"""
    repeated: int = 0
    """updates that came again after they were answered, and were passed over"""
    at_risk: int = 0
    """updates held over 10 s by Telegram's limits or at work for over a minute: a kill may lose those"""
    refused: int = 0
    """calls of the webhook that did not come from Telegram"""
    running: int = 0
    """updates at hand now"""
    classes: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """how many answers took how long, by the edges and one class above them"""
    seconds: float = 0.0
    """the sum of these times"""
    _heard: float = field(init=False)

    def __post_init__(self) -> None:
        """Count the silence from now."""
        self._heard = self.clock()

    def answered(self, seconds: float) -> None:
        """Count one update as done with, after so many seconds."""
        self.handled += 1
        self.seconds += seconds
        self.classes[bisect_left(BOUNDS, seconds)] += 1

    def heard(self) -> None:
        """Note that Telegram has answered a poll or delivered something just now."""
        self._heard = self.clock()

    def silence(self) -> float:
        """Return for how many seconds nothing was heard of Telegram."""
        return self.clock() - self._heard
