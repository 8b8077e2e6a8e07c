"""`unspoken check`: every problem of the content files, collected, then one failure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from jinja2 import TemplateError

from bot.content.answers import CARE, PAGES
from bot.content.catalogue import Catalogue, load_catalogue
from bot.content.lexicon import load_lexicon
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.content.safetyfiles import load_rules
from bot.content.sentences import load_safety_examples, load_sentences
from bot.content.tuning import load_tuning
from bot.content.utterances import Example, load_examples
from bot.content.yamlfile import read_yaml
from bot.core.engine import Engine
from bot.core.match import OUT
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Direction, Risk, Urgency
from bot.quality.markup import markup_problems
from bot.quality.wording import Wording, care_problems, load_wording, wording_problems

MAX_CHARS = 4096
MAX_BUTTON = 64
_HOURS = (3, 14)
"""a night hour and one at which every line is open"""
KNOWN_FAILURES = "known_failures.yaml"
_EXPRESSION = re.compile(r"\{\{.*?\}\}")
_PHONE = re.compile(r"(?<![\d{])(?:\+?\d[\d ]{5,}\d|\b(?:999|112|911|111|116)\b)")


def check_content(root: Path, sentences: Path, make_engine: Callable[[], Engine]) -> tuple[str, ...]:
    """Return every problem in the content under `root` and the test sentences, each as `path: problem`.

    The test sentences are tried against all intents only when the files themselves are sound.
    """
    catalogue, problems = load_catalogue(root)
    found = list(problems)
    examples, more = load_examples(root, catalogue.taxonomy)
    found.extend(more)
    found.extend(load_lexicon(root)[1])
    found.extend(load_rules(root)[1])
    found.extend(load_tuning(root)[1])
    wording, more = load_wording(root)
    found.extend(more)
    found.extend(load_safety_examples(root / "intents" / "safety" / "examples", root)[1])
    tests: tuple[Example, ...] = ()
    if sentences.is_dir():
        tests, more = load_sentences(sentences, catalogue.taxonomy)
        found.extend(more)
        found.extend(_copies(examples, tests))
        if (sentences / "safety").is_dir():
            found.extend(load_safety_examples(sentences / "safety", sentences.parents[1])[1])
    found.extend(_own_numbers(root))
    if not problems:
        found.extend(card_problems(catalogue, wording))
    if not found and tests:
        found.extend(_stolen(make_engine(), tests, sentences))
    return tuple(found)


def card_problems(catalogue: Catalogue, wording: Wording) -> Iterator[str]:
    """Yield what is wrong with any card as rendered, for every direction, hour and state it can be shown in."""
    seen: set[str] = set()
    for hour in _HOURS:
        renderer = Renderer(catalogue, lambda h=hour: dt.datetime(2026, 1, 7, h, 0, tzinfo=dt.UTC))  # type: ignore[misc]
        for name, kind, reply in _renderings(catalogue, renderer):
            for problem in [reply] if isinstance(reply, str) else _reply_problems(reply, kind, renderer, wording):
                line = f"{name}: {problem}"
                if line not in seen:
                    seen.add(line)
                    yield line


def _reply_problems(reply: Reply, kind: str, renderer: Renderer, wording: Wording) -> Iterator[str]:
    yield from markup_problems(reply.html)
    yield from _size_problems(reply)
    care = kind in {CARE, "reached"}
    yield from wording_problems(wording, reply.html, care=care, talk=kind == "talk", limits=kind == CARE)
    if kind == CARE:
        emergency = renderer.catalogue.resources.emergency(renderer.country)
        yield from care_problems(reply, emergency.contacts[0].number if emergency is not None else "")


def _renderings(catalogue: Catalogue, renderer: Renderer) -> Iterator[tuple[str, str, Reply | str]]:
    """Yield (file, kind, rendering) of every card; kind is answer, talk, safety, page or, next to care, reached."""
    cards = catalogue.library.cards
    for direction in Direction:
        for intent in catalogue.taxonomy.intents:
            path = catalogue.path_of(intent)
            kind = "talk" if cards[path].talk else "answer"
            yield f"responses/{path}.html.j2", kind, _try(lambda i=intent, d=direction: renderer.press(Target(i, d)))  # type: ignore[misc]
        for category in CATEGORIES:
            name = f"responses/safety/{category}.html.j2"
            for explicit in (True, False):
                for leverage in (True, False):
                    risk = Risk((category,), Urgency.EMERGENCY, explicit, direction, leverage)
                    yield name, CARE, _try(lambda r=risk: renderer.care(r, Target("")))  # type: ignore[misc]
    reached = {n.removeprefix("page:") for p, c in cards.items() if p.startswith(f"{CARE}/") for n in c.next}
    reached |= {
        n.removeprefix("page:") for name in reached for n in cards[f"{PAGES}/{name}"].next if n.startswith("page:")
    }
    for path in cards:
        if path.startswith(f"{PAGES}/"):
            page = path.removeprefix(f"{PAGES}/")
            kind = "reached" if page in reached or page.startswith("about_") else "page"
            yield f"responses/{path}.html.j2", kind, _try(lambda p=page: renderer.page(p))  # type: ignore[misc]


def _try(make: Callable[[], Reply]) -> Reply | str:
    """Return the reply, or why it cannot be rendered."""
    try:
        return make()
    except TemplateError as error:
        lineno = getattr(error, "lineno", None)
        return f"does not render{f' (line {lineno})' if lineno else ''}: {error.message}"
    except (KeyError, StopIteration) as error:
        return f"does not render: {error!r} is unknown"


def _size_problems(reply: Reply) -> Iterator[str]:
    if len(reply.html) > MAX_CHARS:
        yield f"is {len(reply.html)} characters long; Telegram takes {MAX_CHARS}"
    for row in reply.rows:
        for button in row:
            if not button.label or len(button.label) > MAX_BUTTON:
                yield f"button `{button.label}` is empty or longer than {MAX_BUTTON} characters"


def _copies(examples: tuple[Example, ...], tests: tuple[Example, ...]) -> Iterator[str]:
    known = {_key(e.text) for e in examples}
    for test in tests:
        if _key(test.text) in known:
            yield f"tests/sentences/**/{test.intent}.yaml: `{test.text}` is also an example; a test sentence is no copy"


def _key(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _own_numbers(root: Path) -> Iterator[str]:
    """Yield phone numbers written into templates: they come from resources.yaml alone."""
    for path in sorted((root / "responses").rglob("*.html.j2")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if _PHONE.search(_EXPRESSION.sub("", line)):
                name = path.relative_to(root).as_posix()
                yield f'{name}:{number}: a phone number in the text; write {{{{ number("<line id>") }}}}'


def _stolen(engine: Engine, tests: tuple[Example, ...], sentences: Path) -> Iterator[str]:
    """Yield test sentences that another intent wins outright, but for the known failures, a list that only shrinks."""
    data, problem = read_yaml(sentences / KNOWN_FAILURES, sentences.parents[1])
    known = {str(t) for t in (data or {}).get("stolen", ())} if problem is None and isinstance(data, dict) else set()
    stolen: set[str] = set()
    for test in tests:
        decision = engine.decide(test.text)
        right = {test.intent, *test.accept}
        if decision.action is Action.ANSWER and decision.intent not in right:
            stolen.add(test.text)
            if test.text not in known:
                where = "out of scope" if test.intent == OUT else test.intent
                yield f"tests/sentences: `{test.text}` means {where}, but {decision.intent} wins"
        elif decision.action is Action.CARE:
            stolen.add(test.text)
            if test.text not in known:
                yield f"tests/sentences: `{test.text}` means {test.intent}, but is taken for danger"
    for text in sorted(known - stolen):
        yield f"tests/sentences/{KNOWN_FAILURES}: `{text}` is no failure any more; take it off the list"
