"""Languages of the replies: English at the top of `responses/`, each further one a folder with a `language.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.content.yamlfile import read_yaml

ENGLISH = "en"
FILE = "language.yaml"
TEXTS = "system.yaml"
_KEYS = frozenset({"name", "letter", "serves", "reviewed"})


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the replies."""

    tag: str
    """BCP 47; also the folder's name"""
    name: str
    """as a button calls it, in that language"""
    letter: str
    """what buttons carry: one small letter, never changed"""
    serves: frozenset[str]
    """languages of messages that are answered in it"""
    texts: Mapping[str, Any]
    """system texts, English where one is missing"""

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the languages of apps that get these texts: two letters, all that Telegram tells; none for English.

        Letters of Hindi and Urdu lead to the Roman texts too. An app in either would otherwise get English, which has
        the same letters, so that nobody has to read a script they could have done without; and more people understand
        the words, which keep to what both languages share.
        """
        if self.tag == ENGLISH:
            return ()
        return tuple(sorted({tag.partition("-")[0] for tag in self.serves if len(tag.partition("-")[0]) == 2}))


def load_languages(folder: Path, english: Mapping[str, Any], root: Path) -> tuple[dict[str, Language], tuple[str, ...]]:
    """Return the languages under `folder` (responses/) by tag, English first, and the problems found."""
    found = {ENGLISH: Language(ENGLISH, "English", "e", frozenset({ENGLISH}), english)}
    problems: list[str] = []
    for path in sorted(folder.glob(f"*/{FILE}")):
        tag = path.parent.name
        name = f"responses/{tag}/{FILE}"
        data, problem = read_yaml(path, root)
        if problem or not isinstance(data, dict) or not set(data) >= {"name", "letter", "serves"} or set(data) - _KEYS:
            problems.append(problem or f"{name}: needs name, letter and serves")
            continue
        letter = str(data["letter"])
        if len(letter) != 1 or not letter.islower() or any(letter == other.letter for other in found.values()):
            problems.append(f"{name}: letter must be one small letter that no other language has")
            continue
        texts, problem = read_yaml(path.parent / TEXTS, root)
        if problem or not isinstance(texts, dict):
            problems.append(problem or f"responses/{tag}/{TEXTS}: must map keys to texts")
            texts = {}
        problems.extend(f"responses/{tag}/{TEXTS}: {p}" for p in _strange(texts, english))
        found[tag] = Language(tag, str(data["name"]), letter, frozenset(map(str, data["serves"])), over(english, texts))
    return found, tuple(problems)


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `above` laid over `below`, mapping by mapping, so that a missing text is the English one."""
    out = dict(below)
    for key, value in above.items():
        base = out.get(key)
        out[key] = over(base, value) if isinstance(base, Mapping) and isinstance(value, Mapping) else value
    return out


def _strange(texts: Mapping[str, Any], english: Mapping[str, Any], path: str = "") -> list[str]:
    """Return what a language's texts hold that English does not, or in another shape or with other braces."""
    problems: list[str] = []
    for key, value in texts.items():
        base = english.get(key)
        if base is None or type(base) is not type(value):
            problems.append(f"`{path}{key}` is no text of system/en.yaml, or of another shape")
        elif isinstance(value, Mapping):
            problems += _strange(value, base, f"{path}{key}.")
        elif isinstance(value, str) and _names(value) != _names(base):
            problems.append(f"`{path}{key}` must hold the same names in braces as English")
    return problems


def _names(text: str) -> set[str]:
    return {part.split("}")[0] for part in text.split("{")[1:]}
