"""Answers on their way to askers: in memory, some minutes late by chance, so that no phone lights up as one is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

SOONEST = 5 * 60
LATEST = 30 * 60
"""seconds after an answer came"""
_MOST = 2_000
_MOST_OF_ONE = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer from a group; who gave it and who asked is not in it."""

    due: int
    code: str
    """of the question"""
    text: str


@dataclass(slots=True)
class Relay:
    """Answers by the moment they are due; lost at a restart, since the group has them."""

    draw: Callable[[int], int]
    """n -> a uniform whole number from 0 to n - 1"""
    _waiting: list[Answer] = field(default_factory=list)
    _count: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, text: str, now: int) -> bool:
        """Note an answer that came at `now`; return False where too many wait already."""
        if len(self._waiting) >= _MOST or self._count[code] >= _MOST_OF_ONE:
            return False
        self._waiting.append(Answer(now + SOONEST + self.draw(LATEST - SOONEST), code, text))
        self._count[code] += 1
        return True

    def take_due(self, now: int) -> list[Answer]:
        """Return what is due, the earliest first, and forget it."""
        due = sorted((a for a in self._waiting if a.due <= now), key=lambda a: a.due)
        self._waiting = [a for a in self._waiting if a.due > now]
        for answer in due:
            self._count[answer.code] -= 1
            if not self._count[answer.code]:
                del self._count[answer.code]
        return due
