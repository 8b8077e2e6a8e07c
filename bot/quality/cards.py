"""Every card as a reader can see it, and what is wrong with any of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jinja2 import TemplateError

from bot.content.answers import CARE, PAGES
from bot.content.catalogue import Catalogue
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency
from bot.quality.markup import markup_problems
from bot.quality.tone import Tone, answer_problems, neutral_problems
from bot.quality.wording import Wording, care_problems, wording_problems

MAX_CHARS = 4096
MAX_BUTTON = 64
HOURS = {"day": 14, "night": 3}
"""an hour at which every line is open, and one of the night"""
_LIGHT = "meta"
"""the group whose answers are about this guide"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One card in one state."""

    file: str
    """the template, relative to the checkout"""
    kind: str
    """answer, talk (an answer that suggests talking), safety, page, reached (a page next to care), system, tool"""
    name: str
    """the intent, category or page"""
    direction: Direction
    lang: str
    hour: str
    reply: Reply | str
    """or why it does not render"""


def renderer_at(catalogue: Catalogue, hour: str) -> Renderer:
    """Return the writer of replies at one of HOURS on a fixed winter day."""
    moment = dt.datetime(2026, 1, 7, HOURS[hour], tzinfo=dt.UTC)
    return Renderer(catalogue, lambda: moment)


def all_cards(catalogue: Catalogue) -> Iterator[Shown]:
    """Yield every card, by language, hour and direction."""
    for lang in catalogue.library.languages:
        for hour in HOURS:
            renderer = renderer_at(catalogue, hour).speaking(lang)
            for direction in Direction:
                yield from _answers(catalogue, renderer, direction, lang, hour)
                yield from _care(catalogue, renderer, direction, lang, hour)
            yield from _pages(catalogue, renderer, lang, hour)
            yield from _system(catalogue, renderer, lang, hour)


def _file(catalogue: Catalogue, path: str, lang: str) -> str:
    folder = f"{lang}/" if lang != "en" and catalogue.library.has(path, lang) else ""
    return f"responses/{folder}{path}.html.j2"


def _answers(c: Catalogue, renderer: Renderer, direction: Direction, lang: str, hour: str) -> Iterator[Shown]:
    for intent in c.taxonomy.intents:
        path = c.path_of(intent)
        if not c.library.has(path, lang):
            continue  # shown in English, word for word
        kind = "talk" if c.library.cards[path].talk else "answer"
        reply = _try(lambda i=intent: renderer.press(Target(i, direction, lang=lang)))  # type: ignore[misc]
        yield Shown(_file(c, path, lang), kind, intent, direction, lang, hour, reply)


def _care(c: Catalogue, renderer: Renderer, direction: Direction, lang: str, hour: str) -> Iterator[Shown]:
    for category in CATEGORIES:
        for explicit, leverage in ((True, False), (False, False), (True, True), (False, True)):
            risk = Risk((category,), Urgency.EMERGENCY, explicit, direction, leverage)
            reply = _try(lambda r=risk: renderer.care(r, Target("", lang=lang)))  # type: ignore[misc]
            yield Shown(_file(c, f"{CARE}/{category}", lang), CARE, category, direction, lang, hour, reply)


def _pages(c: Catalogue, renderer: Renderer, lang: str, hour: str) -> Iterator[Shown]:
    cards = c.library.cards
    reached = {n.removeprefix("page:") for p, card in cards.items() if p.startswith(f"{CARE}/") for n in card.next}
    near = (n for name in reached for n in cards[f"{PAGES}/{name}"].next)
    reached |= {n.removeprefix("page:") for n in near if n.startswith("page:")}
    for path in cards:
        if path.startswith(f"{PAGES}/") and c.library.has(path, lang):
            page = path.removeprefix(f"{PAGES}/")
            kind = "reached" if page in reached or page.startswith("about_") else "page"
            reply = _try(lambda p=page: renderer.press(Target(f"page:{p}", lang=lang)))  # type: ignore[misc]
            yield Shown(_file(c, path, lang), kind, page, Direction.NONE, lang, hour, reply)


def _system(c: Catalogue, renderer: Renderer, lang: str, hour: str) -> Iterator[Shown]:
    """Yield the cards made of system texts and tools."""
    file = "responses/system/en.yaml" if lang == "en" else f"responses/{lang}/system.yaml"
    unsure = Decision(Action.UNSURE, None, 0.0, (), lang="und")
    for name, make in (
        ("topics", lambda: renderer.press(Target("topics", lang=lang))),
        ("tools", lambda: renderer.press(Target("tools", lang=lang))),
        ("alternatives", lambda: renderer.press(Target("alt:", lang=lang))),
        ("unsure", lambda: renderer.unsure(unsure, Target(""))),
        ("unsure_language", lambda: renderer.decide(unsure, Context())),
        ("please_type", lambda: renderer.say("please_type")),
        ("error", lambda: renderer.say("error")),
        ("lines", lambda: renderer.press(Target("lines:any", lang=lang))),
        ("where", lambda: renderer.press(Target("where:lines:any", lang=lang))),
    ):
        yield Shown(file, "system", name, Direction.NONE, lang, hour, _try(make))
    for name, tool in c.tools[lang].items():
        states = ["", *("" if tool.kind == "pick" else tool.steps[0].options[i].key for i in range(2))]
        end = "".join(s.options[0].key for s in tool.steps) + ("." if tool.kind == "pick" else "")
        for state in (*states, end):
            reply = _try(lambda n=name, s=state: renderer.press(Target(f"tool:{n}:{s}", lang=lang)))  # type: ignore[misc]
            folder = "" if lang == "en" else f"{lang}/"
            yield Shown(f"responses/{folder}tools/{name}.yaml", "tool", name, Direction.NONE, lang, hour, reply)


def _try(make: Callable[[], Reply]) -> Reply | str:
    """Return the reply, or why it cannot be rendered."""
    try:
        return make()
    except TemplateError as error:
        lineno = getattr(error, "lineno", None)
        return f"does not render{f' (line {lineno})' if lineno else ''}: {error.message}"
    except (KeyError, StopIteration) as error:
        return f"does not render: {error!r} is unknown"


def card_problems(catalogue: Catalogue, wording: Wording, tone: Tone) -> Iterator[str]:
    """Yield what is wrong with any card, for every direction, hour, language and state it can be shown in."""
    seen: set[str] = set()
    for card in all_cards(catalogue):
        for problem in [card.reply] if isinstance(card.reply, str) else _problems(card, catalogue, wording, tone):
            line = f"{card.file}: {problem}"
            if line not in seen:
                seen.add(line)
                yield line


def _problems(card: Shown, catalogue: Catalogue, wording: Wording, tone: Tone) -> Iterator[str]:
    reply = card.reply
    if isinstance(reply, str):
        return
    yield from markup_problems(reply.html)
    yield from _size_problems(reply)
    yield from neutral_problems(tone, reply.html)
    care = card.kind in {CARE, "reached"}
    # What a card of danger must say is known word for word in English only.
    must = card.kind == CARE and not card.file.startswith(f"responses/{card.lang}/")
    yield from wording_problems(wording, reply.html, care=care, talk=card.kind == "talk", limits=must)
    if card.kind == CARE:
        emergency = catalogue.resources.emergency("GB")
        yield from care_problems(reply, emergency.contacts[0].number if emergency is not None else "")
    if card.kind in {"answer", "talk"}:
        path = catalogue.path_of(card.name)
        own = catalogue.library.cards[path]
        if not own.sources:
            yield "front matter needs `sources`: where the claims come from"
        # A night card leaves out what is folded by day; the balance is that of the whole.
        written = card.lang if catalogue.library.has(path, card.lang) else "en"
        yield from answer_problems(
            tone, reply.html, card.name, written, light=path.startswith(f"{_LIGHT}/") or card.hour != "day"
        )


def _size_problems(reply: Reply) -> Iterator[str]:
    if len(reply.html) > MAX_CHARS:
        yield f"is {len(reply.html)} characters long; Telegram takes {MAX_CHARS}"
    for row in reply.rows:
        for button in row:
            if not button.label or len(button.label) > MAX_BUTTON:
                yield f"button `{button.label}` is empty or longer than {MAX_BUTTON} characters"
