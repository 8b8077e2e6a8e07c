"""Which intents and safety categories exist, and in which group each intent lives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.content.yamlfile import read_yaml
from bot.core.safety import CATEGORIES


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Groups in menu order, each with its intents in menu order."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def intents(self) -> tuple[str, ...]:
        """Return all intent ids."""
        return tuple(i for _, ids in self.groups for i in ids)

    def group_of(self, intent: str) -> str | None:
        """Return the group of an intent, or None for an unknown one."""
        return next((g for g, ids in self.groups if intent in ids), None)


def load_taxonomy(root: Path) -> tuple[Taxonomy, tuple[str, ...]]:
    """Return the taxonomy under `root` and its problems."""
    path = root / "intents" / "taxonomy.yaml"
    name = "intents/taxonomy.yaml"
    data, problem = read_yaml(path, root)
    if problem or not isinstance(data, dict) or not isinstance(data.get("intents"), dict):
        return Taxonomy(()), (problem or f"{name}: must hold `intents:` with groups of ids",)
    problems: list[str] = []
    groups: list[tuple[str, tuple[str, ...]]] = []
    seen: set[str] = set()
    for group, ids in data["intents"].items():
        if not isinstance(ids, list) or not all(isinstance(i, str) and i.isidentifier() for i in ids):
            problems.append(f"{name}: group `{group}` must be a list of ids (letters, digits, underscores)")
            continue
        for intent in ids:
            if intent in seen:
                problems.append(f"{name}: `{intent}` is listed twice")
            seen.add(intent)
        groups.append((str(group), tuple(ids)))
    if tuple(data.get("safety", ())) != CATEGORIES:
        problems.append(f"{name}: `safety` must list {', '.join(CATEGORIES)}")
    return Taxonomy(tuple(groups)), tuple(problems)
