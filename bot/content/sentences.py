"""The test sentences: what people write and what must win; written apart from the examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.content.taxonomy import Taxonomy
from bot.content.utterances import OUT_FILE, STYLES, Example, example_path
from bot.content.yamlfile import read_yaml
from bot.core.match import OUT
from bot.core.safety import CATEGORIES
from bot.core.values import Direction, Urgency

NEGATIVE_KINDS = ("idiom", "negated", "fiction", "fact", "quarrel", "figurative", "ordinary")
_KEYS = frozenset({"text", "style", "direction", "accept"})
_SAFETY_KEYS = frozenset({"text", "style", "direction", "kind", "urgency"})


@dataclass(frozen=True, slots=True)
class SafetyExample:
    """One labelled message about danger, or a hard negative near it."""

    text: str
    category: str
    """the category, also for a negative: the one it sits near"""
    danger: bool
    kind: str
    """explicit or indirect; for a negative one of NEGATIVE_KINDS"""
    urgency: Urgency
    direction: Direction
    style: str


def load_sentences(folder: Path, taxonomy: Taxonomy) -> tuple[tuple[Example, ...], tuple[str, ...]]:
    """Return the test sentences under `folder` and their problems; six or more are needed for each intent."""
    problems: list[str] = []
    found: list[Example] = []
    pairs: list[tuple[str | None, str]] = [(g, i) for g, ids in taxonomy.groups for i in ids]
    for group, intent in [*pairs, (None, OUT_FILE)]:
        path = example_path(folder, group, intent)
        name = f"tests/sentences/{path.relative_to(folder).as_posix()}"
        data, problem = read_yaml(path, folder.parents[1])
        if problem or not isinstance(data, dict) or not isinstance(data.get("sentences"), list):
            problems.append(problem or f"{name}: must hold `sentences:` with a list")
            continue
        own = list(_read(data["sentences"], name, OUT if group is None else intent, taxonomy, problems))
        if len(own) < 6:
            problems.append(f"{name}: {len(own)} test sentences; at least 6 are needed")
        found.extend(own)
    return tuple(found), tuple(problems)


def _read(items: list[Any], name: str, intent: str, taxonomy: Taxonomy, problems: list[str]) -> Iterator[Example]:
    for item in items:
        if not isinstance(item, dict) or not set(item) <= _KEYS or not isinstance(item.get("text"), str):
            problems.append(f"{name}: `{item}` must have text, style, direction and at most `accept`")
            continue
        accept = tuple(item.get("accept", ()))
        bad = [a for a in accept if a not in taxonomy.intents]
        direction = item.get("direction", "none")
        style = item.get("style", "plain")
        if bad or direction not in Direction.__members__.values() or style not in STYLES:
            problems.append(f"{name}: `{item['text']}`: unknown accept, direction or style")
            continue
        yield Example(item["text"], intent, style, Direction(direction), "test", accept)


def load_safety_examples(
    folder: Path, root: Path, suffix: str = ""
) -> tuple[tuple[SafetyExample, ...], tuple[str, ...]]:
    """Return the danger examples in `folder` (<category><suffix>.yaml each) and their problems."""
    problems: list[str] = []
    found: list[SafetyExample] = []
    for category in CATEGORIES:
        path = folder / f"{category}{suffix}.yaml"
        name = path.relative_to(root).as_posix()
        data, problem = read_yaml(path, root)
        if problem or not isinstance(data, dict) or set(data) != {"positives", "negatives"}:
            problems.append(problem or f"{name}: must hold `positives:` and `negatives:`")
            continue
        for danger, key in ((True, "positives"), (False, "negatives")):
            for item in data[key] or ():
                example = _read_safety(item, category, danger)
                if example is None:
                    problems.append(f"{name}: `{item}`: needs text, style, direction, kind and urgency as documented")
                else:
                    found.append(example)
    return tuple(found), tuple(problems)


def _read_safety(item: Any, category: str, danger: bool) -> SafetyExample | None:
    if not isinstance(item, dict) or not set(item) <= _SAFETY_KEYS or not isinstance(item.get("text"), str):
        return None
    kind = str(item.get("kind", "explicit"))
    if kind not in (("explicit", "indirect") if danger else NEGATIVE_KINDS):
        return None
    try:
        urgency = Urgency(item.get("urgency", "high" if danger else "none"))
        direction = Direction(item.get("direction", "none"))
    except ValueError:
        return None
    if danger == (urgency is Urgency.NONE):
        return None
    return SafetyExample(item["text"], category, danger, kind, urgency, direction, str(item.get("style", "plain")))
