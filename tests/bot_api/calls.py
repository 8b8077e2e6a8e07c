"""Every call the bot made, in order."""

import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from .params import Upload
from .signals import Bell


@dataclass(slots=True)
class Call:
    """One call of a Bot API method."""

    method: str
    params: dict[str, Any]
    # Seconds of time.monotonic(), for differences.
    time: float
    files: dict[str, Upload] = field(default_factory=dict)
    # The HTTP status answered; 0 while the call runs or when its connection was dropped.
    status: int = 0
    error: str = ""
    result: Any = None

    def __str__(self) -> str:
        return f"{self.method} -> {self.status or 'no answer'} {self.error}".rstrip()


class CallLog:
    """The record, which a test may also wait on."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._bell = Bell()

    def begin(self, method: str, params: dict[str, Any], files: dict[str, Upload]) -> Call:
        """Notes a call as it comes in."""
        call = Call(method, params, time.monotonic(), files)
        self.calls.append(call)
        return call

    def finish(self, call: Call, status: int, error: str = "") -> None:
        """Notes how a call ended."""
        call.status, call.error = status, error
        self._bell.ring()

    def to(self, method: str) -> list[Call]:
        """Returns the calls of one method, whatever its case."""
        return [call for call in self.calls if call.method.lower() == method.lower()]

    def wait(self, method: str, count: int, seconds: float) -> Coroutine[Any, Any, Call]:
        """Waits until a method was answered so many times; returns the last of them."""

        def look() -> Call | None:
            done = [call for call in self.to(method) if call.status]
            return done[count - 1] if len(done) >= count else None

        return self._bell.until(look, seconds, lambda: f"{method} was not called {count} times in {seconds} s")
