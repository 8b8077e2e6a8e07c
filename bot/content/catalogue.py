"""Everything that is read from content files to write replies, loaded once."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.content.answers import CARE, PAGES, Library, load_library
from bot.content.languages import Language
from bot.content.places import COUNTRIES
from bot.content.resourcefile import load_resources
from bot.content.resources import Resources
from bot.content.taxonomy import Taxonomy, load_taxonomy
from bot.content.tools import Tool, load_tools
from bot.content.yamlfile import read_yaml
from bot.errors import ContentError

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Taxonomy, cards and help lines."""

    taxonomy: Taxonomy
    library: Library
    resources: Resources
    static_care: str
    """the last resort's text, with {emergency} and {listening}"""
    native: Mapping[str, Mapping[str, Any]]
    """language tag -> two lines of a care card in that language and script"""
    tools: Mapping[str, Mapping[str, Tool]]
    """language of the reply -> name -> guided tool"""

    def path_of(self, intent: str) -> str:
        """Return `<group>/<id>` of an intent."""
        return f"{self.taxonomy.group_of(intent)}/{intent}"

    def label(self, intent: str, lang: str = "en") -> str:
        """Return what a button calls an intent."""
        return self.library.label(self.path_of(intent), lang)

    def code(self, node: str) -> str:
        """Return a short code of a node for buttons: it depends on the name alone, so upgrades keep it."""
        return _code(node)

    def by_code(self, code: str) -> str | None:
        """Return the node of a code, or None when it is gone."""
        return next((n for n in self.nodes if _code(n) == code), None)

    @property
    def letters(self) -> Mapping[str, str]:
        """Return the letter that stands for each language in a button: of the replies, and of two lines on a card."""
        own = {tag: language.letter for tag, language in self.library.languages.items()}
        return {tag: str(lines["letter"]) for tag, lines in self.native.items()} | own

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return every card that can be gone back to."""
        cards = self.library.cards
        pages = (f"page:{p.removeprefix(f'{PAGES}/')}" for p in cards if p.startswith(f"{PAGES}/"))
        care = (f"care:{p.removeprefix(f'{CARE}/')}" for p in cards if p.startswith(f"{CARE}/"))
        return (*self.taxonomy.intents, *(f"group:{g}" for g, _ in self.taxonomy.groups), *pages, *care, "topics")


@lru_cache(maxsize=4096)
def _code(node: str) -> str:
    value = zlib.crc32(node.encode()) % (36**4)
    out = ""
    for _ in range(4):
        value, digit = divmod(value, 36)
        out = _DIGITS[digit] + out
    return out


def load_catalogue(root: Path) -> tuple[Catalogue, tuple[str, ...]]:
    """Return the catalogue under `root` and every problem found."""
    taxonomy, problems = load_taxonomy(root)
    library, more = load_library(root, taxonomy)
    resources, most = load_resources(root)
    native, last = _native(root, library.languages.values())
    static, missing = _static(root)
    tools, odd = load_tools(root / "responses", library.languages, root)
    found = (*problems, *more, *most, *last, *missing, *odd)
    return Catalogue(taxonomy, library, resources, static, native, tools), found


def _static(root: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text of the last resort and its problems."""
    name = "responses/system/static_care.txt"
    try:
        text = (root / name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return "", (f"{name}: missing or unreadable; restore it",)
    if "{emergency}" not in text or any(ch.isdigit() for ch in text.splitlines()[0]):
        return text, (f"{name}: needs {{emergency}}, and a first line without digits",)
    return text, ()


def _native(root: Path, languages: Iterable[Language]) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """Return the native lines of care cards and their problems."""
    name = "responses/safety/native.yaml"
    data, problem = read_yaml(root / name, root)
    if problem or not isinstance(data, dict):
        return {}, (problem or f"{name}: must map language tags to `letter`, `first`, `second` and `places`",)
    taken = [language.letter for language in languages]
    found: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for tag, lines in data.items():
        if not isinstance(lines, dict) or set(lines) != {"letter", "first", "second", "places"}:
            problems.append(f"{name}: `{tag}` needs `letter`, `first`, `second` and `places`")
        elif any(ch.isdigit() for ch in lines["first"]) or not {"number", "place"} <= _braces(lines["second"]):
            problems.append(f"{name}: `{tag}` needs `first` without digits, and `second` with {{place}} and {{number}}")
        elif not re.fullmatch("[a-z]", str(lines["letter"])) or lines["letter"] in taken:
            problems.append(f"{name}: `{tag}`: letter must be one small letter that no other language has")
        elif not isinstance(lines["places"], dict) or set(lines["places"]) - set(COUNTRIES):
            problems.append(f"{name}: `{tag}`: places must map country codes to names")
        else:
            taken.append(lines["letter"])
            found[tag] = lines
    return found, tuple(problems)


def _braces(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def require_catalogue(root: Path) -> Catalogue:
    """Return the catalogue; raises ContentError naming every problem."""
    catalogue, problems = load_catalogue(root)
    if problems:
        raise ContentError(problems)
    return catalogue
