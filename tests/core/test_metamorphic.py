"""Metamorphic rules on `is_it_cheating`, outside of danger: what may change when a message is turned round."""

from __future__ import annotations

import re

import pytest

from bot.content.paths import content_root, sentences_root
from bot.content.sentences import load_sentences
from bot.content.taxonomy import load_taxonomy
from bot.core.engine import Engine
from bot.core.values import Action, Direction

_GENDER = {
    "he": "she", "she": "he", "husband": "wife", "wife": "husband", "boyfriend": "girlfriend",
    "girlfriend": "boyfriend", "bf": "gf", "gf": "bf", "himself": "herself", "herself": "himself", "man": "woman",
    "woman": "man", "guy": "girl", "girl": "guy",
}  # fmt: skip
PAIRS = [
    ("is it cheating if i text my ex", "is it cheating if he texts his ex"),
    ("i keep liking her pictures, is that bad", "he keeps liking her pictures, is that bad"),
    ("i deleted the messages from my coworker", "he deleted the messages from his coworker"),
    ("i have a profile on tinder just to look", "he has a profile on tinder just to look"),
    ("i flirted with someone at the party", "she flirted with someone at the party"),
    ("i told people i was single on the work trip", "he told people he was single on the work trip"),
    ("i lied about where i was last night", "she lied about where she was last night"),
    ("i send money to a girl he does not know about", "he sends money to a girl i do not know about"),
    ("i tell my female friend about our marriage problems", "he tells his female friend about our marriage problems"),
    ("i secretly watch porn, is that cheating", "he secretly watches porn, is that cheating"),
    ("i have a crush on someone at the gym", "he has a crush on someone at the gym"),
    ("i look at my ex's instagram every day", "he looks at his ex's instagram every day"),
    ("i have been talking to an ai girlfriend", "he has been talking to an ai girlfriend"),
    ("i call my colleague my work wife", "he calls his colleague his work wife"),
    ("i met up with my ex without telling him", "he met up with his ex without telling me"),
]  # fmt: skip


def _swap_gender(text: str) -> str:
    return re.sub(r"[a-z]+", lambda m: _GENDER.get(m.group(), m.group()), text.lower())


def test_swapping_gender_changes_nothing(engine: Engine) -> None:
    """For every test sentence of the group: the same action, intent, confidence and direction."""
    taxonomy, _ = load_taxonomy(content_root())
    sentences, _ = load_sentences(sentences_root(), taxonomy)
    tried = 0
    for sentence in sentences:
        swapped = _swap_gender(sentence.text)
        if taxonomy.group_of(sentence.intent) != "is_it_cheating" or swapped == sentence.text.lower():
            continue
        if re.search(r"\b(lesbian|gay|bi|same sex|im a|i'm a|i am a)\b", swapped):
            continue  # naming one's own gender beside the partner's says something new
        one, two = engine.decide(sentence.text.lower()), engine.decide(swapped)
        assert (one.action, one.intent, one.direction, one.alternatives) == (
            two.action, two.intent, two.direction, two.alternatives,
        ), sentence.text  # fmt: skip
        tried += 1
    assert tried > 100


@pytest.mark.parametrize(("mine", "theirs"), PAIRS)
def test_swapping_pronouns_swaps_the_direction_and_nothing_else(engine: Engine, mine: str, theirs: str) -> None:
    """The best intent stays; who did it turns round."""
    one, two = engine.decide(mine), engine.decide(theirs)
    assert Action.CARE not in {one.action, two.action}
    assert one.alternatives[0][0] == two.alternatives[0][0]
    assert one.direction is Direction.SELF
    assert two.direction is Direction.PARTNER


def test_asking_to_look_is_not_being_looked_at(engine: Engine) -> None:
    """ "Is it ok to check his phone" is not "he checks my phone"."""
    assert engine.decide("is it ok to check his phone").alternatives[0][0] == "checking_partners_phone"
    assert engine.decide("he checks my phone every night and gets angry").action is Action.CARE


def test_accusation_as_control_is_control(engine: Engine) -> None:
    """Not the FAQ entry that it resembles."""
    decision = engine.decide("he says liking a post is cheating and checks my phone")
    assert decision.action is Action.CARE
    assert decision.risk.categories[0] == "coercive_control"


def test_asking_how_to_spy_is_refused_kindly(engine: Engine) -> None:
    """From the "I do it" side; wanting certainty is another matter."""
    decision = engine.decide("how do i read her whatsapp without her knowing")
    assert decision.action is Action.CARE
    assert decision.risk.categories[0] == "stalking_harassment"
    assert decision.direction is Direction.SELF
    assert engine.decide("how can i know for sure if he is cheating").alternatives[0][0] == "how_to_find_out"
