"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """the bot runs, with something less"""
    FAIL = "fail"
    """the bot does not run, or does harm"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    level: Level
    name: str
    """what was looked at"""
    text: str
    """what it is like and, unless all is well, what mends it"""

    def __str__(self) -> str:
        return f"{self.level.value:<5} {self.name}: {self.text}"


def ok(name: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(Level.OK, name, text)


def warn(name: str, text: str) -> Finding:
    """Return that something is missing that the bot can do without."""
    return Finding(Level.WARN, name, text)


def fail(name: str, text: str) -> Finding:
    """Return that something must be mended."""
    return Finding(Level.FAIL, name, text)
