"""From content files to a fitted engine: read, normalise, repair, fit."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.content.modelfile import Fitted
from bot.content.sentences import SafetyExample, load_safety_examples
from bot.content.taxonomy import Taxonomy, load_taxonomy
from bot.content.utterances import Example, load_examples
from bot.core.direction import ORDER
from bot.core.fitlinear import Targets, fit_linear
from bot.core.fold import fold_gender, swap_sides
from bot.core.lexicon import Lexicon
from bot.core.match import OUT
from bot.core.negation import mark_negated
from bot.core.normalize import normalize
from bot.core.repair import Repairer, count_words
from bot.core.safety import CATEGORIES, NO_DANGER
from bot.core.values import Direction, Urgency
from bot.errors import ContentError

Tokens = tuple[str, ...]
URGENCIES = ("emergency", "high")
EXPLICIT = ("explicit", "indirect")
SWAPPED = "is_it_cheating"
"""the group whose questions stay the same whoever did it"""
ORDINARY_WEIGHT = 0.7
"""how much an ordinary question counts as "no danger" beside a written hard negative: there are many more of them"""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything the matcher is fitted on."""

    taxonomy: Taxonomy
    examples: tuple[Example, ...]
    dangers: tuple[SafetyExample, ...]


def load_corpus(root: Path) -> Corpus:
    """Return all examples under `root`; raises ContentError with every problem."""
    taxonomy, problems = load_taxonomy(root)
    examples, more = load_examples(root, taxonomy)
    dangers, most = load_safety_examples(root / "intents" / "safety" / "examples", root)
    found = (*problems, *more, *most)
    if found:
        raise ContentError(found)
    return Corpus(taxonomy, examples, dangers)


def read_tokens(texts: Sequence[str], lexicon: Lexicon) -> list[Tokens]:
    """Return the matcher's words of each text, before repair."""
    return [mark_negated(fold_gender(normalize(text, lexicon).tokens)) for text in texts]


def fit(corpus: Corpus, lexicon: Lexicon, progress: Callable[[float], None] | None = None) -> Fitted:
    """Return the matcher fitted on `corpus`; takes tens of seconds, deterministic."""
    raw = read_tokens([*(e.text for e in corpus.examples), *(d.text for d in corpus.dangers)], lexicon)
    counts = count_words(raw)
    repairer = Repairer(counts, lexicon.english)
    tokens = [repairer.repair(t) for t in raw]
    tokens, targets = add_swapped(corpus, tokens, build_targets(corpus))
    return Fitted(counts, fit_linear(tokens, targets, threads=os.cpu_count() or 1, progress=progress))


def add_swapped(
    corpus: Corpus, tokens: list[Tokens], targets: dict[str, Targets]
) -> tuple[list[Tokens], dict[str, Targets]]:
    """Return the examples with those of SWAPPED added from the other chair: the same intent, the other direction."""
    other = {Direction.SELF: Direction.PARTNER, Direction.PARTNER: Direction.SELF}
    rows = [
        i
        for i, e in enumerate(corpus.examples)
        if corpus.taxonomy.group_of(e.intent) == SWAPPED and e.direction in other and e.style != "native"
    ]
    values = {name: np.concatenate([t.values, t.values[rows]]) for name, t in targets.items()}
    first = len(tokens)
    for place, row in enumerate(rows, start=first):
        values["direction"][place] = 0.0
        values["direction"][place, ORDER.index(other[corpus.examples[row].direction])] = 1.0
    added = [swap_sides(tokens[i]) for i in rows]
    return [*tokens, *added], {name: Targets(t.labels, values[name]) for name, t in targets.items()}


def build_targets(corpus: Corpus) -> dict[str, Targets]:
    """Return what each head learns: intents, direction, danger, urgency, explicitness by row."""
    intents = (*corpus.taxonomy.intents, OUT)
    dangers = (*CATEGORIES, NO_DANGER)
    rows = len(corpus.examples) + len(corpus.dangers)
    intent = np.zeros((rows, len(intents)), np.float32)
    direction = np.zeros((rows, len(ORDER)), np.float32)
    danger = np.zeros((rows, len(dangers)), np.float32)
    urgency = np.zeros((rows, len(URGENCIES)), np.float32)
    explicit = np.zeros((rows, len(EXPLICIT)), np.float32)
    place = {name: i for i, name in enumerate(intents)}
    for row, example in enumerate(corpus.examples):
        intent[row, place[example.intent]] = 1.0
        direction[row, ORDER.index(example.direction)] = 1.0
        danger[row, -1] = ORDINARY_WEIGHT
    for row, item in enumerate(corpus.dangers, start=len(corpus.examples)):
        danger[row, CATEGORIES.index(item.category) if item.danger else -1] = 1.0
        if item.direction is not Direction.NONE or item.danger:
            direction[row, ORDER.index(item.direction)] = 1.0
        if item.danger:
            urgency[row, 0 if item.urgency is Urgency.EMERGENCY else 1] = 1.0
            explicit[row, EXPLICIT.index(item.kind)] = 1.0
    return {
        "intent": Targets(intents, intent),
        "direction": Targets(tuple(ORDER), direction),
        "danger": Targets(dangers, danger),
        "urgency": Targets(URGENCIES, urgency),
        "explicit": Targets(EXPLICIT, explicit),
    }
