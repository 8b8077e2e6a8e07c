"""Who did it: the classifier's word, corrected where grammar is plain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.core.linear import Floats
from bot.core.values import Direction

ORDER = (Direction.SELF, Direction.PARTNER, Direction.OTHER, Direction.NONE)
"""the labels of the `direction` head"""
_FIRST = frozenset({"i", "me", "my", "myself", "mine", "we", "us", "our"})
_THIRD = frozenset(
    {
        "he",
        "his",
        "himself",
        "they",
        "them",
        "their",
        "spouse",
        "boyfriend",
        "partner",
        "fiance",
        "husband",
        "wife",
        "girlfriend",
        "she",
        "her",
    }
)
_OTHERS = frozenset(
    {"friend", "sibling", "cousin", "colleague", "neighbour", "brother", "sister", "flatmate", "housemate"}
)


def read_direction(tokens: Sequence[str], scores: Floats) -> Direction:
    """Return who does the thing the message is about; `scores` are the logits of the `direction` head in ORDER."""
    words = set(tokens)
    adjusted = np.array(scores, dtype=np.float32)
    first, third, others = bool(words & _FIRST), bool(words & _THIRD), bool(words & _OTHERS)
    if not first and not third and not others:
        adjusted[3] += 2.0  # nobody is named: a general question
    if not third and not others:
        adjusted[1] -= 1.0
        adjusted[0] += 0.5 if first else 0.0
    elif third and not first:
        adjusted[1] += 0.5
    return ORDER[int(np.argmax(adjusted))]
