"""What the update at hand waits for, told by whoever waits: Telegram's limits, or the network.

A send that waits for room, or for as long as Telegram asked, says so here, and so does every call; whoever keeps
updates in order reads it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.storage.handled import Ending

_at_hand: ContextVar[Hold | None] = ContextVar("hold", default=None)


class Hold:
    """The waiting of one update."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock that gives seconds and never goes back."""
        self._clock = clock
        self._before = 0.0
        self._since = 0.0
        self._waits = 0
        self.away = 0.0
        """seconds that Telegram could not be reached"""
        self.lost = False
        """a call was given up: Telegram could not be reached for too long"""
        self.on_call: Callable[[], None] | None = None
        """what is told, once, that the update waits for Telegram and no longer for the processor"""
        self.check: Callable[[], Awaitable[None]] | None = None
        """what is asked before each call whether the update is still this program's; it cancels the task where not"""
        self.ending: Ending | None = None
        """how the update is entered as answered with the note of its last reply; None: only afterwards"""

    def calls(self) -> None:
        """Note that a call begins, or waits for room."""
        told, self.on_call = self.on_call, None
        if told is not None:
            told()

    def seconds(self) -> float:
        """Return how long it was held in all, the present wait included."""
        return self._before + (self._clock() - self._since if self._waits else 0.0)

    def begin(self) -> None:
        """Note that a wait begins; several at once count once."""
        if not self._waits:
            self._since = self._clock()
        self._waits += 1

    def end(self) -> None:
        """Note that it is over."""
        self._waits -= 1
        if not self._waits:
            self._before += self._clock() - self._since


def at_hand(hold: Hold) -> None:
    """Let what follows in this task count for an update."""
    _at_hand.set(hold)


def ending() -> Ending | None:
    """Return how the update at hand, if any, may be entered as answered with its last reply."""
    hold = _at_hand.get()
    return hold.ending if hold is not None else None


def present() -> Hold | None:
    """Return the waiting of the update at hand, if any."""
    return _at_hand.get()


async def calling() -> None:
    """Say that the update at hand, if any, now waits for Telegram; does not return where that is another program's."""
    hold = _at_hand.get()
    if hold is not None:
        hold.calls()
        if hold.check is not None:
            await hold.check()


@contextmanager
def held() -> Iterator[None]:
    """Count the time inside as held by Telegram's limits, where an update is at hand."""
    hold = _at_hand.get()
    if hold is None:
        yield
        return
    hold.calls()
    hold.begin()
    try:
        yield
    finally:
        hold.end()
