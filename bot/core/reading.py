"""One message as the scorers see it, and what calibration found for reading their scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.alarm import Alarm
from bot.core.calibration import Calibration
from bot.core.linear import Floats
from bot.core.match import fuse
from bot.core.normalize import Utterance
from bot.core.safety import Thresholds


@dataclass(frozen=True, slots=True)
class Tuning:
    """What calibration found, for one way of scoring."""

    calibration: Calibration = field(default_factory=Calibration)
    thresholds: Thresholds = field(default_factory=Thresholds)
    alarm: Alarm = field(default_factory=Alarm)
    weight: float = 1.0
    """how much the second opinion counts beside the lexical one"""
    danger_weight: float = 1.0
    """the same for the category, urgency and direction of a danger"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One message as the scorers see it."""

    utterance: Utterance
    tokens: tuple[str, ...]
    lexical: Mapping[str, Floats]
    """logits by head"""
    semantic: Mapping[str, Floats] | None
    """the second opinion's, where there is one"""
    known: float
    """share 0..1 of the message's features that the lexical model knows"""

    def fused(self, head: str, weight: float) -> Floats:
        """Return log-probabilities of a head, the second opinion counted `weight` times."""
        return fuse(self.lexical[head], None if self.semantic is None else self.semantic[head], weight)
