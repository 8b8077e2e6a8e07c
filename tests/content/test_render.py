"""Cards as shown."""

from __future__ import annotations

import datetime as dt
import re
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from bot.content.catalogue import Catalogue
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.core.engine import Engine
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency
from bot.quality.tone import load_tone
from bot.quality.wording import plain_text
from bot.tg.payload import Signer


def _seen_as(target: Target) -> Target:
    """Return a target without what changes no card but its way back."""
    return replace(target, back=None)


@pytest.fixture(scope="module")
def walked(catalogue: Catalogue) -> dict[Target, Reply]:
    """Return every card that can be reached from /start, in both countries tried, in every language."""
    renderer = Renderer(catalogue, lambda: dt.datetime(2026, 1, 7, 10, 30, tzinfo=dt.UTC))
    found: dict[Target, Reply] = {}
    starts = ("page:start", *(f"care:{c}" for c in CATEGORIES), *catalogue.taxonomy.intents)
    waiting = deque(
        Target(node, direction, lang=lang)
        for node in starts
        for direction in (Direction.SELF, Direction.PARTNER)
        for lang in catalogue.library.languages
    )
    while waiting:
        target = waiting.popleft()
        if _seen_as(target) in found or target.country not in {None, "PK"}:
            continue
        found[_seen_as(target)] = reply = renderer.press(target)
        waiting.extend(b.target for row in reply.rows for b in row if b.target is not None)
    return found


def test_no_button_leads_nowhere(walked: dict[Target, Reply], catalogue: Catalogue) -> None:
    """From /start every button of every card answers and comes back out of Telegram's 64 bytes as it went in."""
    signer = Signer((b"k" * 32,), {tag: lang.letter for tag, lang in catalogue.library.languages.items()})
    for target, reply in walked.items():
        assert reply.rows, target
        for row in reply.rows:
            assert len(row) <= 8
            for button in row:
                assert sum(x is not None for x in (button.target, button.url, button.copy)) == 1
                if button.copy is not None:
                    assert 0 < len(button.copy) <= 256
                if button.target is not None:
                    data = signer.pack(button.target, 60_000_000)
                    back = signer.unpack(data)
                    assert len(data.encode()) <= 64
                    assert back in {button.target, _seen_as(button.target)}
    assert {t.node for t in walked} >= set(catalogue.taxonomy.intents)


def test_a_card_with_a_number_can_be_copied_from(walked: dict[Target, Reply]) -> None:
    """Whatever holds a number of a help line is sent so that it can be marked and copied; answers are not."""
    number = re.compile(r"(?<!\d)(0\d[\d ]{7,}\d|116 123|999|85258)(?!\d)")
    holding = [reply for reply in walked.values() if number.search(reply.html)]
    assert len(holding) > 50
    assert all(reply.care for reply in holding)
    assert not any(reply.care for target, reply in walked.items() if target.node in {"texting_ex", "page:privacy"})


def test_a_first_line_gives_nothing_away(walked: dict[Target, Reply], root: Path, renderer: Renderer) -> None:
    """It is what the veil leaves open, and what a locked phone shows: all of it, not its beginning alone."""
    tone, problems = load_tone(root)
    assert not problems
    told = {reply.html.partition("\n")[0] for reply in walked.values()}
    told |= {renderer.speaking(lang).say("unsure").html.partition("\n")[0] for lang in ("en", "hi-Latn")}
    assert len(told) > 30
    words = [*tone.reveal.values(), re.compile(r"love|trust|loyal|pyar|bharos|wafadari", re.I)]
    assert [line for line in told if any(pattern.search(plain_text(line)) for pattern in words)] == []


def test_a_person_and_tidy_are_two_presses_away_from_anywhere(walked: dict[Target, Reply]) -> None:
    """On the card itself, or on one that a button of it opens."""

    def near(reply: Reply) -> set[str]:
        return {b.target.node for row in reply.rows for b in row if b.target is not None}

    people = {"talk_to_a_person", "lines:any"}
    for target, reply in walked.items():
        here = near(reply)
        assert "tidy" in here or target.node == "tidy", target
        if target.node != "tidy":
            there = {
                n for row in reply.rows for b in row if b.target for n in near(walked.get(_seen_as(b.target), reply))
            }
            assert people & (here | there) or any(n.startswith("lines:") for n in here), target


def test_the_other_chair_is_one_press_away_but_never_on_care(walked: dict[Target, Reply]) -> None:
    """The same scene with the sides changed; where there is danger no one is asked to see the other side."""
    for target, reply in walked.items():
        swaps = [b for row in reply.rows for b in row if b.label == "From the other chair"]
        if target.node.startswith(("care:", "page:", "lines:", "line:", "where:")):
            assert not swaps
        for button in swaps:
            assert button.target is not None
            assert {button.target.direction, target.direction} == {Direction.SELF, Direction.PARTNER}
            assert button.target.node == target.node


def test_what_suggests_talking_has_a_way_out_for_those_who_are_afraid(
    walked: dict[Target, Reply], catalogue: Catalogue
) -> None:
    """A button on every such answer and tool."""
    for target, reply in walked.items():
        name = target.node.split(":")[1] if target.node.startswith("tool:") else ""
        tool = catalogue.tools["en"].get(name)
        card = catalogue.library.cards.get(
            catalogue.path_of(target.node) if target.node in catalogue.taxonomy.intents else ""
        )
        if (tool is not None and tool.talk) or (card is not None and card.talk and not target.under_18):
            assert any(b.target is not None and b.target.node == "page:afraid" for row in reply.rows for b in row), (
                target
            )


def test_one_can_go_back(renderer: Renderer) -> None:
    """From an answer reached by a button to where that button was."""
    first = renderer.press(Target("texting_ex", Direction.SELF))
    there = next(b.target for row in first.rows for b in row if b.target and b.target.node == "set_boundaries")
    again = renderer.press(there)
    back = next(b.target for row in again.rows for b in row if b.label == "Back")
    assert back is not None
    assert (back.node, back.direction) == ("texting_ex", Direction.SELF)


def test_a_night_answer_is_shorter_and_decides_nothing(catalogue: Catalogue) -> None:
    """In the reader's clock."""
    night = Renderer(catalogue, lambda: dt.datetime(2026, 1, 7, 2, tzinfo=dt.UTC))
    day = Renderer(catalogue, lambda: dt.datetime(2026, 1, 7, 14, tzinfo=dt.UTC))
    target = Target("stay_or_leave", Direction.PARTNER)
    assert len(night.press(target).html) < len(day.press(target).html)
    assert "Nothing needs deciding tonight" in night.press(target).html
    assert "Something calm for tonight" in _labels(night.press(target))
    assert "deciding tonight" not in night.press(replace(target, country="IN")).html
    assert "deciding tonight" not in night.press(Target("care:domestic_abuse", Direction.PARTNER)).html


def test_four_questions_end_without_a_score(renderer: Renderer) -> None:
    """In what was said, side by side; fear leads to the card for fear."""
    end = renderer.press(Target("tool:four:nmkn"))
    assert end.html.count("• ") == 4
    afraid = renderer.press(Target("tool:four:fmkn"))
    assert "fear is part of it" in afraid.html
    assert renderer.press(Target("tool:four:zzzz")).html == renderer.press(Target("tool:four:")).html


def test_four_taps_make_a_sentence_to_copy(renderer: Renderer) -> None:
    """Every one of them fits the copy button."""
    reply = renderer.press(Target("tool:say:phhu"))
    words = next(b.copy for row in reply.rows for b in row if b.copy)
    assert words.startswith("Can I tell you something?")
    assert words.endswith("answer later.")


def test_a_list_is_picked_by_pressing(renderer: Renderer) -> None:
    """A pressed area is ticked; pressed again it is not."""
    once = renderer.press(Target("tool:draw:x"))
    assert "✓ Exes" in _labels(once)
    off = next(b.target for row in once.rows for b in row if b.label == "✓ Exes")
    assert off is not None
    assert off.node == "tool:draw:"
    assert renderer.press(Target("tool:draw:xp.")).html.count("• ") == 2


def test_a_shared_card_has_no_reader_in_it(renderer: Renderer, catalogue: Catalogue) -> None:
    """Neutral, whole, short."""
    for intent in catalogue.taxonomy.intents:
        html = renderer.shared(intent)
        assert len(html) < 4096
        assert "<blockquote" not in html


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
    assert "opens at 09:00" in html


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
    card = renderer.speaking(lang).care(risk, Target("", lang=lang))
    lines = card.html.splitlines()
    assert word in lines[0]
    assert not re.search(r"\d", lines[0])
    assert "999" in lines[1]
    assert "I am glad you wrote this" in lines[3]
    assert {b.target.lang for row in card.rows for b in row if b.target is not None} == {lang, "hi-Latn"}


def test_a_denial_is_heard_before_the_advice(renderer: Renderer) -> None:
    """Behind the neutral first line."""
    decision = Decision(Action.ANSWER, "deleting_messages", 0.9, (("deleting_messages", 0.9),), denied=True)
    lines = renderer.decide(decision, Context()).html.split("\n\n")
    assert "did <b>not</b> happen" in lines[1]
    assert "not" not in lines[0].split()


def test_what_is_kept_of_a_card_depends_on_nothing_that_changes(catalogue: Catalogue) -> None:
    """A writer who has written by day, in another language and for another place writes by night as a new one does."""
    hours = [13, 2]
    moment = [dt.datetime(2026, 1, 7, hours[0], tzinfo=dt.UTC)]
    old = Renderer(catalogue, lambda: moment[0])
    targets = [
        Target(node, direction, country, under_18=young, lang=lang)
        for node in ("page:start", "page:help", "care:domestic_abuse", *catalogue.taxonomy.intents[:6])
        for direction in (Direction.SELF, Direction.PARTNER)
        for country, lang, young in ((None, "en", False), ("PK", "hi-Latn", False), (None, "en", True))
    ]
    seen = []
    for hour in hours:
        moment[0] = moment[0].replace(hour=hour)
        for target in targets:
            fresh = Renderer(catalogue, lambda: moment[0])
            assert old.press(target) == fresh.press(target), target
            seen.append(fresh.press(target))
    assert seen[: len(targets)] != seen[len(targets) :]
