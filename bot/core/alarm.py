"""The last word on danger: what patterns, both classifiers and a message's likeliest intent say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from bot.core.linear import Floats, softmax

SIGNALS = ("bias", "lexical", "semantic", "agreement", "intent", "outside")
_EDGE = 1e-6
_UNCLEAR = -2.0
"""log-odds of the likeliest intent where none is clear"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Logistic regression over SIGNALS; made by `unspoken calibrate` on messages that nothing else was fitted on."""

    coefficients: tuple[float, ...] = (0.0, 0.5, 0.5, 0.0, 0.0, 0.0)
    """one per SIGNALS; before calibration the mean of both classifiers' log-odds"""

    def probability(self, signals: Sequence[float]) -> float:
        """Return the probability 0..1 of danger from the values of SIGNALS."""
        value = sum(s * c for s, c in zip(signals, self.coefficients, strict=True))
        return 1.0 / (1.0 + exp(-min(max(value, -30.0), 30.0)))


def danger_signals(
    lexical: Mapping[str, Floats], semantic: Mapping[str, Floats] | None, *, corrected: float, named: bool = False
) -> tuple[float, ...]:
    """Return the values of SIGNALS for one message.

    `lexical` and `semantic` are logits by head; where the second opinion is missing the first stands in for it.
    `corrected` is the lexical probability of danger after patterns and idioms were heard. A clear ordinary intent
    speaks against danger, and so does a message that is about none of our topics; an intent does not where the message
    has danger's own words (`named`), since "he texts his ex and last night he hit me" is about both.
    """
    mine = softmax(lexical["danger"])
    other = mine if semantic is None else softmax(semantic["danger"])
    intents = softmax(lexical["intent"])
    first = _log_odds(corrected)
    most = _UNCLEAR if named else np.inf
    return (
        1.0,
        first,
        first if semantic is None else _log_odds(1.0 - float(other[-1])),
        1.0 if semantic is None else _agreement(mine[:-1], other[:-1]),
        min(most, _log_odds(float(intents[:-1].max()), 1e-4)),
        _log_odds(float(intents[-1]), 1e-4),
    )


def _agreement(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return how far two opinions on the category overlap: 0 not at all, 1 wholly."""
    mine, other = first / max(float(first.sum()), 1e-9), second / max(float(second.sum()), 1e-9)
    return float(np.minimum(mine, other).sum())


def _log_odds(chance: float, edge: float = _EDGE) -> float:
    chance = min(max(chance, edge), 1.0 - edge)
    return log(chance / (1.0 - chance))
