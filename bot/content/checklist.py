"""What an operator must call or open before going live, and the record that it was done."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from bot.content.places import COUNTRIES
from bot.content.resources import ANYWHERE, Line, Resources

_FILE = "checklist.json"


def checklist(resources: Resources, country: str) -> Iterator[str]:
    """Yield one line for each thing to call or open for `country`, most urgent first."""
    lines = [r for r in resources.lines if r.country in {country, ANYWHERE}]
    yield f"{COUNTRIES[country]}: compiled {resources.compiled.isoformat()} from public sources; nothing was dialled."
    for line in sorted(lines, key=lambda r: ("emergency" not in r.topics, "crisis" not in r.topics, not r.contacts)):
        yield from _steps(line)


def _steps(line: Line) -> Iterator[str]:
    for contact in line.contacts:
        label = f" ({contact.label})" if contact.label else ""
        if "emergency" in line.topics:
            yield f"[ ] {line.name}: confirm {contact.number}{label} on an official page; do not dial it to test"
        else:
            yield f"[ ] {line.name}: {contact.way} {contact.number}{label}"
    if line.web:
        yield f"[ ] {line.name}: open {line.web}"
    if line.contacts:
        yield f"    hours: {line.hours or 'unknown'}; on the bill: {line.bill}; check by {line.check_by.isoformat()}"


def record_done(data_dir: Path, root: Path, country: str, today: dt.date) -> None:
    """Note that the list of `country` was gone through on `today`, for the present resources file."""
    done = _read(data_dir)
    done[country] = {"date": today.isoformat(), "file": _fingerprint(root)}
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / _FILE).write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")


def done_on(data_dir: Path, root: Path, country: str) -> dt.date | None:
    """Return when the list of `country` was last gone through, or None: never, or the file has changed since."""
    entry = _read(data_dir).get(country)
    if not isinstance(entry, dict) or entry.get("file") != _fingerprint(root):
        return None
    try:
        return dt.date.fromisoformat(entry["date"])
    except (KeyError, TypeError, ValueError):
        return None


def stale_lines(resources: Resources, today: dt.date) -> tuple[str, ...]:
    """Return `responses/resources.yaml: problem` for every line past its `check_by`."""
    return tuple(
        f"responses/resources.yaml: {line.id}: check_by {line.check_by.isoformat()} has passed; check it, then date it"
        for line in resources.lines
        if line.is_stale(today)
    )


def _read(data_dir: Path) -> dict[str, object]:
    try:
        data = json.loads((data_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _fingerprint(root: Path) -> str:
    return hashlib.sha256((root / "responses" / "resources.yaml").read_bytes()).hexdigest()[:16]
