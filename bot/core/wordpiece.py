"""Clean words to the encoder's word pieces: greedy longest match (Wu et al. 2016, as in BERT)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

UNKNOWN, FIRST, LAST = "[UNK]", "[CLS]", "[SEP]"
_MAX_WORD = 100


class WordPieces:
    """The pieces of one vocabulary."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Take the vocabulary in the order of its ids."""
        self._ids: Mapping[str, int] = {piece: i for i, piece in enumerate(vocabulary)}
        self._unknown, self._first, self._last = (self._ids[p] for p in (UNKNOWN, FIRST, LAST))
        self._known: dict[str, tuple[int, ...]] = {}

    def encode(self, words: Sequence[str]) -> list[int]:
        """Return the ids of `words` (lower-case ASCII, digits, underscores), with the first and last marks."""
        ids = [self._first]
        for word in words:
            pieces = self._known.get(word)
            if pieces is None:
                pieces = self._split(word)
                if len(self._known) < 20_000:
                    self._known[word] = pieces
            ids.extend(pieces)
        ids.append(self._last)
        return ids

    def _split(self, word: str) -> tuple[int, ...]:
        out: list[int] = []
        for part in word.replace("_", " _ ").split():
            out.extend(self._greedy(part))
        return tuple(out)

    def _greedy(self, part: str) -> list[int]:
        if len(part) > _MAX_WORD:
            return [self._unknown]
        found: list[int] = []
        start = 0
        while start < len(part):
            end = len(part)
            while end > start:
                piece = self._ids.get(part[start:end] if start == 0 else "##" + part[start:end])
                if piece is not None:
                    break
                end -= 1
            if end == start:
                return [self._unknown]
            found.append(piece if piece is not None else self._unknown)
            start = end
        return found
