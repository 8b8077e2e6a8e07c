"""`unspoken calibrate`: the thresholds of the tiers and of danger, from messages the matcher was not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.alarm import Alarm
from bot.core.calibration import Calibration, choose_floor, fit_logistic, signals
from bot.core.engine import Engine
from bot.core.linear import softmax
from bot.core.match import OUT
from bot.core.reading import Reading, Tuning
from bot.core.safety import Thresholds, read_danger
from bot.quality.records import Record

WRONG = 0.01
"""share of messages in scope that may be answered at once but wrongly"""
LEAK = 0.01
"""share of messages out of scope that may be answered"""
GRAVER = 1.4
"""log-odds by which less evidence is needed where suicide is the likeliest danger: on the calibration set it
costs a point of false alarms and notices half of those missed otherwise"""
ORDINARY_ALARMS = 0.0425
"""share of the calibration set's ordinary messages, many written to sound worse, that may be taken for danger"""
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
    alarm, thresholds = _alarm(engine, items)
    return Tuning(_tiers(meant, labels, weight), thresholds, alarm, weight)


def _best_weight(items: Sequence[_Item], labels: tuple[str, ...]) -> float:
    """Return how much the second opinion should count: the weight with most first choices right."""

    def right(weight: float) -> int:
        return sum(
            _first(i.reading.fused("intent", weight), labels) in {i.record.intent, *i.record.accept}
            for i in items
            if i.record.intent != OUT
        )

    return max(_WEIGHTS, key=lambda w: (right(w), -w))


def _first(scores: NDArray[np.float32], labels: tuple[str, ...]) -> str:
    return labels[int(np.argmax(scores[:-1]))]


def _tiers(items: Sequence[_Item], labels: tuple[str, ...], weight: float) -> Calibration:
    rows, right, inside = [], [], []
    for item in items:
        chances = softmax(item.reading.fused("intent", weight))
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


def _alarm(engine: Engine, items: Sequence[_Item]) -> tuple[Alarm, Thresholds]:
    """Return the regression over what all say of danger, and the lowest threshold that keeps false alarms in bounds."""
    both = any(i.reading.semantic is not None for i in items)
    rows, kinds = [], []
    emergencies: list[tuple[float, bool]] = []
    for item in items:
        if item.record.safety is None or (both and item.reading.semantic is None):
            continue  # native scripts are judged without the encoder, by the lexical tuning
        if item.record.safety:
            urgency = softmax(item.reading.fused("urgency", 1.0))
            emergencies.append((float(urgency[0]), item.record.urgency == "emergency"))
        reading = item.reading
        _, found = read_danger(engine.rules, reading.tokens, reading.lexical, reading.semantic, engine.danger_of)
        rows.append(found)
        kinds.append("danger" if item.record.safety else "ordinary" if item.record.intent is not None else "hard")
    table, kind = np.array(rows), np.array(kinds)
    alarm = Alarm(_standardised(table, kind == "danger"))
    chance = np.array([alarm.probability(row) for row in table])
    bounds = (("ordinary", ORDINARY_ALARMS), ("hard", HARD_ALARMS))
    danger = max(float(np.quantile(chance[kind == k], 1 - share)) for k, share in bounds if (kind == k).any())
    return alarm, Thresholds(danger, _shifted(danger, -GRAVER), 0.15, _emergency(emergencies))


def _shifted(chance: float, steps: float) -> float:
    """Return a probability moved by `steps` on the log-odds scale."""
    return float(1.0 / (1.0 + (1.0 / chance - 1.0) * np.exp(-steps)))


def _standardised(table: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return logistic coefficients for the columns as they are, fitted on them at mean 0 and deviation 1."""
    mean, deviation = table[:, 1:].mean(axis=0), table[:, 1:].std(axis=0)
    deviation[deviation < 1e-6] = np.inf  # a signal that never changes says nothing
    scaled = np.concatenate([table[:, :1], (table[:, 1:] - mean) / deviation], axis=1)
    found = np.array(fit_logistic(scaled, right))
    slopes = found[1:] / deviation
    return (float(found[0] - (slopes * mean).sum()), *(float(s) for s in slopes))


def _emergency(items: Sequence[tuple[float, bool]]) -> float:
    """Return the threshold at which 97 % of the emergencies are flagged, 0.5 at most."""
    chances = sorted(p for p, urgent in items if urgent)
    return min(0.5, round(chances[int(len(chances) * 0.03)], 4)) if chances else 0.5
