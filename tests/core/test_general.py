"""What may be answered where others read: questions about nobody in particular, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content.identity import load_identifier
from bot.core.engine import Engine
from bot.core.general import is_general
from bot.core.identify import Identifier


@pytest.fixture(scope="module")
def identifier(root: Path, engine: Engine) -> Identifier:
    """Return what finds names."""
    return load_identifier(root, engine.lexicon)


@pytest.mark.parametrize(
    "text",
    [
        "what is micro-cheating?",
        "What Is Micro-Cheating",
        "is texting an ex cheating",
        "is liking photos micro-cheating?",
        "is it cheating if you are married and on tinder",
        "how to set boundaries",
        "what is the difference between privacy and secrecy",
        "micro-cheating kya hai",
        "माइक्रो चीटिंग क्या है",
    ],
)
def test_nobody_in_particular(engine: Engine, identifier: Identifier, text: str) -> None:
    """As one reads it in a magazine."""
    assert is_general(text, engine.decide(text), identifier)


@pytest.mark.parametrize(
    "text",
    [
        "is texting my ex micro-cheating?",
        "is it cheating if Imran likes photos of Sana",
        "did priya micro-cheat by liking photos",
        "is following an ex micro-cheating in Bradford",
        "partner likes photos of a coworker, is that micro-cheating",
        "is liking photos micro-cheating, bhabhi says",
        "they\u2019ve been texting, is that micro-cheating",
        "i'd like to know if texting an ex is cheating",
        "is texting an ex cheating? (mine)",
        "mujhse jhooth bola, kya yeh cheating hai",
        "मुझसे झूठ बोला, क्या यह चीटिंग है",
        "is liking photos micro-cheating? write me at @sana_92",
    ],
)
def test_somebody_in_particular(engine: Engine, identifier: Identifier, text: str) -> None:
    """By a pronoun, a relation, a name, a place, an account; with and without capitals, signs and script."""
    assert not is_general(text, engine.decide(text), identifier)


@pytest.mark.parametrize("text", ["he hit me last night", "i am 14", "what", "zzzz"])
def test_what_is_unclear_or_no_question_for_a_group(engine: Engine, identifier: Identifier, text: str) -> None:
    """Danger, the young, and what was not understood."""
    assert not is_general(text, engine.decide(text), identifier)
