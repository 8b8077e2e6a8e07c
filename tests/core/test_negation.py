"""Denied deeds."""

from __future__ import annotations

import pytest

from bot.core.negation import mark_negated


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("he has never hit me", "he has never not_hit me"),
        ("he never even once hit me", "he never even once not_hit me"),
        ("he would not stop hitting me", "he would not stop hitting me"),
        ("do not tell me he hit you", "do not tell me he hit you"),
    ],
)
def test_only_a_deed_right_after_the_negation_is_denied(text: str, wanted: str) -> None:
    """Anything between may turn the meaning round."""
    assert " ".join(mark_negated(tuple(text.split()))) == wanted
