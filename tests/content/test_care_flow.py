"""The care flow: what is reachable, for whom, and what happens when things break."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest
from jinja2 import DictLoader

from bot.content.answers import Library, make_environment
from bot.content.catalogue import Catalogue
from bot.content.context import context_of_card
from bot.content.render import NOT_FOR_YOUNG, Renderer
from bot.content.reply import Reply, Target
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency

FORBIDDEN = re.compile(
    r"just leave|leave (him|her|them) (now|tonight)|confront (him|her|them) (with|about)|"
    r"go through (his|her|their) phone|"
    r"couple counselling (can|may|will) help|tell (your|the) (family|parents|elders|imam)",
    flags=re.I,
)
METHODS = re.compile(r"\b(pills?|rope|blade|razor|overdose|hang(ing)?|bridge|bleach|paracetamol)\b", flags=re.I)
OBSTACLES = ("heard", "family", "bill", "language", "serious", "visa", "children", "police", "talk")


def _nodes(reply: Reply) -> set[str]:
    return {b.target.node for row in reply.rows for b in row if b.target is not None}


def _care(renderer: Renderer, category: str, direction: Direction, **more: bool) -> Reply:
    return renderer.care(Risk((category,), Urgency.EMERGENCY, True, direction, **more), Target(""))


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("direction", [Direction.SELF, Direction.PARTNER, Direction.OTHER])
def test_wording_rules_that_can_be_enforced_are(renderer: Renderer, category: str, direction: Direction) -> None:
    """No confronting, no "just leave", no couple work, no relatives, no method words; a bot does not watch."""
    html = _care(renderer, category, direction).html
    assert not FORBIDDEN.search(html)
    assert not METHODS.search(html)
    assert "Nobody watches this chat" in html


def test_leverage_has_wording_of_its_own(renderer: Renderer) -> None:
    """Somebody else's life is not the reader's to hold alone."""
    html = _care(renderer, "suicide_self_harm", Direction.PARTNER, leverage=True).html
    assert "you are carrying something" in html


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_makes_it_hard_to_call_is_two_presses_away(renderer: Renderer, obstacle: str) -> None:
    """From the card to the worry."""
    card = _care(renderer, "domestic_abuse", Direction.PARTNER)
    assert "page:hard_to_call" in _nodes(card)
    assert f"page:call_{obstacle}" in _nodes(renderer.press(Target("page:hard_to_call")))


def test_the_therapy_finder_is_near_every_answer(renderer: Renderer) -> None:
    """Answer, talk to a person, finder."""
    for intent in renderer.catalogue.taxonomy.intents:
        assert "talk_to_a_person" in _nodes(renderer.press(Target(intent))) or intent == "talk_to_a_person"
    assert "page:finder" in _nodes(renderer.press(Target("talk_to_a_person")))


@pytest.mark.parametrize("intent", sorted(NOT_FOR_YOUNG))
def test_a_young_reader_gets_no_sexual_content(renderer: Renderer, intent: str) -> None:
    """But the page made for young people, by text and by button."""
    decision = Decision(Action.ANSWER, intent, 0.9, ((intent, 0.9),), under_18=True)
    assert "Childline" in renderer.decide(decision, Context()).html
    assert "Childline" in renderer.press(Target(intent, under_18=True)).html


def test_a_broken_clock_does_not_stop_care(catalogue: Catalogue) -> None:
    """Numbers are shown all the same."""

    def broken() -> dt.datetime:
        raise OSError("no clock")

    reply = Renderer(catalogue, broken).care(Risk(("domestic_abuse",), Urgency.HIGH), Target(""))
    assert "999" in reply.html


def test_a_broken_template_leaves_the_static_card(catalogue: Catalogue) -> None:
    """It was made at start and needs nothing."""
    from bot.content.clock import make_renderer

    renderer = make_renderer("GB", None, catalogue)
    assert "999" in renderer.static_care().html
    assert "116 123" in renderer.static_care().html
    broken = make_environment({})
    broken.loader = DictLoader({})
    library = Library(catalogue.library.cards, catalogue.library.texts, broken)
    assert replace(renderer, catalogue=replace(catalogue, library=library)).static_care().html


def test_unknown_is_shown_as_unknown(renderer: Renderer) -> None:
    """The bill of most lines is not known, and the page says so."""
    assert "unknown" in renderer.page("call_bill").html


def test_a_card_tells_where_it_stands(renderer: Renderer) -> None:
    """One of its own buttons names it, so that a reply to it can be read with it."""
    for target in (Target("texting_ex", Direction.SELF), Target("care:domestic_abuse", Direction.PARTNER)):
        told = [context_of_card(b.target) for row in renderer.press(target).rows for b in row if b.target is not None]
        assert [(c.node, c.direction) for c in told if c is not None] == [(target.node, target.direction)]
