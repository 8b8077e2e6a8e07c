"""The written answers: front matter and template of each card, compiled once and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2 import DictLoader, Environment, StrictUndefined, Template, TemplateError, TemplateSyntaxError

from bot.content.languages import ENGLISH, Language, load_languages
from bot.content.taxonomy import Taxonomy
from bot.content.yamlfile import parse_yaml, read_yaml
from bot.core.safety import CATEGORIES

_KEYS = frozenset({"label", "sources", "reviewed", "talk", "next", "lines", "swap"})
_REVIEWED = frozenset({"draft", "editor", "professional", "native"})
MAX_LABEL = 34
"""characters of a button that still shows whole on a narrow phone"""
PAGES = "pages"
CARE = "safety"


@dataclass(frozen=True, slots=True)
class Card:
    """One card's front matter."""

    path: str
    """`<group>/<id>`, relative to responses/"""
    label: str
    sources: tuple[str, ...] = ()
    reviewed: str = "draft"
    talk: bool = False
    """suggests talking to somebody: the layout adds the way out for readers who fear the reaction"""
    next: tuple[str, ...] = ()
    lines: Mapping[str, tuple[str, ...]] | None = None
    """care cards: topics of help lines by direction"""
    swap: bool = True
    """may be read from the other chair"""


@dataclass(frozen=True, slots=True)
class Library:
    """All cards and their compiled templates."""

    cards: Mapping[str, Card]
    """by path"""
    environment: Environment
    languages: Mapping[str, Language]
    """by tag, English first"""
    translated: Mapping[str, Card] = field(default_factory=dict)
    """cards of further languages, by `<tag>/<path>`"""

    @property
    def texts(self) -> Mapping[str, Any]:
        """Return the system texts of English."""
        return self.languages[ENGLISH].texts

    def has(self, path: str, lang: str) -> bool:
        """Tell whether a card is written in a language."""
        return lang == ENGLISH or f"{lang}/{path}" in self.translated

    def template(self, path: str, lang: str = ENGLISH) -> Template:
        """Return the compiled template of a card in a language, the English one where that is missing."""
        folder = f"{lang}/" if lang != ENGLISH and self.has(path, lang) else ""
        return self.environment.get_template(f"{folder}{path}.html.j2")

    def label(self, path: str, lang: str = ENGLISH) -> str:
        """Return what a button calls a card."""
        return self.translated.get(f"{lang}/{path}", self.cards[path]).label

    def language_for(self, tag: str) -> str:
        """Return the language of the replies to a message in the language `tag`."""
        return next((lang.tag for lang in self.languages.values() if tag in lang.serves), ENGLISH)

    def language_of_app(self, code: str | None) -> str:
        """Return the language of the replies to a command whose sender's app is in a language, such as `hi`."""
        return next((lang.tag for lang in self.languages.values() if code and code[:2] in lang.codes), ENGLISH)


def make_environment(sources: Mapping[str, str]) -> Environment:
    """Return the environment all cards are rendered in: strict about names, escaping everything."""
    return Environment(
        loader=DictLoader(dict(sources)),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def load_library(root: Path, taxonomy: Taxonomy) -> tuple[Library, tuple[str, ...]]:
    """Return every card under `root`/responses and the problems found."""
    folder = root / "responses"
    problems: list[str] = []
    texts, problem = read_yaml(folder / "system" / "en.yaml", root)
    if problem or not isinstance(texts, dict):
        problems.append(problem or "responses/system/en.yaml: must map keys to texts")
        texts = {}
    languages, more = load_languages(folder, texts, root)
    problems.extend(more)
    cards: dict[str, Card] = {}
    translated: dict[str, Card] = {}
    sources: dict[str, str] = {}
    for path in sorted(folder.rglob("*.html.j2")):
        name = path.relative_to(folder).as_posix()
        key = name.removesuffix(".html.j2")
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            problems.append(f"responses/{name}: cannot be read as UTF-8 text")
            continue
        if key.startswith("system/"):
            sources[name] = text
            continue
        card, body = _split(text, key, problems)
        sources[name] = body
        if card is not None:
            (translated if key.split("/")[0] in languages else cards)[key] = card
    problems.extend(_missing(cards, taxonomy))
    problems.extend(
        f"responses/{key}.html.j2: is no card of English; a translation has the same name"
        for key in translated
        if key.partition("/")[2] not in cards
    )
    environment = make_environment(sources)
    problems.extend(_syntax(environment, sources))
    return Library(cards, environment, languages, translated), tuple(problems)


def _split(text: str, key: str, problems: list[str]) -> tuple[Card | None, str]:
    """Return the front matter as a Card, and the template; line numbers of the template stay those of the file."""
    name = f"responses/{key}.html.j2"
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        problems.append(f"{name}:1: must begin with front matter between two lines of ---")
        return None, text
    body = "{#" + "\n" * (parts[1].count("\n") + 2) + "#}" + parts[2]
    try:
        data = parse_yaml(parts[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problems.append(f"{name}:{(mark.line + 2) if mark else 1}: front matter is not valid YAML")
        return None, body
    if not isinstance(data, dict) or not isinstance(data.get("label"), str):
        problems.append(f"{name}: front matter needs `label`")
        return None, body
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        problems.append(f"{name}: unknown key `{unknown[0]}`; use {', '.join(sorted(_KEYS))}")
    label = data["label"]
    if len(label) > MAX_LABEL:
        problems.append(f"{name}: label is {len(label)} characters long; {MAX_LABEL} fit")
    reviewed = str(data.get("reviewed", "draft"))
    if reviewed not in _REVIEWED:
        problems.append(f"{name}: reviewed must be one of {', '.join(sorted(_REVIEWED))}")
    lines = data.get("lines")
    return Card(
        path=key,
        label=label,
        sources=tuple(str(s) for s in data.get("sources") or ()),
        reviewed=reviewed,
        talk=bool(data.get("talk", False)),
        next=tuple(str(n) for n in data.get("next") or ()),
        lines={k: tuple(v) for k, v in lines.items()} if isinstance(lines, dict) else None,
        swap=bool(data.get("swap", True)),
    ), body


def _missing(cards: Mapping[str, Card], taxonomy: Taxonomy) -> list[str]:
    wanted = {f"{g}/{i}" for g, ids in taxonomy.groups for i in ids} | {f"{CARE}/{c}" for c in CATEGORIES}
    problems = [f"responses/{p}.html.j2: missing; every id needs an answer" for p in sorted(wanted - set(cards))]
    problems += [
        f"responses/{p}.html.j2: belongs to no id of intents/taxonomy.yaml"
        for p in sorted(set(cards) - wanted)
        if not p.startswith(f"{PAGES}/")
    ]
    for card in cards.values():
        for target in card.next:
            page = target.removeprefix("page:")
            known = target in taxonomy.intents or (target != page and f"{PAGES}/{page}" in cards)
            if not known:
                problems.append(f"responses/{card.path}.html.j2: next `{target}` is no intent and no page")
    return problems


def _syntax(environment: Environment, sources: Mapping[str, str]) -> list[str]:
    problems: list[str] = []
    for name in sources:
        try:
            environment.get_template(name)
        except TemplateSyntaxError as error:
            problems.append(f"responses/{name}:{error.lineno}: {error.message}")
        except TemplateError as error:
            problems.append(f"responses/{name}: {error.message}")
    return problems
