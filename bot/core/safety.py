"""The danger channel: patterns and a small classifier over one message, separate from the matching of intents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.core.alarm import danger_signals
from bot.core.facts import Facts
from bot.core.linear import Floats, softmax
from bot.core.patterns import Pattern, find
from bot.core.values import Direction, Risk, Urgency

CATEGORIES = (
    "suicide_self_harm",
    "domestic_abuse",
    "coercive_control",
    "honour_based_abuse",
    "forced_marriage",
    "sexual_violence",
    "image_abuse_blackmail",
    "stalking_harassment",
    "child_safety",
    "harm_to_others",
)
NO_DANGER = "none"
_AROUND = 2
"""words on either side of a pattern that are read with it"""
_ENOUGH = 3
"""words that must be left beside an idiom to be judged at all"""
GRAVEST = "suicide_self_harm"
ALWAYS_EMERGENCY = frozenset({"suicide_self_harm", "harm_to_others"})
"""categories whose urgency in the taxonomy is `emergency` without a condition"""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the classifier alone is believed; set by `unspoken calibrate`, never by hand."""

    danger: float = 0.5
    """probability of danger from which a message is care"""
    gravest: float = 0.3
    """the same where the likeliest category is GRAVEST: a miss there costs most"""
    second: float = 0.2
    """probability from which a further category is named"""
    emergency: float = 0.5
    """probability of the class `emergency` from which the urgency is that"""


@dataclass(frozen=True, slots=True)
class SafetyRules:
    """The compiled patterns, by the words that can start them off."""

    patterns: tuple[Pattern, ...] = ()
    guards: tuple[Pattern, ...] = ()
    """idioms, films, songs, facts: a danger pattern inside a guard's span does not count"""
    emergency: tuple[Pattern, ...] = ()
    """words that make a danger one of now: weapon, strangling, tonight"""
    facts: Facts = field(default_factory=Facts)
    by_anchor: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    always: tuple[int, ...] = ()

    @classmethod
    def build(
        cls, patterns: Sequence[Pattern], guards: Sequence[Pattern], emergency: Sequence[Pattern], facts: Facts
    ) -> SafetyRules:
        """Index `patterns` by the words they need, so that a message tries only those whose words it holds."""
        index: dict[str, list[int]] = {}
        always: list[int] = []
        for i, pattern in enumerate(patterns):
            if not pattern.needs:
                always.append(i)
            for anchor in pattern.needs[0] if pattern.needs else ():
                index.setdefault(anchor, []).append(i)
        return cls(
            tuple(patterns),
            tuple(guards),
            tuple(emergency),
            facts,
            {k: tuple(v) for k, v in index.items()},
            tuple(always),
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """One pattern found in a message, and the words it covers."""

    pattern: Pattern
    start: int
    stop: int


_SUBJECTS = frozenset(
    {"i", "we", "main", "mai", "mein", "maine", "mene", "mainne", "ham", "hum", "hamne", "ami", "amra"}
)
_OBJECTS = frozenset({"me", "us", "mujhe", "mujhko", "mujh", "mainu", "menu", "hamen", "humein", "amake", "mane"})
"""the writer as the one who does, and as the one it is done to"""
_OWN_DEEDS = frozenset({GRAVEST, "harm_to_others"})
"""mostly told by the one who does it, who may ask for help without a word for themselves ("mujhe rok lo")"""


def match_rules(rules: SafetyRules, tokens: Sequence[str]) -> tuple[Hit, ...]:
    """Return every pattern that matches the message outside of a guard, in the order of the files."""
    words = set(tokens)
    tried = {i for w in words for i in rules.by_anchor.get(w, ())} | set(rules.always)
    if not tried:
        return ()
    line = " " + " ".join(tokens) + " "
    found: list[Hit] = []
    for i in sorted(tried):
        span = find(rules.patterns[i], line) if rules.patterns[i].may_match(words) else None
        if span is not None:
            start = line.count(" ", 0, span[0]) - 1
            found.append(Hit(rules.patterns[i], start, start + len(line[span[0] : span[1]].split())))
    if not found:
        return ()
    guarded = guarded_words(rules, tokens)
    return tuple(h for h in found if not any(h.start < stop and start < h.stop for start, stop in guarded))


def guarded_words(rules: SafetyRules, tokens: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the spans of words that are an idiom, a film, a game: (first, one past the last)."""
    words = set(tokens)
    line = " " + " ".join(tokens) + " "
    spans = [m.span() for g in rules.guards if g.may_match(words) for m in g.regex.finditer(line)]
    starts = [(line.count(" ", 0, a) - 1, len(line[a:b].split())) for a, b in spans]
    return tuple((start, start + size) for start, size in starts)


def danger_chance(
    rules: SafetyRules,
    tokens: Sequence[str],
    hits: Sequence[Hit],
    whole: float,
    chance_of: Callable[[Sequence[str]], float],
) -> float:
    """Return the probability 0..1 of danger: of the whole message, corrected by its parts.

    Where a pattern matched, the words around it count for themselves, so that a danger buried in a long message is not
    outvoted by the rest. What a guard covers is read away.
    """
    for hit in hits:
        around = tokens[max(0, hit.start - _AROUND) : hit.stop + _AROUND]
        if len(around) < len(tokens):
            whole = max(whole, chance_of(around))
    spans = guarded_words(rules, tokens)
    if spans and not hits:
        rest = [t for i, t in enumerate(tokens) if not any(start <= i < stop for start, stop in spans)]
        whole = min(whole, chance_of(rest) if len(rest) >= _ENOUGH else 0.0)
    return whole


def read_danger(
    rules: SafetyRules,
    tokens: Sequence[str],
    lexical: Mapping[str, Floats],
    semantic: Mapping[str, Floats] | None,
    chance_of: Callable[[Sequence[str]], float],
) -> tuple[tuple[Hit, ...], tuple[float, ...]]:
    """Return (patterns found, the values of `alarm.SIGNALS`) for one message.

    `lexical` and `semantic` are logits by head; `chance_of` gives the lexical probability of danger of a part.
    """
    found = match_rules(rules, tokens)
    whole = 1.0 - float(softmax(lexical["danger"])[-1])
    corrected = danger_chance(rules, tokens, found, whole, chance_of)
    named = any(hit.pattern.explicit for hit in found)
    return found, danger_signals(lexical, semantic, corrected=corrected, named=named)


def assess(
    rules: SafetyRules,
    tokens: Sequence[str],
    found: Sequence[Hit],
    chance: float,
    opinion: Callable[[str], Floats],
    thresholds: Thresholds,
) -> Risk:
    """Return the danger in one message.

    `found` are the patterns that matched, `chance` the probability 0..1 of danger (`alarm.Alarm`), `opinion` gives
    the logits of a head: `danger` (CATEGORIES and none), `urgency`, `explicit` and `direction`.
    """
    danger = softmax(opinion("danger"))
    hits = tuple(h.pattern for h in found)
    scores = {c: float(p) for c, p in zip(CATEGORIES, danger[:-1], strict=True)}
    for hit in hits:
        scores[hit.category] = scores.get(hit.category, 0.0) + 1.0
    ranked = sorted(scores, key=lambda c: (-scores[c], c))
    needed = thresholds.gravest if ranked[0] == GRAVEST else thresholds.danger
    if chance < needed and not any(h.sure for h in hits):
        return Risk(confidence=chance)
    categories = tuple(c for i, c in enumerate(ranked) if i == 0 or scores[c] >= thresholds.second)[:3]
    urgency = _urgency(rules, tokens, hits, categories, opinion("urgency"), thresholds)
    main = [h for h in hits if h.category == categories[0]]
    explicit = any(h.explicit for h in main) if main else float(softmax(opinion("explicit"))[0]) >= 0.5
    return Risk(
        categories=categories,
        urgency=urgency,
        explicit=explicit,
        direction=_direction(hits, categories[0], tokens, opinion("direction")),
        leverage=any(h.leverage for h in hits),
        confidence=chance,
    )


def _urgency(
    rules: SafetyRules,
    tokens: Sequence[str],
    hits: Sequence[Pattern],
    categories: Sequence[str],
    logits: Floats,
    thresholds: Thresholds,
) -> Urgency:
    if categories[0] in ALWAYS_EMERGENCY or any(h.urgency is Urgency.EMERGENCY for h in hits):
        return Urgency.EMERGENCY
    words = set(tokens)
    line = " " + " ".join(tokens) + " "
    if any(p.may_match(words) and find(p, line) for p in rules.emergency):
        return Urgency.EMERGENCY
    return Urgency.EMERGENCY if float(softmax(logits)[0]) >= thresholds.emergency else Urgency.HIGH


def _direction(hits: Sequence[Pattern], category: str, tokens: Sequence[str], logits: Floats) -> Direction:
    """Return who does the harm: the classifier's word among the roles that the patterns leave open.

    Whoever is threatened with another's suicide is the one it is done to. Where no pattern names a role, a writer who
    stands in the message only as the one it happens to ("mujhe", "me") is not the one who does it: nobody in danger may
    be given the card of those who harm.
    """
    threat = next((h.direction for h in hits if h.leverage), Direction.NONE)
    if threat is not Direction.NONE:
        return threat
    order = (Direction.SELF, Direction.PARTNER, Direction.OTHER)
    named = {h.direction for h in hits if h.category == category and h.direction is not Direction.NONE}
    roles = [d for d in order if not named or d in named]
    if (
        not named
        and category not in _OWN_DEEDS
        and not _SUBJECTS.intersection(tokens)
        and _OBJECTS.intersection(tokens)
    ):
        roles.remove(Direction.SELF)
    return max(roles, key=lambda d: float(logits[order.index(d)]))
