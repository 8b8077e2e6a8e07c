"""The whole pipeline on single messages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.engine import Engine
from bot.core.values import Action, Context, Direction, Urgency


def test_a_clear_question_is_answered(engine: Engine) -> None:
    """The question on the cover."""
    decision = engine.decide("is texting my ex micro-cheating?")
    assert decision.action is Action.ANSWER
    assert decision.intent == "texting_ex"
    assert len(decision.alternatives) == 5


def test_danger_comes_before_any_intent(engine: Engine) -> None:
    """Care leads even where a topic is named too."""
    decision = engine.decide("he texts his ex all day and last night he hit me, is that micro cheating?")
    assert decision.action is Action.CARE
    assert decision.risk.categories[0] == "domestic_abuse"
    assert decision.intent is None


@pytest.mark.parametrize(
    ("text", "direction"),
    [("he hit me last night", Direction.PARTNER), ("i hit her last night", Direction.SELF),
     ("i slapped my wife", Direction.SELF), ("my brother in law beats my sister", Direction.OTHER),
     ("maine biwi ko thappad mara", Direction.SELF), ("mera pati mujhe marta hai", Direction.PARTNER)],
)  # fmt: skip
def test_who_does_the_harm_is_told(engine: Engine, text: str, direction: Direction) -> None:
    """ "I hit her" must never get a victim's safety plan."""
    decision = engine.decide(text)
    assert decision.action is Action.CARE
    assert decision.direction is direction


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("i want to kill myself", "suicide_self_harm"),
        ("mujhe jeena nahi hai ab", "suicide_self_harm"),
        ("kms tonight", "suicide_self_harm"),
        ("they would all be better off without me", "suicide_self_harm"),
        ("she punches me when she is drunk", "domestic_abuse"),
        ("he checks my phone every night and tells me who i can see", "coercive_control"),
        ("my brothers will kill me if they find out about him", "honour_based_abuse"),
        ("my parents are forcing me to marry my cousin", "forced_marriage"),
        ("shaadi zabardasti karwa rahe hain", "forced_marriage"),
        ("he forced me to have sex", "sexual_violence"),
        ("he is threatening to send my pics to my dad", "image_abuse_blackmail"),
        ("my ex keeps following me home", "stalking_harassment"),
        ("how do i hack his whatsapp", "stalking_harassment"),
        ("i'm being forced to have sex and i'm only 12 years old", "child_safety"),
        ("i want to stab him", "harm_to_others"),
        ("मैं मरना चाहती हूँ", "suicide_self_harm"),
        ("میرا شوہر مجھے مارتا ہے", "domestic_abuse"),
    ],
)
def test_each_danger_is_recognised(engine: Engine, text: str, category: str) -> None:
    """In plain words, slang, Hinglish and native scripts."""
    assert category in engine.decide(text).risk.categories[:2]


@pytest.mark.parametrize(
    "text",
    ["this song is killing me", "i could murder a curry", "he has never hit me", "we hit it off straight away",
     "my phone died", "i'm dying to know if she likes me", "he hit the gym", "what is coercive control?"],
)  # fmt: skip
def test_idioms_negations_and_facts_are_no_danger(engine: Engine, text: str) -> None:
    """A false alarm costs trust."""
    assert engine.decide(text).action is not Action.CARE


@pytest.mark.parametrize("text", ["what's the capital of France", "asdkjh qwe", "🙂🙂🙂", "", "   ", "a" * 4096])
def test_what_is_not_ours_is_not_answered(engine: Engine, text: str) -> None:
    """It says so instead of guessing."""
    assert engine.decide(text).action in {Action.UNSURE, Action.CLARIFY}


@pytest.mark.parametrize(
    ("text", "young"),
    [("i am 15 and my boyfriend is 16", True), ("im 14f", True), ("i am in year 9", True),
     ("i am 28 and my wife is 27", False), ("we have been together 15 years", False),
     ("i was 15 when we met", False), ("my son is 12 years old", False), ("i am 12 weeks pregnant", False)],
)  # fmt: skip
def test_a_young_writer_is_noticed(engine: Engine, text: str, young: bool) -> None:
    """Their own age, nobody else's."""
    assert engine.decide(text).under_18 is young
    assert engine.decide("hello", Context(under_18=True)).under_18


def test_suicide_held_over_somebody_is_leverage(engine: Engine) -> None:
    """It has wording of its own."""
    decision = engine.decide("he says he'll kill himself if i leave")
    assert decision.risk.leverage
    assert decision.risk.urgency is Urgency.EMERGENCY


def test_further_questions_are_offered(engine: Engine) -> None:
    """The main one is answered, the others come as buttons."""
    decision = engine.decide("how do i rebuild trust after i messaged my ex? and where can i find a therapist near me?")
    assert {decision.intent, *decision.also} >= {"rebuild_trust", "find_therapist"}


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_gets_a_decision(text: str) -> None:
    """No input raises; probabilities are probabilities."""
    from bot.content.load import load_engine
    from bot.content.paths import content_root, default_data_dir

    global _engine
    if _engine is None:
        _engine = load_engine(content_root(), default_data_dir())
    decision = _engine.decide(text)
    assert 0.0 <= decision.confidence <= 1.0
    assert all(0.0 <= p <= 1.0 for _, p in decision.alternatives)


_engine: Engine | None = None
