"""From scores to a probability that the first choice is right, and to the three tiers."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p

import numpy as np
from numpy.typing import NDArray

Floats64 = NDArray[np.float64]
SIGNALS = ("bias", "best", "margin", "out", "known", "length", "entropy")
_RIDGE = 1e-2
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic calibration and the thresholds of the tiers; made by `unspoken calibrate` on held-out examples."""

    coefficients: tuple[float, ...] = (-2.0, 4.0, 2.0, -2.0, 0.0, 0.0, 0.0)
    """one per SIGNALS"""
    floor: float = 0.5
    """probability from which the first choice is answered at once"""
    margin: float = 0.0
    """least distance between the two best raw probabilities for an answer at once"""
    unsure: float = 0.2
    """probability below which no choices are offered either"""

    def probability(self, signals: Floats64) -> float:
        """Return the probability 0..1 that the first choice is right, from the values of SIGNALS."""
        value = float(np.dot(signals, self.coefficients))
        return 1.0 / (1.0 + exp(-min(max(value, -30.0), 30.0)))


def signals(inside: NDArray[np.float32], out: float, known: float, length: int) -> Floats64:
    """Return the values of SIGNALS for one message.

    `inside` are the probabilities of the intents (any order, summing to 1 - out), `known` the share of known features,
    `length` the number of words.
    """
    ranked = np.sort(inside)[::-1]
    best = float(ranked[0]) if len(ranked) else 0.0
    second = float(ranked[1]) if len(ranked) > 1 else 0.0
    spread = float(-(ranked * np.log(ranked + 1e-9)).sum())
    return np.array(
        [1.0, _logit(best), log((best + 1e-4) / (second + 1e-4)), _logit(out), known,
         log1p(length), spread]
    )  # fmt: skip


def _logit(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return log(p / (1 - p))


def fit_logistic(rows: Floats64, right: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return ridge logistic-regression coefficients by Newton's method (iteratively reweighted least squares)."""
    weights = np.zeros(rows.shape[1])
    want = right.astype(np.float64)
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30, 30)))
        gradient = rows.T @ (p - want) + _RIDGE * weights
        hessian = (rows * (p * (1 - p))[:, None]).T @ rows + _RIDGE * np.eye(rows.shape[1])
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if float(np.abs(step).max()) < 1e-7:
            break
    return tuple(float(w) for w in weights)


def choose_floor(
    chance: Floats64, right: NDArray[np.bool_], inside: NDArray[np.bool_], *, wrong: float, leak: float
) -> float:
    """Return the lowest floor at which wrong answers and answered out-of-scope messages stay within their shares.

    `wrong` bounds answered-but-wrong among in-scope messages, `leak` answered among out-of-scope ones.
    """
    for floor in np.linspace(0.05, 0.99, 189):
        answered = chance >= floor
        bad = float((answered & ~right)[inside].mean()) if inside.any() else 0.0
        out = float(answered[~inside].mean()) if (~inside).any() else 0.0
        if bad <= wrong and out <= leak:
            return float(floor)
    return 0.99
