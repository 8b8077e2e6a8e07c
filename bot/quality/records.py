"""Labelled messages to measure on: JSONL files, or the project's own folders of sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.content.sentences import load_safety_examples, load_sentences
from bot.content.taxonomy import load_taxonomy
from bot.core.match import OUT
from bot.errors import UnspokenError


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled message; what a file does not say is None or empty."""

    text: str
    intent: str | None = None
    """an intent, OUT, or None when the file has no intent label"""
    accept: tuple[str, ...] = ()
    direction: str | None = None
    style: str = "any"
    lang: str | None = None
    safety: tuple[str, ...] | None = None
    """categories, empty for no danger, None when the file has no danger label"""
    urgency: str | None = None
    kind: str = "any"


def load_records(paths: Iterable[Path], root: Path) -> list[Record]:
    """Return the messages of JSONL files and sentence folders; raises UnspokenError naming file and line."""
    found: list[Record] = []
    for path in paths:
        if path.is_dir():
            found.extend(_folder(path, root))
        else:
            found.extend(_file(path))
    if not found:
        raise UnspokenError("no labelled messages found; give JSONL files with text and intent")
    return found


def _file(path: Path) -> Iterable[Record]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UnspokenError(f"{path.name}: cannot be read as UTF-8 text") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            yield _record(item)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise UnspokenError(f"{path.name}:{number}: must be a JSON object with `text` and labels") from None


def _record(item: dict[str, Any]) -> Record:
    text = item["text"]
    if not isinstance(text, str):
        raise TypeError("text")
    intent = item.get("intent", ...)
    safety = item.get("safety")
    return Record(
        text=text,
        intent=None if intent is ... else OUT if intent is None else str(intent),
        accept=tuple(OUT if a is None else str(a) for a in item.get("accept") or ()),
        direction=item.get("direction"),
        style=str(item.get("style", "any")),
        lang=item.get("lang"),
        safety=None if safety is None else tuple(safety),
        urgency=item.get("urgency"),
        kind=str(item.get("kind", "any")),
    )


def _folder(path: Path, root: Path) -> Iterable[Record]:
    if path.name == "safety":
        examples, problems = load_safety_examples(path, path.parents[2])
        if problems:
            raise UnspokenError(problems[0])
        for e in examples:
            yield Record(
                e.text,
                safety=(e.category,) if e.danger else (),
                urgency=e.urgency.value,
                direction=e.direction.value,
                style=e.style,
                kind=e.kind,
            )
        return
    taxonomy, _ = load_taxonomy(root)
    sentences, problems = load_sentences(path, taxonomy)
    if problems:
        raise UnspokenError(problems[0])
    for s in sentences:
        yield Record(s.text, s.intent, s.accept, s.direction.value, s.style, safety=())
