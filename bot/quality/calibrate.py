"""`unspoken calibrate`: the thresholds of the tiers and of danger, from messages the matcher was not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.calibration import Calibration, choose_floor, fit_logistic, signals
from bot.core.engine import Engine
from bot.core.linear import softmax
from bot.core.match import OUT
from bot.core.reading import Reading, Tuning
from bot.core.safety import Thresholds, danger_chance, match_rules
from bot.quality.records import Record

WRONG = 0.01
"""share of messages in scope that may be answered at once but wrongly"""
LEAK = 0.01
"""share of messages out of scope that may be answered"""
ORDINARY_ALARMS = 0.019
"""share of ordinary messages that the classifier alone may take for danger"""
HARD_ALARMS = 0.06
"""the same of hard negatives"""
_WEIGHTS = (0.5, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class _Item:
    record: Record
    reading: Reading


def calibrate(engine: Engine, records: Sequence[Record], step: Callable[[], None] = lambda: None) -> Tuning:
    """Return the tuning for the scorers that `engine` has."""
    items: list[_Item] = []
    for record in records:
        step()
        items.append(_Item(record, engine.read(record.text)))
    labels = engine.model.heads["intent"].labels
    meant = [i for i in items if i.record.intent is not None and not i.record.safety]
    both = any(i.reading.semantic is not None for i in items)
    weight = _best_weight(meant, labels) if both else 1.0
    found = [(*_thresholds(engine, items, w), w) for w in (_WEIGHTS if both else (1.0,))]
    thresholds, _, danger_weight = max(found, key=lambda f: f[1])
    return Tuning(_tiers(meant, labels, weight), thresholds, weight, danger_weight)


def _best_weight(items: Sequence[_Item], labels: tuple[str, ...]) -> float:
    """Return how much the second opinion should count: the weight with most first choices right."""

    def right(weight: float) -> int:
        return sum(
            _first(i.reading.fused(weight)["intent"], labels) in {i.record.intent, *i.record.accept}
            for i in items
            if i.record.intent != OUT
        )

    return max(_WEIGHTS, key=lambda w: (right(w), -w))


def _first(scores: NDArray[np.float32], labels: tuple[str, ...]) -> str:
    return labels[int(np.argmax(scores[:-1]))]


def _tiers(items: Sequence[_Item], labels: tuple[str, ...], weight: float) -> Calibration:
    rows, right, inside = [], [], []
    for item in items:
        chances = softmax(item.reading.fused(weight)["intent"])
        rows.append(signals(chances[:-1], float(chances[-1]), item.reading.known, len(item.reading.tokens)))
        inside.append(item.record.intent != OUT)
        right.append(inside[-1] and _first(chances, labels) in {item.record.intent, *item.record.accept})
    table, good, scope = np.array(rows), np.array(right), np.array(inside)
    coefficients = fit_logistic(table, good)
    draft = Calibration(coefficients)
    chance = np.array([draft.probability(row) for row in table])
    floor = choose_floor(chance, good, scope, wrong=WRONG, leak=LEAK)
    # Below this, even choices would mostly be shown to messages that are none of our topics.
    unsure = float(np.quantile(chance[~scope], 0.80)) if (~scope).any() else 0.15
    return Calibration(coefficients, floor, 0.0, min(unsure, floor))


def _thresholds(engine: Engine, items: Sequence[_Item], weight: float) -> tuple[Thresholds, float]:
    """Return (thresholds, recall): the pair that notices most while false alarms stay within their shares."""
    chances, hinted, kinds = [], [], []
    emergencies: list[tuple[float, bool]] = []
    for item in items:
        fused = item.reading.fused(weight)
        if item.record.safety is None:
            continue
        if item.record.safety:
            emergencies.append((float(softmax(fused["urgency"])[0]), item.record.urgency == "emergency"))
        tokens = item.reading.tokens
        hits = match_rules(engine.rules, tokens)
        whole = 1.0 - float(softmax(fused["danger"])[-1])
        chances.append(danger_chance(engine.rules, tokens, hits, whole, engine.danger_of))
        hinted.append(bool(hits))
        kinds.append("danger" if item.record.safety else "ordinary" if item.record.intent is not None else "hard")
    chance, hint, kind = np.array(chances), np.array(hinted), np.array(kinds)
    best, found = Thresholds(), -1.0
    for danger in np.geomspace(0.02, 0.95, 60):
        for low in np.geomspace(0.005, danger, 25):
            care = np.where(hint, chance >= low, chance >= danger)
            alarms = [float(care[kind == k].mean()) if (kind == k).any() else 0.0 for k in ("ordinary", "hard")]
            recall = float(care[kind == "danger"].mean()) if (kind == "danger").any() else 0.0
            if alarms[0] <= ORDINARY_ALARMS and alarms[1] <= HARD_ALARMS and recall > found:
                found = recall
                best = Thresholds(float(danger), float(low))
    return Thresholds(best.danger, best.hinted, 0.15, _emergency(emergencies)), found


def _emergency(items: Sequence[tuple[float, bool]]) -> float:
    """Return the threshold at which 97 % of the emergencies are flagged, 0.5 at most."""
    chances = sorted(p for p, urgent in items if urgent)
    return min(0.5, round(chances[int(len(chances) * 0.03)], 4)) if chances else 0.5
