"""A message as hashed, weighted features: words, word pairs, characters within words, stems and sounds."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.core.fold import sound_key, stem
from bot.core.patterns import NEGATIONS

FAMILIES = ("word", "bigram", "char", "stem", "pair", "skip")
"""one block each; every block is scaled to unit length and then weighted"""
WEIGHTS = np.array([1.0, 0.9, 1.0, 0.8, 0.8, 0.6], dtype=np.float32)
_PAIR_WINDOW = 6
_NEGATION_REACH = 3
_FAMILY_BITS = 3
_MASK = (1 << 29) - 1
# Words that carry grammar rather than topic; left out of the pairs only.
STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "and",
        "or",
        "but",
        "so",
        "if",
        "is",
        "am",
        "are",
        "was",
        "were",
        "be",
        "been",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "it",
        "this",
        "that",
        "with",
        "as",
        "by",
        "from",
        "not",
        "i",
        "you",
        "my",
        "me",
        "your",
        "we",
        "our",
        "us",
        "they",
        "them",
        "their",
        "he",
        "his",
        "just",
        "very",
        "really",
        "too",
        "also",
        "then",
        "there",
    ]
)


def _hash(family: int, text: str) -> int:
    """Return the feature id: 29 bits of CRC-32 and the family in the low bits."""
    return ((zlib.crc32(text.encode()) & _MASK) << _FAMILY_BITS) | family


@lru_cache(maxsize=8192)
def _of_word(word: str) -> tuple[int, ...]:
    """Return the ids that one word gives alone: itself, its characters (2 to 5), its stem, its sound."""
    ids = [_hash(0, word), _hash(3, "s" + stem(word)), _hash(3, "k" + sound_key(word))]
    padded = f"<{word[:24]}>"
    for size in (2, 3, 4, 5):
        ids.extend(_hash(2, padded[i : i + size]) for i in range(len(padded) - size + 1))
    return tuple(ids)


@lru_cache(maxsize=16384)
def _of_two(family: int, first: str, second: str) -> int:
    return _hash(family, f"{first} {second}")


def extract(tokens: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return (ids, counts) of the message's features, ids unique and sorted; counts damped as 1 + ln(n)."""
    ids: list[int] = []
    for word in tokens:
        ids.extend(_of_word(word))
    ids.extend(_of_two(1, a, b) for a, b in pairwise(tokens))
    ids.extend(_of_two(5, a, c) for a, c in zip(tokens, tokens[2:], strict=False))
    for i, word in enumerate(tokens):
        if word in NEGATIONS:
            # "he never hit me" must not look like "he hit me": the next words are also seen as negated.
            ids.extend(_of_two(5, "not", after) for after in tokens[i + 1 : i + 1 + _NEGATION_REACH])
    content = [stem(t) for t in tokens if t not in STOP]
    for i, a in enumerate(content):
        ids.extend(_of_two(4, a, b) if a < b else _of_two(4, b, a) for b in content[i + 1 : i + 1 + _PAIR_WINDOW])
    if not ids:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    unique, counts = np.unique(np.array(ids, dtype=np.int64), return_counts=True)
    return unique, (1.0 + np.log(counts)).astype(np.float32)


@lru_cache(maxsize=1)
def _weights() -> NDArray[np.float32]:
    full = np.zeros(1 << _FAMILY_BITS, np.float32)
    full[: len(WEIGHTS)] = WEIGHTS
    return full


def scale(ids: NDArray[np.int64], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `values` with each family brought to unit length and its weight, the whole to unit length."""
    family = ids & ((1 << _FAMILY_BITS) - 1)
    norms = np.sqrt(np.bincount(family, weights=values * values, minlength=1 << _FAMILY_BITS)).astype(np.float32)
    norms[norms == 0] = 1.0
    scaled = values * (_weights() / norms)[family]
    total = float(np.sqrt(np.dot(scaled, scaled)))
    return np.asarray(scaled / total if total > 0 else scaled, dtype=np.float32)
