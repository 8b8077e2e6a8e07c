"""Denied deeds."""

from __future__ import annotations

import pytest

from bot.core.engine import Engine
from bot.core.negation import denies_act, mark_negated


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


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("he did not delete them", True),
        ("i never replied to his messages", True),
        ("he has not even texted his ex", True),
        ("he deletes them", False),
        ("i do not know if he deletes them", False),
        ("is it not okay to text", False),
        ("he would not stop texting", False),
    ],
)
def test_a_denied_act_is_told_from_a_done_one(text: str, denied: bool) -> None:
    """Not knowing, or not stopping, denies nothing."""
    assert denies_act(tuple(text.split())) is denied


def test_the_answer_changes_with_the_denial(engine: Engine) -> None:
    """ "He did not delete them" is not "he deletes them"."""
    assert engine.decide("he did not delete the messages from her").denied
    assert not engine.decide("he deletes the messages from her").denied
