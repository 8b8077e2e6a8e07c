"""Which intent a message means: scores of the heads, fused and ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.core.calibration import Calibration, signals
from bot.core.linear import Floats, softmax

OUT = "out_of_scope"
"""the last label of the intent head: none of our intents"""


class SentenceScorer(Protocol):
    """A second opinion on meaning, such as a sentence encoder; may be absent."""

    def logits(self, tokens: Sequence[str]) -> Mapping[str, Floats] | None:
        """Return logits by head name, in the order of the lexical heads' labels, or None when it cannot say."""


@dataclass(frozen=True, slots=True)
class Match:
    """The ranking of intents for one message."""

    labels: tuple[str, ...]
    inside: NDArray[np.float32]
    """probabilities of `labels`; with `out` they sum to 1"""
    out: float
    """probability that it is none of our intents"""
    chance: float
    """calibrated probability that the first choice is right"""

    def best(self, count: int) -> tuple[tuple[str, float], ...]:
        """Return the `count` best (intent, probability), best first; the first carries the calibrated value."""
        order = np.argsort(-self.inside, kind="stable")[:count]
        total = float(self.inside.sum()) or 1.0
        ranked = [(self.labels[i], float(self.inside[i]) / total) for i in order]
        if not ranked:
            return ()
        first = ranked[0][1] or 1.0
        # The others keep their ratio to the first, so that the list reads on one scale.
        return tuple((name, round(min(1.0, self.chance * p / first), 4)) for name, p in ranked)

    @property
    def margin(self) -> float:
        """Return the distance between the two best probabilities."""
        two = np.sort(self.inside)[-2:]
        return float(two[-1] - two[0]) if len(two) == 2 else 1.0


def fuse(lexical: Floats, semantic: Floats | None, weight: float) -> Floats:
    """Return log-probabilities of both opinions added, the second one `weight` times (a product of experts)."""
    if semantic is None:
        return np.asarray(np.log(softmax(lexical) + 1e-9), dtype=np.float32)
    both = np.log(softmax(lexical) + 1e-6) + weight * np.log(softmax(semantic) + 1e-6)
    return np.asarray(np.log(softmax(both.astype(np.float32)) + 1e-9), dtype=np.float32)


def rank(labels: tuple[str, ...], scores: Floats, known: float, length: int, calibration: Calibration) -> Match:
    """Return the match for fused `scores` over `labels` (the intents, OUT last)."""
    chances = softmax(scores)
    inside, out = chances[:-1], float(chances[-1])
    chance = calibration.probability(signals(inside, out, known, length))
    return Match(labels[:-1], inside, out, chance if length else 0.0)
