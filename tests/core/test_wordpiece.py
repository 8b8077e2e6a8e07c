"""Words to pieces."""

from __future__ import annotations

from bot.core.wordpiece import WordPieces

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##likely", "##ly", "not", "_", "hit", "a"]


def test_the_longest_piece_wins() -> None:
    """Then the rest of the word, marked as a rest."""
    assert WordPieces(VOCABULARY).encode(["unlikely", "a", "unly"]) == [2, 4, 5, 10, 4, 6, 3]


def test_a_denied_deed_is_three_words() -> None:
    """As the encoder was trained on it."""
    assert WordPieces(VOCABULARY).encode(["not_hit"]) == [2, 7, 8, 9, 3]


def test_what_cannot_be_split_is_unknown() -> None:
    """One mark for the whole word."""
    assert WordPieces(VOCABULARY).encode(["zzz", "a" * 200]) == [2, 1, 1, 3]
