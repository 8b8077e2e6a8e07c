"""`intents/calibration.yaml`: what `unspoken calibrate` found, read back as the core's values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.content.yamlfile import read_yaml
from bot.core.alarm import SIGNALS as ALARM_SIGNALS
from bot.core.alarm import Alarm
from bot.core.calibration import SIGNALS, Calibration
from bot.core.reading import Tuning
from bot.core.safety import Thresholds

NAME = "intents/calibration.yaml"
MODES = ("lexical", "semantic")


def default_tuning() -> dict[str, Tuning]:
    """Return the tuning of each way of scoring before anything was calibrated."""
    return {mode: Tuning() for mode in MODES}


def load_tuning(root: Path) -> tuple[dict[str, Tuning], tuple[str, ...]]:
    """Return the tuning of each way of scoring, and the problems found; defaults where there is no file yet."""
    tunings = default_tuning()
    path = root / NAME
    if not path.exists():
        return tunings, ()
    data, problem = read_yaml(path, root)
    if problem or not isinstance(data, dict):
        return tunings, (problem or f"{NAME}: must map ways of scoring to values; run `unspoken calibrate`",)
    problems: list[str] = []
    for mode in MODES:
        if mode in data:
            try:
                tunings[mode] = _read(data[mode])
            except (KeyError, TypeError, ValueError) as error:
                problems.append(f"{NAME}: `{mode}`: {error}; run `unspoken calibrate`")
    return tunings, tuple(problems)


def _read(data: Any) -> Tuning:
    coefficients = tuple(float(data["coefficients"][name]) for name in SIGNALS)
    return Tuning(
        Calibration(coefficients, float(data["floor"]), float(data["margin"]), float(data["unsure"])),
        Thresholds(float(data["danger"]), float(data["gravest"]), float(data["second"]), float(data["emergency"])),
        Alarm(tuple(float(data["alarm"][name]) for name in ALARM_SIGNALS)),
        float(data["weight"]),
        float(data["danger_weight"]),
    )


def write_tuning(root: Path, tunings: dict[str, Tuning], command: str, note: str) -> None:
    """Write `tunings` with the command that made them."""
    body = {
        mode: {
            "coefficients": dict(zip(SIGNALS, (round(c, 6) for c in t.calibration.coefficients), strict=True)),
            "floor": round(t.calibration.floor, 4),
            "margin": round(t.calibration.margin, 4),
            "unsure": round(t.calibration.unsure, 4),
            "danger": round(t.thresholds.danger, 4),
            "gravest": round(t.thresholds.gravest, 4),
            "second": round(t.thresholds.second, 4),
            "emergency": round(t.thresholds.emergency, 4),
            "weight": round(t.weight, 4),
            "danger_weight": round(t.danger_weight, 4),
            "alarm": dict(zip(ALARM_SIGNALS, (round(c, 6) for c in t.alarm.coefficients), strict=True)),
        }
        for mode, t in tunings.items()
    }
    text = f"# Made by `{command}`; not to be edited by hand.\n# {note}\n" + yaml.safe_dump(body, sort_keys=False)
    (root / NAME).write_text(text, encoding="utf-8")
