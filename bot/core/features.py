"""A message as hashed, weighted features: words, word pairs, characters within words, stems and sounds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32 as _crc

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
_NOT = _crc(b"not ")
_TRUE = np.array([True])
Ids = NDArray[np.uint32]
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
    return ((_crc(text.encode()) & _MASK) << _FAMILY_BITS) | family


def _in_family(family: int, sums: list[int]) -> bytes:
    """Return the feature ids of many CRC-32 sums, as `_hash` makes them of one, as 32-bit values."""
    return ((np.array(sums, dtype=np.uint32) << np.uint32(_FAMILY_BITS)) | np.uint32(family)).tobytes()


@lru_cache(maxsize=8192)
def _of_word(word: str) -> bytes:
    """Return the ids that one word gives alone: itself, its characters (2 to 5), its stem, its sound; as 32-bit values.

    Bytes are the smallest of what a cache of thousands of words may hold, and are joined at once.
    """
    ids = [_hash(0, word), _hash(3, "s" + stem(word)), _hash(3, "k" + sound_key(word))]
    padded = f"<{word[:24]}>"
    for size in (2, 3, 4, 5):
        ids.extend(_hash(2, padded[i : i + size]) for i in range(len(padded) - size + 1))
    return np.array(ids, dtype=np.uint32).tobytes()


def extract(tokens: Sequence[str]) -> tuple[Ids, NDArray[np.float32]]:
    """Return (ids, counts) of the message's features, ids unique and sorted; counts damped as 1 + ln(n)."""
    words = [(t.encode(), _crc(t.encode() + b" ")) for t in tokens]
    pairs = [_crc(b, a) for (_, a), (b, _) in pairwise(words)]
    skips = [_crc(c, a) for (_, a), (c, _) in zip(words, words[2:], strict=False)]
    for i, word in enumerate(tokens):
        if word in NEGATIONS:
            # "he never hit me" must not look like "he hit me": the next words are also seen as negated.
            skips += [_crc(after, _NOT) for after, _ in words[i + 1 : i + 1 + _NEGATION_REACH]]
    content = [(s.encode(), _crc(s.encode() + b" ")) for s in [stem(t) for t in tokens if t not in STOP]]
    together = [
        _crc(b, first) if a < b else _crc(a, second)
        for i, (a, first) in enumerate(content)
        for b, second in content[i + 1 : i + 1 + _PAIR_WINDOW]
    ]
    families = [_in_family(1, pairs), _in_family(5, skips), _in_family(4, together)]
    ids = np.frombuffer(b"".join([*map(_of_word, tokens), *families]), np.uint32)
    if not len(ids):
        return ids, np.empty(0, np.float32)
    # What np.unique does, without its way there, which takes longer than the sorting of a few hundred.
    ids = np.sort(ids)
    first = np.flatnonzero(np.concatenate((_TRUE, ids[1:] != ids[:-1])))
    counts = np.concatenate((first[1:], [len(ids)])) - first
    return ids[first], (1.0 + np.log(counts)).astype(np.float32)


def family_of(ids: Ids) -> NDArray[np.intp]:
    """Return the place in FAMILIES of each feature id."""
    return (ids & ((1 << _FAMILY_BITS) - 1)).astype(np.intp)


@lru_cache(maxsize=1)
def _weights() -> NDArray[np.float32]:
    full = np.zeros(1 << _FAMILY_BITS, np.float32)
    full[: len(WEIGHTS)] = WEIGHTS
    return full


def scale(ids: Ids, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `values` with each family brought to unit length and its weight, the whole to unit length."""
    family = family_of(ids)
    norms = np.sqrt(np.bincount(family, values * values, 1 << _FAMILY_BITS)).astype(np.float32)
    norms[norms == 0] = 1.0
    scaled = values * (_weights() / norms)[family]
    total = float(np.sqrt(np.dot(scaled, scaled)))
    return np.asarray(scaled / total if total > 0 else scaled, dtype=np.float32)
