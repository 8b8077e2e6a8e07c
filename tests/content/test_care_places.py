"""Care cards wherever and however they are read: every place, direction and script, and readers under eighteen."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest

from bot.content.catalogue import Catalogue
from bot.content.clock import make_renderer
from bot.content.places import PLACES, split_place
from bot.content.render import NOT_FOR_YOUNG, Renderer
from bot.content.reply import Reply, Target
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency
from bot.quality.wording import care_problems

NOON = dt.datetime(2026, 1, 7, 12, tzinfo=dt.UTC)


def card(renderer: Renderer, category: str, direction: Direction, place: str | None = None, **more: object) -> Reply:
    """Return the card of a danger named outright."""
    risk = Risk((category,), Urgency.HIGH, True, direction)
    return renderer.care(risk, replace(Target("", country=place), **more))  # type: ignore[arg-type]


def nodes(reply: Reply) -> list[str]:
    """Return where the buttons lead."""
    return [b.target.node for row in reply.rows for b in row if b.target is not None]


@pytest.mark.parametrize("place", sorted(PLACES))
@pytest.mark.parametrize("lang", ["en", "hi-Latn"])
def test_every_card_holds_in_every_place(catalogue: Catalogue, place: str, lang: str) -> None:
    """Its emergency number first, no number of another country, no line spoken of that is not there."""
    renderer = Renderer(catalogue, lambda: NOON).speaking(lang)
    country = split_place(place)[0]
    foreign = {c.number for r in catalogue.resources.lines for c in r.contacts
               if r.country not in {country, "INT"} and len(c.number) > 5 and c.way != "chat"}  # fmt: skip
    emergency = catalogue.resources.emergency(place)
    assert emergency is not None
    number = emergency.contacts[0].number
    for category in CATEGORIES:
        for direction in Direction:
            reply = card(renderer, category, direction, place)
            assert not list(care_problems(reply, number)), (category, direction)
            assert not [n for n in foreign if n in reply.html], (category, direction)
            assert country in {"GB", "AE"} or "999" not in reply.html or number != "112" or country == "IE"
            if len([line for line in reply.html.split("\n\n")[0].splitlines() if "<b>" in line]) == 1:
                assert not re.search("line above|upar (di gayi|ki) (pehli )?(help )?line", reply.html, re.I), (
                    category,
                    direction,
                )
                assert "findahelpline.com" in str(reply.rows), (category, direction)


def test_a_line_for_another_danger_is_not_praised(catalogue: Catalogue) -> None:
    """Whoever hurts a partner in the USA is shown who listens, and not told that they help with that."""
    html = card(Renderer(catalogue, lambda: NOON), "domestic_abuse", Direction.SELF, "US").html
    assert "988" in html
    assert "help line above" not in html
    assert "help line above" in card(Renderer(catalogue, lambda: NOON), "domestic_abuse", Direction.SELF).html


def test_the_emergency_number_can_be_copied_beside_elsewhere(renderer: Renderer) -> None:
    """Also on a card with a pair."""
    rows = card(renderer, "domestic_abuse", Direction.PARTNER).rows
    assert [b.copy for b in rows[0]] == ["999", None]
    assert rows[0][1].target is not None
    assert rows[0][1].target.node == "where:care:domestic_abuse"
    assert len([b for row in rows for b in row if b.copy]) == 3


@pytest.mark.parametrize("category", ["suicide_self_harm", "harm_to_others"])
def test_a_danger_of_nobody_named_is_the_readers_own(renderer: Renderer, category: str) -> None:
    """An old button that tells no direction does not speak of somebody else's threats."""
    told = renderer.press(Target(f"care:{category}")).html
    assert told == renderer.press(Target(f"care:{category}", Direction.SELF)).html


def test_who_may_harm_a_child_gets_no_line_for_children(renderer: Renderer) -> None:
    """An adult in that place must not ring the line for the young; a child is shown it."""
    assert "Childline" not in card(renderer, "child_safety", Direction.SELF).html
    assert "Childline" in card(renderer, "child_safety", Direction.PARTNER).html
    assert "Childline" in card(renderer, "child_safety", Direction.SELF, under_18=True).html


def test_who_does_the_harm_gets_no_safety_plan(renderer: Renderer) -> None:
    """On no card, and not behind the button for right now either."""
    plan = "papers|keys, |move towards a door|press 55|wait for a safe"
    for category in CATEGORIES:
        assert not re.search(plan, card(renderer, category, Direction.SELF).html), category
    assert "move towards a door" in renderer.press(Target("page:right_now", Direction.PARTNER)).html
    assert not re.search(plan, renderer.press(Target("page:right_now", Direction.SELF)).html)


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_choices_stand_on_every_card(renderer: Renderer, category: str) -> None:
    """A person, something for right now, what makes it hard to call, keep talking."""
    for direction in Direction:
        told = nodes(card(renderer, category, direction))
        for node in (f"lines:{category}", "page:right_now", "page:hard_to_call", f"topics:care:{category}"):
            assert node in told, (node, direction)


def test_a_hint_is_asked_about_in_one_line(renderer: Renderer) -> None:
    """The number stands there already; what to do comes with the yes. Danger of now waits for no answer."""
    hint = Risk(("coercive_control",), Urgency.HIGH, False, Direction.PARTNER)
    asked = renderer.care(hint, Target(""))
    parts = asked.html.split("\n\n")
    assert len(parts) == 3
    assert "999" in parts[0]
    assert "Is that what you mean?" in parts[1]
    assert "\n" not in parts[1]
    yes, no = asked.rows[0]
    assert yes.target is not None
    assert no.target is not None
    assert "coercive control" in renderer.press(yes.target).html
    assert no.target.node == "topics"
    assert "•" in renderer.care(replace(hint, urgency=Urgency.EMERGENCY), Target("")).html


@pytest.mark.parametrize("lang", ["hi", "ur", "pa", "bn", "gu", "pa-Latn", "bn-Latn", "gu-Latn"])
def test_the_readers_script_stays_after_a_press(catalogue: Catalogue, lang: str) -> None:
    """With the number's country by its name there, also when another country was tapped."""
    renderer = Renderer(catalogue, lambda: NOON)
    risk = Risk(("domestic_abuse",), Urgency.HIGH, True, Direction.PARTNER)
    decision = Decision(Action.CARE, None, 0.9, (), risk=risk, lang=lang)
    reply = renderer.decide(decision, Context())
    own = catalogue.native[lang]
    assert reply.html.splitlines()[0] == own["first"]
    assert own["places"].get("GB", "UK") in reply.html.splitlines()[1]
    where = next(b.target for row in reply.rows for b in row if b.target and b.target.node.startswith("where:"))
    india = next(b.target for row in renderer.press(where).rows for b in row if b.target and b.target.country == "IN")
    lines = renderer.press(india).html.splitlines()
    assert lines[0] == own["first"]
    assert own["places"].get("IN", "India") in lines[1]
    assert "112" in lines[1]
    assert lines[4].startswith("India: <b>112</b>")


def test_letters_of_languages_are_told_apart(catalogue: Catalogue) -> None:
    """A button has one letter for each."""
    assert len(set(catalogue.letters.values())) == len(catalogue.letters) == len(catalogue.native) + 1


def test_what_a_card_in_roman_hindi_says_first_is_said_once(renderer: Renderer) -> None:
    """Its number has the English beside it, since no native speaker has read it."""
    decision = Decision(
        Action.CARE,
        None,
        0.9,
        (),
        risk=Risk(("domestic_abuse",), Urgency.HIGH, True, Direction.PARTNER),
        lang="hi-Latn",
    )
    html = renderer.decide(decision, Context()).html
    assert html.count("Accha hua") == 1
    assert "(if there is danger right now)" in html.splitlines()[1]


@pytest.mark.parametrize("action", [Action.ANSWER, Action.CLARIFY, Action.UNSURE])
def test_a_young_reader_is_led_to_their_page_from_everywhere(renderer: Renderer, action: Action) -> None:
    """And is offered nothing that touches on sex, by text or by button, in this message or a later one."""
    choices = ("porn_and_onlyfans", "dating_apps", "flirting")
    guesses = tuple((c, 0.3) for c in choices)
    decision = Decision(action, "flirting" if action is Action.ANSWER else None, 0.4, guesses, choices=choices)
    for context, told in ((Context(under_18=True), decision), (Context(), replace(decision, under_18=True))):
        reply = renderer.decide(told, context)
        assert "page:young" in nodes(reply)
        assert not NOT_FOR_YOUNG & set(nodes(reply))
    for node in ("group:is_it_cheating", "group:i_did_it", "lines:any"):
        reply = renderer.press(Target(node, under_18=True))
        assert not NOT_FOR_YOUNG & set(nodes(reply))
    assert "Childline" in renderer.press(Target("lines:any", under_18=True)).html
    assert "porn_and_onlyfans" in nodes(renderer.press(Target("group:is_it_cheating")))


def test_the_page_for_the_young_names_the_line_of_their_country(renderer: Renderer) -> None:
    """Or a list by country where none is checked; never a number that cannot be rung there."""
    assert "0800 1111" in renderer.press(Target("page:young")).html
    assert "1800 55 1800" in renderer.press(Target("page:young", country="AU")).html
    india = renderer.press(Target("page:young", country="IN")).html
    assert "0800" not in india
    assert "India: <b>112</b>" in india


def test_pages_elsewhere_put_the_own_emergency_number_first(renderer: Renderer) -> None:
    """And no number of the UK but its emergency number, which is named as that."""
    for page in ("call_serious", "call_talk", "call_bill", "afraid"):
        html = renderer.press(Target(f"page:{page}", country="IN")).html
        assert html.split("\n\n")[1].startswith("India: <b>112</b>"), page
        assert not re.search(r"0800|116 123|85258|0808", html), page
    assert "India" not in renderer.press(Target("page:call_serious")).html


def test_the_last_resort_is_that_of_the_operators_country(catalogue: Catalogue) -> None:
    """Numbers of the UK are of no use in the USA."""
    usa = make_renderer("US", None, catalogue).static_care().html
    assert "USA: 911" in usa
    assert "988" in usa
    assert "999" not in usa
    assert "press 55" in make_renderer("GB", None, catalogue).static_care().html
    assert "USA: 911" in make_renderer("US", None, catalogue).say("error").html


def test_new_zealand_pairs_the_line_for_women_with_one_for_anybody(renderer: Renderer) -> None:
    """A man there is not left without one; and the silent way to call is that of the country."""
    html = card(renderer, "domestic_abuse", Direction.PARTNER, "NZ").html
    assert "(for women): <b>0800 733 843</b>" in html
    assert "Shine Helpline: <b>0508 744 633</b>" in html
    assert "ring 111, stay silent, and press 55" in html
