"""`responses/system/pseudonyms.yaml`: the words that names of questions are made of."""

from __future__ import annotations

from pathlib import Path

from bot.content.yamlfile import read_yaml
from bot.errors import ContentError

NAME = "responses/system/pseudonyms.yaml"
FEWEST = 40
LONGEST = 18
"""letters of one word: two and what tells equal ones apart fit into the 40 of a row"""


def load_pseudonyms(root: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the first and the second words; raises ContentError naming every problem."""
    words, problems = read_pseudonyms(root)
    if problems:
        raise ContentError(problems)
    return words


def read_pseudonyms(root: Path) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], tuple[str, ...]]:
    """Return the words under `root` and the problems found."""
    data, problem = read_yaml(root / NAME, root)
    if problem or not isinstance(data, dict) or set(data) != {"first", "second"}:
        return ((), ()), (problem or f"{NAME}: must hold `first` and `second`",)
    problems: list[str] = []
    lists: list[tuple[str, ...]] = []
    for key in ("first", "second"):
        words = data[key] if isinstance(data[key], list) else []
        lists.append(tuple(str(w) for w in words))
        if len(set(map(str, words))) != len(words) or len(words) < FEWEST:
            problems.append(f"{NAME}: `{key}` must be a list of at least {FEWEST} different words")
        problems += [
            f"{NAME}: `{w}` must be one word of letters, {LONGEST} at most"
            for w in words
            if not isinstance(w, str) or not w.isalpha() or len(w) > LONGEST
        ]
    return (lists[0], lists[1]), tuple(problems)
