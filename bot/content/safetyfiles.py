"""`intents/safety/` to the core's compiled rules, with every problem named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.content.yamlfile import read_yaml
from bot.core.facts import Facts
from bot.core.patterns import Pattern, compile_source
from bot.core.safety import CATEGORIES, SafetyRules
from bot.core.values import Direction, Urgency

_KEYS = frozenset({"say", "direction", "urgency", "explicit", "leverage", "sure"})


def load_rules(root: Path) -> tuple[SafetyRules, tuple[str, ...]]:
    """Return the compiled patterns under `root`/intents/safety and the problems found."""
    folder = root / "intents" / "safety"
    problems: list[str] = []
    classes = _classes(folder / "words.yaml", root, problems)
    patterns: list[Pattern] = []
    for category in CATEGORIES:
        path = folder / f"{category}.yaml"
        for item in _items(path, root, "patterns", problems):
            patterns.extend(_pattern(item, category, path.relative_to(root).as_posix(), classes, problems))
    guards = _plain(folder / "guards.yaml", root, "guards", classes, problems)
    emergency = _plain(folder / "emergency.yaml", root, "patterns", classes, problems)
    facts = _facts(folder / "facts.yaml", root, classes, problems)
    return SafetyRules.build(patterns, guards, emergency, facts), tuple(problems)


def _classes(path: Path, root: Path, problems: list[str]) -> dict[str, list[str]]:
    data, problem = read_yaml(path, root)
    if problem or not isinstance(data, dict):
        problems.append(problem or f"{path.relative_to(root).as_posix()}: must map class names to lists of words")
        return {}
    good: dict[str, list[str]] = {}
    for name, words in data.items():
        if isinstance(words, list) and all(isinstance(w, str) for w in words):
            good[str(name)] = words
        else:
            problems.append(
                f"{path.relative_to(root).as_posix()}: `{name}` must be a list of words (quote no, yes, on)"
            )
    return good


def _items(path: Path, root: Path, key: str, problems: list[str]) -> Sequence[Any]:
    data, problem = read_yaml(path, root)
    if problem or not isinstance(data, dict) or set(data) != {key} or not isinstance(data[key], list):
        problems.append(problem or f"{path.relative_to(root).as_posix()}: must hold `{key}:` with a list")
        return ()
    return list(data[key])


def _facts(path: Path, root: Path, classes: Mapping[str, Sequence[str]], problems: list[str]) -> Facts:
    name = path.relative_to(root).as_posix()
    data, problem = read_yaml(path, root)
    if problem or not isinstance(data, dict) or set(data) != {"asking", "terms"} or not isinstance(data["terms"], dict):
        problems.append(problem or f"{name}: must hold `asking:` with patterns and `terms:` by category")
        return Facts()
    asking: list[Pattern] = []
    for source in data["asking"]:
        asking.extend(_pattern({"say": source}, "", name, classes, problems))
    problems.extend(f"{name}: unknown category `{c}`" for c in data["terms"] if c not in CATEGORIES)
    terms = [(str(term), str(c)) for c, listed in data["terms"].items() for term in listed or ()]
    terms.sort(key=lambda pair: (-len(pair[0]), pair[0]))
    return Facts(tuple(asking), tuple(terms))


def _plain(
    path: Path, root: Path, key: str, classes: Mapping[str, Sequence[str]], problems: list[str]
) -> list[Pattern]:
    found: list[Pattern] = []
    for item in _items(path, root, key, problems):
        found.extend(_pattern({"say": item}, "", path.relative_to(root).as_posix(), classes, problems))
    return found


def _pattern(
    item: Any, category: str, name: str, classes: Mapping[str, Sequence[str]], problems: list[str]
) -> list[Pattern]:
    if not isinstance(item, dict) or not set(item) <= _KEYS or not isinstance(item.get("say"), str):
        problems.append(f"{name}: `{item}`: needs `say` and at most direction, urgency, explicit, leverage, sure")
        return []
    try:
        regex, needs = compile_source(item["say"], classes)
        return [
            Pattern(
                category=category,
                source=item["say"],
                regex=regex,
                needs=needs,
                direction=Direction(item.get("direction", "none")),
                urgency=Urgency(item.get("urgency", "none")),
                explicit=bool(item.get("explicit", True)),
                leverage=bool(item.get("leverage", False)),
                sure=bool(item.get("sure", False)),
            )
        ]
    except ValueError as error:
        problems.append(f"{name}: `{item['say']}`: {error}")
        return []
