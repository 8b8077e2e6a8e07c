"""`unspoken classify`: JSONL in, JSONL out, as docs/interfaces.md fixes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TextIO

from bot.core.engine import Engine
from bot.core.values import Decision


def classify_lines(engine: Engine, lines: Iterable[str], out: TextIO) -> int:
    """Write one JSON line per input line; return 1 when any line could not be read, else 0."""
    status = 0
    for line in lines:
        if not line.strip():
            continue
        item = _read(line)
        if isinstance(item, str):
            status = 1
            out.write(json.dumps({"error": item}) + "\n")
        else:
            out.write(json.dumps({**item, **as_json(engine.decide(item["text"]))}) + "\n")
        out.flush()
    return status


def _read(line: str) -> dict[str, Any] | str:
    """Return the object on `line`, or what is wrong with it (never its text)."""
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):  # ValueError also for a number of thousands of digits
        return "not JSON: each line must be an object with a text"
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        return "no text: each line must be an object with a text"
    return item


def as_json(decision: Decision) -> dict[str, Any]:
    """Return a decision as the fixed JSON keys."""
    return {
        "action": decision.action.value,
        "intent": decision.intent,
        "confidence": round(decision.confidence, 4),
        "alternatives": [[name, p] for name, p in decision.alternatives],
        "also": list(decision.also),
        "safety": list(decision.risk.categories),
        "urgency": decision.risk.urgency.value,
        "direction": decision.direction.value,
        "lang": decision.lang,
    }
