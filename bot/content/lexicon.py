"""`intents/lexicon/` to the core's Lexicon, with every problem named."""

from __future__ import annotations

from pathlib import Path

from bot.content.yamlfile import read_yaml
from bot.core.lexicon import Lexicon

_LANGUAGES = frozenset({"hi-Latn", "ur-Latn", "pa-Latn", "bn-Latn", "gu-Latn", "und"})


def load_lexicon(root: Path) -> tuple[Lexicon, tuple[str, ...]]:
    """Return the lexicon under `root`/intents/lexicon and the problems found in it."""
    folder = root / "intents" / "lexicon"
    problems: list[str] = []
    english: frozenset[str] = frozenset()
    try:
        english = frozenset((folder / "english.txt").read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError):
        problems.append("intents/lexicon/english.txt: missing or unreadable; restore it")
    variants, ambiguous = _variants(folder / "variants.yaml", root, problems)
    markers = _markers(folder / "languages.yaml", root, problems)
    urdu = _urdu(folder / "urdu.yaml", root, problems)
    return Lexicon.build(english, variants, ambiguous, markers, urdu), tuple(problems)


def _variants(path: Path, root: Path, problems: list[str]) -> tuple[dict[str, str], frozenset[str]]:
    name = path.relative_to(root).as_posix()
    data, problem = read_yaml(path, root)
    if problem or not isinstance(data, dict) or not isinstance(data.get("standard"), dict):
        problems.append(problem or f"{name}: must hold `standard:` with `word: [variants]` lines")
        return {}, frozenset()
    variants: dict[str, str] = {}
    for standard, listed in data["standard"].items():
        if not isinstance(standard, str) or not isinstance(listed, list):
            problems.append(f"{name}: `{standard}` must be a word with a list of variants")
            continue
        for variant in listed:
            if not isinstance(variant, str) or not variant or variant != variant.lower():
                problems.append(f"{name}: under `{standard}`: `{variant}` must be quoted lower-case text")
            elif variant in variants:
                problems.append(f"{name}: `{variant}` stands under `{variants[variant]}` and `{standard}`; keep one")
            elif len(variant.split()) > 4:
                problems.append(f"{name}: `{variant}` is longer than four words")
            else:
                variants[variant] = standard
    ambiguous = data.get("ambiguous", [])
    if not isinstance(ambiguous, list) or not all(isinstance(w, str) for w in ambiguous):
        problems.append(f"{name}: `ambiguous` must be a list of words")
        ambiguous = []
    return variants, frozenset(ambiguous)


def _markers(path: Path, root: Path, problems: list[str]) -> dict[str, frozenset[str]]:
    name = path.relative_to(root).as_posix()
    data, problem = read_yaml(path, root)
    if problem or not isinstance(data, dict):
        problems.append(problem or f"{name}: must map language tags to lists of words")
        return {}
    markers: dict[str, frozenset[str]] = {}
    for tag, words in data.items():
        if tag not in _LANGUAGES:
            problems.append(f"{name}: unknown language tag `{tag}`; use one of {', '.join(sorted(_LANGUAGES))}")
        elif not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            problems.append(f"{name}: `{tag}` must be a list of words (quote words such as no, yes, on)")
        else:
            markers[tag] = frozenset(words)
    return markers


def _urdu(path: Path, root: Path, problems: list[str]) -> dict[str, str]:
    name = path.relative_to(root).as_posix()
    data, problem = read_yaml(path, root)
    if problem or not isinstance(data, dict):
        problems.append(problem or f"{name}: must map words in Urdu script to their Roman spelling")
        return {}
    words: dict[str, str] = {}
    for script, roman in data.items():
        if not isinstance(script, str) or not isinstance(roman, str) or not roman.isascii():
            problems.append(f"{name}: `{script}: {roman}` must be an Urdu word and its Roman spelling")
        else:
            words[script] = roman.lower()
    return words
