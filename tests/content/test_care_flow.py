"""The care flow: what is reachable, for whom, and what happens when things break."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import DictLoader

from bot.content.answers import make_environment
from bot.content.catalogue import Catalogue
from bot.content.context import context_of_card
from bot.content.lines import Here, hours_text
from bot.content.places import zone_of
from bot.content.render import NOT_FOR_YOUNG, Renderer
from bot.content.reply import Reply, Target
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency
from bot.quality.wording import care_problems, load_wording, wording_problems

OBSTACLES = ("heard", "family", "bill", "language", "serious", "visa", "children", "police", "talk")


def _nodes(reply: Reply) -> set[str]:
    return {b.target.node for row in reply.rows for b in row if b.target is not None}


def _care(renderer: Renderer, category: str, direction: Direction, **more: bool) -> Reply:
    return renderer.care(Risk((category,), Urgency.EMERGENCY, True, direction, **more), Target(""))


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
    assert [b.target for row in renderer.static_care().rows for b in row] == [Target("tidy")]
    broken = make_environment({})
    broken.loader = DictLoader({})
    library = replace(catalogue.library, environment=broken)
    assert replace(renderer, catalogue=replace(catalogue, library=library)).static_care().html


def test_unknown_is_shown_as_unknown(renderer: Renderer) -> None:
    """The bill of most lines is not known, and the page says so."""
    assert "unknown" in renderer.page("call_bill").html


def test_a_card_tells_where_it_stands(renderer: Renderer) -> None:
    """One of its own buttons names it, so that a reply to it can be read with it."""
    for target in (Target("texting_ex", Direction.SELF), Target("care:domestic_abuse", Direction.PARTNER)):
        told = [context_of_card(b.target) for row in renderer.press(target).rows for b in row if b.target is not None]
        assert [(c.node, c.direction) for c in told if c is not None] == [(target.node, target.direction)]


def test_a_nation_of_the_uk_gets_its_own_line(renderer: Renderer) -> None:
    """Tapped, kept in the buttons, and others' lines are left out."""
    risk = Risk(("domestic_abuse",), Urgency.HIGH, True, Direction.PARTNER)
    card = renderer.care(risk, Target("", country="Gs"))
    assert card.html.splitlines()[2].startswith("Scotland, ")
    assert "England" not in card.html
    assert all(b.target.country == "Gs" for row in card.rows for b in row if b.target is not None)
    assert "Scotland" in {b.label for row in renderer.press(Target("where:care:domestic_abuse")).rows for b in row}


def test_at_night_a_silent_way_comes_first(catalogue: Catalogue) -> None:
    """In the reader's clock: two in the morning in London is morning in Delhi."""
    at_two = Renderer(catalogue, lambda: dt.datetime(2026, 1, 7, 2, tzinfo=dt.UTC))
    at_noon = Renderer(catalogue, lambda: dt.datetime(2026, 1, 7, 12, tzinfo=dt.UTC))
    risk = Risk(("suicide_self_harm",), Urgency.EMERGENCY, True, Direction.SELF)
    assert "by text message" in at_two.care(risk, Target("")).html.splitlines()[2]
    assert "116 123" in at_noon.care(risk, Target("")).html.splitlines()[2]
    assert Here("IN", dt.datetime(2026, 1, 7, 2, tzinfo=dt.UTC), zone_of("IN")).is_night is False


def test_a_closed_line_never_stands_alone(catalogue: Catalogue) -> None:
    """With its opening time in both clocks, and one that answers now beside it."""
    night = Renderer(catalogue, lambda: dt.datetime(2026, 1, 7, 2, tzinfo=dt.UTC))
    risk = Risk(("honour_based_abuse",), Urgency.HIGH, True, Direction.PARTNER)
    lines = night.care(risk, Target("")).html.splitlines()
    assert "opens at 09:00" in lines[2]
    assert "day and night" in lines[3]
    line = next(r for r in catalogue.resources.lines if r.id == "gb-karma-nirvana")
    texts = catalogue.library.texts
    here = Here("IN", dt.datetime(2026, 1, 7, 2, tzinfo=dt.UTC), zone_of("IN"))
    assert hours_text(line, here, texts) == ", closed now, opens at 09:00 (14:30 where you are)"


def test_all_that_is_known_of_a_line_is_a_press_away(renderer: Renderer) -> None:
    """What is not known says so."""
    listed = renderer.press(Target("lines:honour_based_abuse", Direction.PARTNER))
    assert "line:gb-karma-nirvana" in _nodes(listed)
    html = renderer.press(Target("line:gb-karma-nirvana")).html
    assert "On the phone bill: unknown" in html
    assert "Compiled from public sources on 2026-11-22" in html
    assert renderer.press(Target("line:gone")).node == "lines:any"


def test_care_needs_no_disk_once_loaded(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything was read at start."""

    def refuse(*_: object, **__: object) -> object:
        raise OSError("no disk")

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("io.open", refuse)
    monkeypatch.setattr("os.open", refuse)
    for category in CATEGORIES:
        assert "999" in _care(renderer, category, Direction.PARTNER).html


def test_care_is_seen_by_the_check_when_its_wording_breaks_a_rule(root: Path) -> None:
    """Each rule finds what it is there for, and lets a denial pass."""
    wording, problems = load_wording(root)
    assert not problems
    for text in (
        "You should leave tonight.",
        "Confront him with it.",
        "Try couple counselling first.",
        "Speak to your elders about it.",
        "It will not show on the bill.",
        "This is completely anonymous.",
        "Everyone gets angry.",
        "If they do not stop, confront them.",
        "You are not alone: leave him tonight.",
        "Delete everything before they see it.",
        "Pay them once.",
        "Warn the person who hurts them.",
        "Unka saamna karein.",
        "Buzurgon se baat karein.",
        "Sab kuch mita dein.",
        "Ghar abhi chhod dein.",
        "Zeher na piyein.",
    ):
        assert list(wording_problems(wording, text, care=True)), text
    assert not list(wording_problems(wording, "Please do not confront him. You need not leave.", care=True))
    assert not list(wording_problems(wording, "Unka saamna na karein, aur buzurgon ko na batayein.", care=True))
    assert list(wording_problems(wording, "A card.", care=True, limits=True))


def test_the_order_of_a_care_card_is_checked() -> None:
    """No digit in line 1, the emergency number with its country in line 2, no long list."""
    good = "A line.\nUK: <b>999</b> now\nUK, A: <b>116 123</b>\n\nWords."
    assert not list(care_problems(Reply(good), "999"))
    assert list(care_problems(Reply(good.replace("A line", "Line 1")), "999"))
    assert list(care_problems(Reply("A line.\nWords.\nUK: <b>999</b>"), "999"))
    assert list(care_problems(Reply(good + "\n<b>85258</b>\n<b>0800 1111</b>"), "999"))
