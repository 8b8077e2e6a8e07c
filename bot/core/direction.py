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
_NO_DEED = frozenset(
    [
        "think", "feel", "know", "found", "find", "saw", "see", "caught", "suspect", "want", "am", "do", "was", "can",
        "noticed", "heard", "hate", "love", "need", "cannot", "could", "wish", "keep", "just", "asked", "told", "got",
        "have", "had", "would", "should", "will", "did", "read", "discovered", "forgave", "trust", "miss",
    ]
)  # fmt: skip
"""words after a first "i" that tell of no deed: they are mostly about what somebody else did"""


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
    if len(tokens) > 1 and tokens[0] == "i" and tokens[1] not in _NO_DEED:
        adjusted[0] += 1.3  # "i send money to ...": the deed is the writer's
    return ORDER[int(np.argmax(adjusted))]
