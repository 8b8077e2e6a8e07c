"""`intents/lexicon/{names,places}.txt` and `identify.yaml` to the core's Clues, with every problem named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.content.yamlfile import read_yaml
from bot.core.clues import Clues
from bot.core.identify import Identifier
from bot.core.lexicon import Lexicon
from bot.errors import ContentError

FOLDER = "intents/lexicon"
_LISTS = frozenset(
    ["relations", "after_names", "titles", "called", "not_names", "place_before", "jobs", "job_before", "offices",
     "worship", "worship_names", "school_names", "generic_names", "businesses", "employers", "street_words", "streets",
     "plain"]
)  # fmt: skip
_SOFTER = frozenset(
    ["handle", "phone", "email", "link", "first_person", "second_person", "further_person", "place", "address", "area",
     "worship", "office", "work", "employer", "business", "job", "recent", "past", "since", "coming", "then", "hour",
     "age", "child", "young", "teenage", "grown", "birthday"]
)  # fmt: skip
_WITH_DECADE = ("age", "grown")
_DECADES = 9
_WEAK = "*"


def load_identifier(root: Path, lexicon: Lexicon) -> Identifier:
    """Return what marks drafts, from the files under `root`; raises ContentError naming every problem."""
    clues, problems = load_clues(root, lexicon)
    if problems:
        raise ContentError(problems)
    return Identifier(clues)


def load_clues(root: Path, lexicon: Lexicon) -> tuple[Clues, tuple[str, ...]]:
    """Return the lists under `root` and the problems found; `lexicon` says which words are ordinary ones."""
    problems: list[str] = []
    names, weak_names = _words(root, "names.txt", problems)
    places, weak_places = _words(root, "places.txt", problems)
    name = f"{FOLDER}/identify.yaml"
    data, problem = read_yaml(root / name, root)
    if problem or not isinstance(data, dict):
        return Clues(), (*problems, problem or f"{name}: must map keys to lists")
    lists: dict[str, frozenset[str]] = {}
    for key in sorted(_LISTS):
        value = data.get(key)
        if not isinstance(value, list) or not all(isinstance(w, str) and w == w.lower() for w in value):
            problems.append(f"{name}: `{key}` must be a list of lower-case words (quote words such as on, no, yes)")
        else:
            lists[key] = frozenset(value)
    softer, schools = _mapping(data, "softer", name, problems), _mapping(data, "schools", name, problems)
    problems += _softer_problems(softer, "softer", name)
    further = data.get("softer_in") or {}
    softer_in = {str(lang): _mapping(further, lang, name, problems) for lang in further}
    for lang, words in softer_in.items():
        problems += _softer_problems(words, f"softer_in.{lang}", name)
    decades = [tuple(map(str, data.get(key) or ())) for key in ("decades", "decades_single")]
    problems += (
        [f"{name}: needs nine `decades` and `decades_single`"] if any(len(d) != _DECADES for d in decades) else []
    )
    problems += [
        f"{name}: `{key}` is no key of this file"
        for key in sorted(set(data) - _LISTS - {"softer", "softer_in", "schools", "decades", "decades_single"})
    ]
    return Clues(
        names=names - weak_names,
        weak_names=weak_names,
        places=frozenset(tuple(p.split("_")) for p in places - weak_places),
        weak_places=frozenset(tuple(p.split("_")) for p in weak_places),
        lists=lists,
        schools=schools,
        softer=softer,
        softer_in=softer_in,
        decades=decades[0],
        decades_single=decades[1],
        common=_common(lexicon, names),
    ), tuple(problems)


def _softer_problems(softer: Mapping[str, str], key: str, name: str) -> list[str]:
    return [
        *(f"{name}: `{key}` lacks `{word}`" for word in sorted(_SOFTER - set(softer))),
        *(
            f"{name}: `{key}.{word}` must hold {{decade}}"
            for word in _WITH_DECADE
            if "{decade}" not in softer.get(word, "{decade}")
        ),
    ]


def _common(lexicon: Lexicon, names: frozenset[str]) -> frozenset[str]:
    """Return ordinary words: English and Roman Hindi-Urdu ones, without names (the list of English has many)."""
    roman = (word for words in lexicon.markers.values() for word in words)
    return (lexicon.english | lexicon.variants.keys() | frozenset(roman) | frozenset(lexicon.urdu.values())) - names


def _words(root: Path, file: str, problems: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of a file, and those marked with * or standing on a line after =."""
    try:
        text = (root / FOLDER / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        problems.append(f"{FOLDER}/{file}: missing or unreadable; restore it")
        return frozenset(), frozenset()
    sure: set[str] = set()
    weak: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            continue
        for word in line.removeprefix("=").split():
            plain = word.removesuffix(_WEAK)
            if not plain.replace("_", "").isalpha() or plain != plain.lower():
                problems.append(
                    f"{FOLDER}/{file}:{number}: `{word}` must be letters in lower case, * at the end at most"
                )
            (weak if word != plain or line.startswith("=") else sure).add(plain)
    return frozenset(sure - weak), frozenset(weak)


def _mapping(data: dict[str, Any], key: str, name: str, problems: list[str]) -> dict[str, str]:
    value = data.get(key)
    if not isinstance(value, dict) or not all(
        isinstance(k, str) and isinstance(v, str) and v for k, v in value.items()
    ):
        problems.append(f"{name}: `{key}` must map words to texts")
        return {}
    return dict(value)
