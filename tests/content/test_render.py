"""Cards as shown."""

from __future__ import annotations

import datetime as dt
import re
from collections import deque

import pytest

from bot.content.catalogue import Catalogue
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.core.engine import Engine
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency
from bot.tg.payload import Signer

SIGNER = Signer((b"k" * 32,))


def test_no_button_leads_nowhere(renderer: Renderer) -> None:
    """From /start every button of every card answers, fits Telegram's 64 bytes, and people are two presses away."""
    seen: set[Target] = set()
    waiting = deque([Target("page:start")])
    while waiting:
        target = waiting.popleft()
        if target in seen or target.country not in {None, "PK"}:
            continue
        seen.add(target)
        reply = renderer.press(target)
        assert reply.rows, target
        for row in reply.rows:
            for button in row:
                assert sum(x is not None for x in (button.target, button.url, button.copy)) == 1
                if button.target is not None:
                    assert SIGNER.unpack(SIGNER.pack(button.target, 29_000_000)) == button.target
                    waiting.append(button.target)
    assert {t.node for t in seen} >= set(renderer.catalogue.taxonomy.intents)


def _labels(reply: Reply) -> list[str]:
    return [b.label for row in reply.rows for b in row]


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("direction", [Direction.SELF, Direction.PARTNER, Direction.OTHER])
def test_a_care_card_is_discreet_first_and_helpful_second(
    renderer: Renderer, category: str, direction: Direction
) -> None:
    """Line 1 has no digit and gives nothing away; line 2 is a number with its country."""
    reply = renderer.care(Risk((category,), Urgency.EMERGENCY, True, direction), Target(""))
    first, second = reply.html.splitlines()[:2]
    assert not re.search(r"\d|abuse|suicid|rape|violen|help ?line", first, flags=re.I)
    assert second.startswith("UK: <b>999</b>")
    assert reply.care
    assert "I am not in UK" in _labels(reply)


def test_who_hurts_gets_no_safety_plan(renderer: Renderer) -> None:
    """Perpetrator help, and nothing on keys, papers or leaving."""
    reply = renderer.care(Risk(("domestic_abuse",), Urgency.HIGH, True, Direction.SELF), Target(""))
    assert "Respect" in reply.html
    assert "papers" not in reply.html
    assert "Refuge" not in reply.html


def test_womens_and_mens_lines_are_a_pair(renderer: Renderer) -> None:
    """Neither has to look for theirs."""
    reply = renderer.care(Risk(("domestic_abuse",), Urgency.HIGH, True, Direction.PARTNER), Target(""))
    assert "for women" in reply.html
    assert "for men" in reply.html


def test_a_young_writer_is_led_to_young_peoples_help(renderer: Renderer) -> None:
    """Childline comes first."""
    reply = renderer.care(Risk(("child_safety",), Urgency.HIGH, True, Direction.PARTNER), Target("", under_18=True))
    assert "0800 1111" in reply.html


def test_a_country_without_checked_lines_gets_its_emergency_number(renderer: Renderer) -> None:
    """And the directory, not a guess."""
    reply = renderer.press(Target("lines:domestic_abuse", Direction.PARTNER, country="PK"))
    assert "<b>15</b>" in reply.html
    assert "findahelpline.com" in reply.html


def test_an_indirect_danger_is_asked_about(renderer: Renderer) -> None:
    """With the number already on screen."""
    reply = renderer.care(Risk(("suicide_self_harm",), Urgency.EMERGENCY, False, Direction.SELF), Target(""))
    assert "thinking of ending your life" in reply.html
    assert "116 123" in reply.html
    assert _labels(reply)[:2] == ["Yes, that is it", "No, something else"]


def test_a_line_past_its_check_is_hidden_but_never_the_first_crisis_line(catalogue: Catalogue) -> None:
    """Emergency numbers and one crisis line stay, and say when they were checked."""
    later = Renderer(catalogue, lambda: dt.datetime(2031, 1, 7, 12, tzinfo=dt.UTC))
    crisis = later.press(Target("lines:suicide_self_harm", Direction.SELF))
    assert "116 123" in crisis.html
    assert "last checked 2026-11-22" in crisis.html
    assert "0808 2000 247" not in later.press(Target("lines:domestic_abuse", Direction.PARTNER)).html


def test_a_closed_line_says_when_it_opens(catalogue: Catalogue) -> None:
    """In the line's own clock, and open ones stand before it."""
    night = Renderer(catalogue, lambda: dt.datetime(2026, 1, 7, 3, tzinfo=dt.UTC))
    html = night.press(Target("lines:honour_based_abuse", Direction.PARTNER)).html
    assert "opens 09:00" in html


@pytest.mark.parametrize("text", ["{{ 7 * 7 }}", "<b>bold", "</b></b>", "{% raw %}", "&lt;script&gt;", "a" * 4096])
def test_nothing_typed_is_ever_shown(engine: Engine, renderer: Renderer, text: str) -> None:
    """Replies are written beforehand, so nothing can be injected."""
    reply = renderer.decide(engine.decide(text), Context())
    assert "49" not in reply.html
    assert "script" not in reply.html
    assert text not in reply.html


def test_unknown_nodes_open_something_safe(renderer: Renderer) -> None:
    """Age never invalidates a button."""
    assert renderer.press(Target("care:gone")).care or "999" in renderer.press(Target("care:gone")).html
    assert renderer.press(Target("an_intent_that_is_gone")).node == "topics"
    assert renderer.press(Target("alt:zzzz")).rows


@pytest.mark.parametrize(("lang", "word"), [("hi", "आप"), ("ur", "آپ"), ("pa", "ਤੁਸੀਂ"), ("bn", "আপনি"), ("gu", "તમે")])
def test_a_care_card_speaks_the_readers_script_first(renderer: Renderer, lang: str, word: str) -> None:
    """Two lines and the number, the English below."""
    risk = Risk(("domestic_abuse",), Urgency.HIGH, True, Direction.PARTNER)
    lines = renderer.care(risk, Target(""), lang).html.splitlines()
    assert word in lines[0]
    assert not re.search(r"\d", lines[0])
    assert "999" in lines[1]
    assert "I am glad you wrote this" in lines[3]


def test_a_denial_is_heard_before_the_advice(renderer: Renderer) -> None:
    """Behind the neutral first line."""
    decision = Decision(Action.ANSWER, "deleting_messages", 0.9, (("deleting_messages", 0.9),), denied=True)
    lines = renderer.decide(decision, Context()).html.split("\n\n")
    assert "did <b>not</b> happen" in lines[1]
    assert "not" not in lines[0].split()
