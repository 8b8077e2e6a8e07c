"""`unspoken check`: every problem of the content files, collected, then one failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.content.catalogue import load_catalogue
from bot.content.identity import load_clues
from bot.content.lexicon import load_lexicon
from bot.content.pseudonyms import read_pseudonyms
from bot.content.safetyfiles import load_rules
from bot.content.sentences import load_safety_examples, load_sentences
from bot.content.tuning import load_tuning
from bot.content.utterances import Example, load_examples
from bot.content.yamlfile import read_yaml
from bot.core.engine import Engine
from bot.core.match import OUT
from bot.core.values import Action
from bot.quality.cards import card_problems
from bot.quality.tone import load_tone
from bot.quality.wording import load_wording

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
    lexicon, more = load_lexicon(root)
    found.extend(more)
    found.extend(load_clues(root, lexicon)[1])
    found.extend(read_pseudonyms(root)[1])
    found.extend(load_rules(root)[1])
    found.extend(load_tuning(root)[1])
    wording, more = load_wording(root)
    found.extend(more)
    tone, more = load_tone(root)
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
        found.extend(card_problems(catalogue, wording, tone))
    if not found and tests:
        found.extend(_stolen(make_engine(), tests, sentences))
    return tuple(found)


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
