"""Misspelt words to known ones, with rapidfuzz; common English words are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

MIN_COUNT = 3
"""a word counts as known when the examples hold it this often, so that their own typos are repaired too"""
OUTNUMBERED = 20
"""a word that is another with two letters swapped, and as many times rarer, is that word misspelt, however often"""
_SHORT = 4
_LONG = 8
_MAX_WORD = 24


class Repairer:
    """Brings unknown words to the nearest known word by optimal string alignment distance (rapidfuzz)."""

    def __init__(self, counts: Mapping[str, int], protected: frozenset[str]) -> None:
        """Take how often each word stands in the examples, and the words never to be touched."""
        self._protected = protected
        self._counts = {w: n for w, n in counts.items() if w in protected or not _is_slip(w, n, counts, protected)}
        self._known = frozenset(self._counts)
        by_shape: dict[tuple[int, str], list[str]] = {}
        for word in sorted(self._counts):
            if len(word) >= _SHORT - 1 and word.isalpha():
                by_shape.setdefault((len(word), word[0]), []).append(word)
        self._by_shape = by_shape
        self._one = lru_cache(maxsize=8192)(self._nearest)

    def repair(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """Return `tokens` with each unknown word replaced by its nearest known one, where one is near enough."""
        return tuple(
            t if t in self._known or t in self._protected or len(t) < _SHORT or not t.isalpha() else self._one(t)
            for t in tokens
        )

    def _nearest(self, word: str) -> str:
        if len(word) > _MAX_WORD:
            return word
        limit = 1 if len(word) < _LONG - 2 else 2
        best: tuple[int, bool, int, str] | None = None
        letters = sorted(word)
        # A slip seldom hits the first letter, but for two swapped ones; such candidates count as one edit further away.
        for first in dict.fromkeys(word[:2]):
            for length in range(len(word) - limit, len(word) + limit + 1):
                choices = self._by_shape.get((length, first))
                if not choices:
                    continue
                for candidate, distance, _ in extract(
                    word, choices, scorer=OSA.distance, score_cutoff=limit, limit=5, processor=None
                ):
                    far = distance + (candidate[0] != word[0])
                    # Two letters swapped are the likeliest slip of all: "lfie" is life and not lie.
                    key = (far, sorted(candidate) != letters, -self._counts[candidate], candidate)
                    if far <= limit and (best is None or key < best):
                        best = key
        return best[3] if best is not None else word


def _is_slip(word: str, count: int, counts: Mapping[str, int], english: frozenset[str]) -> bool:
    """Tell whether `word` is a far commoner English one with two letters swapped."""
    if len(word) < _SHORT or not word.isalpha():
        return False
    swapped = (word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1))
    return any(w in english and counts.get(w, 0) >= OUTNUMBERED * count for w in swapped)


def count_words(token_lists: Iterable[Sequence[str]], min_count: int = MIN_COUNT) -> dict[str, int]:
    """Return the words that stand at least `min_count` times in the examples, with their counts."""
    counts: dict[str, int] = {}
    for tokens in token_lists:
        for token in tokens:
            counts[token] = counts.get(token, 0) + 1
    return {w: n for w, n in counts.items() if n >= min_count}
