"""Messages that lean on the last card."""

from __future__ import annotations

import pytest

from bot.core.engine import Engine
from bot.core.values import Action, Context, Direction

LAST = Context(node="texting_ex", direction=Direction.PARTNER)
ASKED = Context(node="care:suicide_self_harm", direction=Direction.SELF, asked_danger=True)
CHOICES = Context(choices=("flirting", "texting_someone", "close_friend"))


@pytest.mark.parametrize("text", ["yes", "yeah", "haan", "Yes.", "ji"])
def test_yes_to_a_danger_question_is_danger(engine: Engine, text: str) -> None:
    """A danger question first of all."""
    decision = engine.decide(text, ASKED)
    assert decision.action is Action.CARE
    assert decision.risk.explicit
    assert decision.risk.categories == ("suicide_self_harm",)


@pytest.mark.parametrize("text", ["no", "nope", "no, something else", "nahi"])
def test_no_to_a_danger_question_is_believed(engine: Engine, text: str) -> None:
    """It is not asked again."""
    assert engine.decide(text, ASKED).action is Action.UNSURE


@pytest.mark.parametrize(
    ("text", "intent"),
    [("the first one", "flirting"), ("2", "texting_someone"), ("third", "close_friend"),
     ("the last one", "close_friend"), ("no, the other one", "texting_someone")],
)  # fmt: skip
def test_a_choice_can_be_typed(engine: Engine, text: str, intent: str) -> None:
    """Not everybody presses buttons."""
    assert engine.decide(text, CHOICES).intent == intent


def test_the_other_side_can_be_asked_for(engine: Engine) -> None:
    """The same card, the other chair."""
    decision = engine.decide("what about me?", LAST)
    assert decision.intent == "texting_ex"
    assert decision.direction is Direction.SELF


def test_a_question_that_leans_is_read_with_the_last_card(engine: Engine) -> None:
    """ "Them" are the messages."""
    assert engine.decide("and if he deletes them?", LAST).intent == "deleting_messages"


def test_why_is_understood(engine: Engine) -> None:
    """After a card, not out of the blue."""
    assert engine.decide("why?", LAST).intent == "why_it_happens"


@pytest.mark.parametrize("text", ["yes", "why", "2", "no, the other one"])
def test_nothing_leans_on_nothing(engine: Engine, text: str) -> None:
    """Without a last card they are not guessed at."""
    assert engine.decide(text).action is not Action.CARE
    assert engine.decide(text).intent is None


def test_danger_leads_in_a_follow_up_too(engine: Engine) -> None:
    """Whatever the last card was."""
    assert engine.decide("and then he hit me", LAST).action is Action.CARE
