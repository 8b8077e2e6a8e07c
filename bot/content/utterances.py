"""The written examples of each intent, and the messages that are none of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.content.taxonomy import Taxonomy
from bot.content.yamlfile import read_yaml
from bot.core.match import OUT
from bot.core.values import Direction

STYLES = ("plain", "fragment", "typo", "slang", "ramble", "indirect", "hinglish", "native")
OUT_FILE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message."""

    text: str
    intent: str
    """an intent id, or OUT"""
    style: str
    direction: Direction
    batch: str
    """who wrote it: held-out figures never mix the batches of a fold"""
    accept: tuple[str, ...] = ()
    """other intents that are right too (test sentences only)"""


def example_path(root: Path, group: str | None, intent: str) -> Path:
    """Return the file that holds the examples of an intent (`group` None: out of scope)."""
    return root / f"{OUT_FILE}.yaml" if group is None else root / group / f"{intent}.yaml"


def load_examples(root: Path, taxonomy: Taxonomy) -> tuple[tuple[Example, ...], tuple[str, ...]]:
    """Return all examples under `root`/intents and the problems found."""
    problems: list[str] = []
    examples: list[Example] = []
    folder = root / "intents"
    for group, ids in taxonomy.groups:
        for intent in ids:
            examples.extend(_read_file(example_path(folder, group, intent), root, intent, problems))
        problems.extend(_strangers(folder / group, root, ids))
    examples.extend(_read_file(example_path(folder, None, OUT_FILE), root, OUT, problems))
    first: dict[str, str] = {}
    for example in examples:
        key = " ".join(example.text.lower().split())
        if key in first:
            problems.append(f"intents/**/{example.intent}.yaml: `{example.text}` also stands under {first[key]}")
        first.setdefault(key, example.intent)
    return tuple(examples), tuple(problems)


def _strangers(folder: Path, root: Path, ids: tuple[str, ...]) -> Iterator[str]:
    for path in sorted(folder.glob("*")):
        if path.suffix != ".yaml" or path.stem not in ids:
            yield f"{path.relative_to(root).as_posix()}: no intent of this group in intents/taxonomy.yaml"


def _read_file(path: Path, root: Path, intent: str, problems: list[str]) -> Iterator[Example]:
    name = path.relative_to(root).as_posix()
    data, problem = read_yaml(path, root)
    if problem:
        problems.append(problem)
        return
    if not isinstance(data, dict) or set(data) != {"batches"} or not isinstance(data["batches"], dict):
        problems.append(f"{name}: must hold `batches:` and nothing else")
        return
    for batch, styles in data["batches"].items():
        if not isinstance(styles, dict):
            problems.append(f"{name}: batch `{batch}` must map styles to lists")
            continue
        for style, items in styles.items():
            if style not in STYLES or not isinstance(items, list):
                problems.append(f"{name}: unknown style `{style}`; use one of {', '.join(STYLES)}")
                continue
            for item in items:
                yield from _read_item(item, name, intent, str(style), str(batch), problems)


def _read_item(item: Any, name: str, intent: str, style: str, batch: str, problems: list[str]) -> Iterator[Example]:
    if not isinstance(item, dict) or len(item) != 1:
        problems.append(f"{name}: `{item}` must be written `- self: the words` (self, partner, other or none)")
        return
    ((direction, text),) = item.items()
    if direction not in Direction.__members__.values() or not isinstance(text, str) or not text.strip():
        problems.append(f"{name}: `{direction}: {text}`: direction must be self, partner, other or none, then text")
        return
    yield Example(text, intent, style, Direction(direction), batch)
