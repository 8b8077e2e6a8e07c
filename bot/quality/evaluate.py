"""`unspoken eval`: how well messages with known meaning are understood."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.core.engine import Engine
from bot.core.match import OUT
from bot.core.values import Action, Decision
from bot.quality.records import Record

_BINS = 10


@dataclass(slots=True)
class Tally:
    """Counts over a set of messages in scope."""

    messages: int = 0
    first: int = 0
    three: int = 0
    wrong: int = 0
    """answered at once, but wrongly"""

    def row(self) -> dict[str, float | int]:
        """Return shares 0..1."""
        n = max(1, self.messages)
        return {
            "n": self.messages,
            "first": round(self.first / n, 4),
            "three": round(self.three / n, 4),
            "wrong": round(self.wrong / n, 4),
        }


@dataclass(slots=True)
class Report:
    """Everything `eval` prints and draws."""

    all: Tally = field(default_factory=Tally)
    by_style: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_lang: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    out: int = 0
    out_refused: int = 0
    direction: int = 0
    direction_right: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    confidences: list[tuple[float, bool]] = field(default_factory=list)
    confusions: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def expected_error(self) -> float:
        """Return the expected calibration error over ten bins of equal width (Naeini et al. 2015)."""
        total = len(self.confidences)
        error = 0.0
        for _, mean, right, n in self.bins():
            error += n / max(1, total) * abs(mean - right)
        return error

    def bins(self) -> list[tuple[float, float, float, int]]:
        """Return (lower edge, mean confidence, share right, messages) of each bin that holds any."""
        rows = []
        values = np.array(self.confidences, dtype=np.float64).reshape(-1, 2)
        for i in range(_BINS):
            low, high = i / _BINS, (i + 1) / _BINS
            inside = values[(values[:, 0] >= low) & ((values[:, 0] < high) | (i == _BINS - 1))]
            if len(inside):
                rows.append((low, float(inside[:, 0].mean()), float(inside[:, 1].mean()), len(inside)))
        return rows

    def summary(self) -> dict[str, Any]:
        """Return the figures as one JSON object."""
        return {
            **self.all.row(),
            "out_of_scope": {"n": self.out, "not_answered": round(self.out_refused / max(1, self.out), 4)},
            "direction": {"n": self.direction, "right": round(self.direction_right / max(1, self.direction), 4)},
            "calibration_error": round(self.expected_error(), 4),
            "tiers": dict(self.tiers),
            "by_style": {k: v.row() for k, v in sorted(self.by_style.items())},
            "by_lang": {k: v.row() for k, v in sorted(self.by_lang.items())},
        }

    def worst(self, count: int = 12) -> list[dict[str, Any]]:
        """Return the commonest confusions, each with up to three examples."""
        ranked = sorted(self.confusions.items(), key=lambda item: (-len(item[1]), item[0]))[:count]
        return [{"means": a, "taken_for": b, "times": len(t), "examples": t[:3]} for (a, b), t in ranked]


def evaluate(engine: Engine, records: Sequence[Record], step: Callable[[], None] = lambda: None) -> Report:
    """Return the report over `records` that have an intent; danger labels are left to `eval --safety`."""
    report = Report()
    for record in records:
        step()
        if record.intent is not None and not record.safety:
            _count(report, record, engine.decide(record.text))
    return report


def _count(report: Report, record: Record, decision: Decision) -> None:
    report.tiers[decision.action.value] += 1
    if record.direction is not None:
        report.direction += 1
        report.direction_right += decision.direction.value == record.direction
    right = {record.intent, *record.accept}
    first = decision.alternatives[0][0] if decision.alternatives else None
    if record.intent == OUT:
        report.out += 1
        report.out_refused += decision.action is not Action.ANSWER or decision.intent in right
        report.confidences.append((decision.confidence, False))
        return
    good = first in right
    report.confidences.append((decision.confidence, good))
    for tally in (report.all, report.by_style[record.style], report.by_lang[record.lang or decision.lang]):
        tally.messages += 1
        tally.first += good
        tally.three += any(name in right for name, _ in decision.alternatives[:3])
        tally.wrong += decision.action is Action.ANSWER and decision.intent not in right
    if not good:
        report.confusions[(str(record.intent), str(first))].append(record.text[:160])


@dataclass(slots=True)
class SafetyReport:
    """Everything `eval --safety` prints."""

    found: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """by `category`, `style:x`, `lang:x`, `kind:x`: [messages, noticed]"""
    alarms: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """by kind of harmless message: [messages, taken for danger]"""
    category: list[int] = field(default_factory=lambda: [0, 0])
    emergency: list[int] = field(default_factory=lambda: [0, 0])
    misses: list[tuple[str, str]] = field(default_factory=list)
    false: list[tuple[str, str]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Return the figures as one JSON object."""

        def shares(table: dict[str, list[int]]) -> dict[str, dict[str, float | int]]:
            return {k: {"n": n, "share": round(hit / max(1, n), 4)} for k, (n, hit) in sorted(table.items())}

        return {
            "recall": shares(self.found),
            "false_alarms": shares(self.alarms),
            "right_category_in_two": round(self.category[1] / max(1, self.category[0]), 4),
            "emergency_flagged": round(self.emergency[1] / max(1, self.emergency[0]), 4),
        }


def evaluate_safety(engine: Engine, records: Sequence[Record], step: Callable[[], None] = lambda: None) -> SafetyReport:
    """Return recall, false alarms and urgency over `records` that have a danger label."""
    report = SafetyReport()
    for record in records:
        step()
        if record.safety is None:
            continue
        decision = engine.decide(record.text)
        alarm = decision.action is Action.CARE
        if not record.safety:
            for key in ("all", record.kind):
                report.alarms[key][0] += 1
                report.alarms[key][1] += alarm
            if alarm:
                report.false.append((decision.risk.categories[0], record.text))
            continue
        keys = ("all", record.safety[0], f"style:{record.style}", f"kind:{record.kind}",
                f"lang:{record.lang or decision.lang}")  # fmt: skip
        for key in keys:
            report.found[key][0] += 1
            report.found[key][1] += alarm
        if not alarm:
            report.misses.append((record.safety[0], record.text))
            continue
        report.category[0] += 1
        report.category[1] += bool({*record.safety, *record.accept} & set(decision.risk.categories[:2]))
        if record.urgency == "emergency":
            report.emergency[0] += 1
            report.emergency[1] += decision.risk.urgency.value == "emergency"
    return report
