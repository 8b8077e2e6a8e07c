"""Factual questions about danger: information is asked for, nobody is said to be in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.patterns import Pattern

_OWN = frozenset({"me", "my", "myself", "mine", "us", "our"})


@dataclass(frozen=True, slots=True)
class Facts:
    """How factual questions sound, and what each category is called."""

    asking: tuple[Pattern, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    """(term, category), longest term first"""


def asked_about(facts: Facts, tokens: Sequence[str]) -> str | None:
    """Return the danger category that a message asks to have explained, or None.

    Words of the first person make it no factual question: "is it abuse if he hits me" is about somebody. Where danger
    is heard as well ("what is grooming i am 13 and he is 30") that goes first: whoever calls this looks at it.
    """
    if not tokens or _OWN.intersection(tokens):
        return None
    line = " " + " ".join(tokens) + " "
    category = next((c for term, c in facts.terms if f" {term} " in line), None)
    if category is None or not any(p.regex.search(line) for p in facts.asking):
        return None
    return category
