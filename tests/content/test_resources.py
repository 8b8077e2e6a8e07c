"""Help lines as data: what may be shown, when, and what is refused before anything starts."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import yaml

from bot.content.catalogue import Catalogue, require_catalogue
from bot.content.places import COUNTRIES
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.content.resourcefile import load_resources
from bot.content.resources import CRISIS, Line
from bot.core.values import Direction, Risk, Urgency
from bot.errors import ContentError

FILE = "responses/resources.yaml"
LATER = dt.datetime(2031, 1, 8, 12, tzinfo=dt.UTC)
"""years after every `check_by`"""
PAGES = ("bill", "children", "family", "heard", "language", "police", "serious", "talk", "visa")


def line_of(catalogue: Catalogue, line_id: str) -> Line:
    """Return one line."""
    return next(r for r in catalogue.resources.lines if r.id == line_id)


def at(catalogue: Catalogue, *moment: int) -> Renderer:
    """Return the writer of replies at a moment (UTC)."""
    return Renderer(catalogue, lambda: dt.datetime(*moment, tzinfo=dt.UTC))  # type: ignore[misc, arg-type]


def labels(reply: Reply) -> list[str]:
    """Return what stands on the buttons."""
    return [b.label for row in reply.rows for b in row]


@pytest.fixture
def copy(tmp_path: Path, root: Path) -> Path:
    """Return a copy of the file to break."""
    (tmp_path / "responses").mkdir()
    shutil.copy(root / FILE, tmp_path / FILE)
    return tmp_path


def problems_of(copy: Path, change: Callable[[dict[str, Any]], object]) -> str:
    """Return the problems of the file after a change to it."""
    data = yaml.safe_load((copy / FILE).read_text())
    change(data)
    (copy / FILE).write_text(yaml.safe_dump(data))
    return "\n".join(load_resources(copy)[1])


def entry(data: dict[str, Any], line_id: str) -> dict[str, Any]:
    """Return one entry of the file as read."""
    return next(r for r in data["lines"] if r["id"] == line_id)


def test_a_monday_evening_is_open(catalogue: Catalogue) -> None:
    """A rule for Monday's small hours does not take away Monday's evening."""
    line = line_of(catalogue, "gb-sct-breathing-space")
    monday = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    opened = [h for h in range(7 * 24) if line.is_open(monday + dt.timedelta(hours=h, minutes=30))]
    weekend = range(4 * 24 + 18, 7 * 24)
    nights = [d * 24 + h for d in range(4) for h in range(18, 26)]
    assert opened == sorted({*range(6), *nights, *weekend})


def test_a_public_holiday_is_closed(catalogue: Catalogue) -> None:
    """Where the hours say so: Christmas Day 2026 is a Friday, and the Monday after is a bank holiday."""
    line = line_of(catalogue, "gb-revenge-porn-helpline")
    christmas = dt.datetime(2026, 12, 25, 12, tzinfo=dt.UTC)
    assert line.is_open(christmas) is False
    assert line.is_open(dt.datetime(2026, 12, 18, 12, tzinfo=dt.UTC)) is True
    opens = line.next_change(christmas)
    assert opens is not None
    assert opens.date() == dt.date(2026, 12, 29)


def test_a_text_line_names_the_word_to_send(catalogue: Catalogue) -> None:
    """On the card at night, and among the facts."""
    risk = Risk(("suicide_self_harm",), Urgency.EMERGENCY, True, Direction.SELF)
    assert "85258</b> by text message (send the word SHOUT)" in at(catalogue, 2026, 1, 7, 2).care(risk, Target("")).html
    html = at(catalogue, 2026, 1, 7, 12).press(Target("line:us-national-dv-hotline", country="US")).html
    assert "88788</b> (send the word START)" in html


def test_a_chat_is_a_way_in_with_hours_of_its_own(catalogue: Catalogue) -> None:
    """Before calls at night while it is open, with a button that opens it; no number to copy."""
    line = line_of(catalogue, "gb-sct-breathing-space")
    chat = next(c for c in line.contacts if c.way == "chat")
    saturday = dt.datetime(2026, 1, 10, 10, tzinfo=dt.UTC)
    assert line.is_open(saturday)
    assert line.is_open(saturday, chat) is False
    night = at(catalogue, 2026, 1, 6, 23)
    listed = night.press(Target("lines:suicide_self_harm", Direction.SELF, country="Gs"))
    assert "breathingspace.scot</b> by web chat, free, open now" in listed.html
    late = at(catalogue, 2026, 1, 11, 3).press(Target("lines:suicide_self_harm", Direction.SELF, country="Gs"))
    assert "breathingspace.scot</b>" not in late.html
    facts = night.press(Target("line:gb-sct-breathing-space", country="Gs"))
    assert "Web chat: <b>breathingspace.scot</b>" in facts.html
    assert "Copy 0800 83 85 87" in labels(facts)
    assert not any(label.startswith("Copy breath") for label in labels(facts))


def test_who_runs_a_line_is_told_where_it_is_known(catalogue: Catalogue) -> None:
    """And no service is said to keep everything to itself."""
    html = at(catalogue, 2026, 1, 7, 12).press(Target("line:gb-forced-marriage-unit")).html
    assert "Who runs it: the UK Government" in html
    for line in catalogue.resources.lines:
        assert line.confidence_note != "confidential", line.id


def test_old_lines_hide_and_two_kinds_say_how_old_they_are(catalogue: Catalogue) -> None:
    """Emergency numbers and one crisis line of each country stay, on cards, in lists and on pages."""
    later = Renderer(catalogue, lambda: LATER)
    for country in COUNTRIES:
        own = [r for r in catalogue.resources.lines if r.country == country and CRISIS.intersection(r.topics)]
        kept = [r for r in own if not catalogue.resources.is_hidden(r, LATER.date())]
        assert len(kept) == bool(own), country
        card = later.care(Risk(("domestic_abuse",), Urgency.HIGH, True), Target("", country=country))
        assert "(last checked 2026-11-22)" in card.html.splitlines()[1], country
    html = later.care(Risk(("domestic_abuse",), Urgency.HIGH, True), Target("")).html
    assert "Refuge" not in html
    assert "116 123</b>, free, day and night (last checked 2026-11-22)" in html
    hidden = [c.number for r in catalogue.resources.lines for c in r.contacts
              if catalogue.resources.is_hidden(r, LATER.date()) and len(c.number) > 6 and c.way != "chat"]  # fmt: skip
    for page in (*(f"call_{name}" for name in PAGES), "young", "afraid", "about_coercive_control"):
        html = later.press(Target(f"page:{page}")).html
        assert not [n for n in hidden if n in html], page
    assert "116 123 (last checked 2026-11-22)" in later.press(Target("page:call_talk")).html
    assert later.press(Target("line:gb-samaritans")).html.count("116 123")
    assert later.press(Target("line:gb-shout")).node == "lines:any"


def test_numbers_that_are_known_to_be_wrong_stand_nowhere(catalogue: Catalogue, root: Path) -> None:
    """However they are written, but for the service that really has one of them."""
    data = yaml.safe_load((root / FILE).read_text())
    for item in data["rejected"]:
        right = set(item.get("right_for", ()))
        for line in catalogue.resources.lines:
            for contact in line.contacts:
                same = phonenumbers.is_number_match(item["number"], contact.e164 or contact.number)
                if contact.way != "chat" and same >= phonenumbers.MatchType.NSN_MATCH:
                    assert line.id in right, (item["number"], line.id)


@pytest.mark.parametrize(
    ("line_id", "contact"),
    [
        ("gb-shout", {"way": "text", "number": "741741"}),
        ("gb-samaritans", {"way": "call", "number": "08457 90 90 90", "e164": "+448457909090"}),
        ("gb-karma-nirvana", {"way": "call", "number": "+44 20 8571 0800", "e164": "+442085710800"}),
        ("nz-womens-refuge", {"way": "call", "number": "0508 744 633", "e164": "+64508744633"}),
        ("ca-988", {"way": "call", "number": "1-833-456-4566", "e164": "+18334564566"}),
        ("in-tele-manas", {"way": "call", "number": "1-800-91-4416", "e164": "+911800914416"}),
    ],
)
def test_a_wrong_number_is_refused_whatever_the_line_is_called(
    copy: Path, line_id: str, contact: dict[str, str]
) -> None:
    """And however it is spelt."""

    def change(data: dict[str, Any]) -> None:
        entry(data, line_id)["contacts"] = [contact]

    found = problems_of(copy, change)
    assert f"{line_id}: {contact['number']}: is" in found
    assert "wrong numbers" in found or "no valid number" in found


@pytest.mark.parametrize(
    ("line_id", "change", "problem"),
    [
        ("gb-emergency-999", lambda e: e["contacts"][0].update(number="9999"), "9999: is no valid number of GB"),
        ("gb-samaritans", lambda e: e["contacts"][0].update(number="116 12E"), "is no valid number of GB"),
        ("gb-ncdv", lambda e: e["contacts"][0].update(e164="0800"), "is no valid number of GB"),
        ("gb-ncdv", lambda e: e["contacts"][0].update(e164="+919876543210"), "is no valid number of GB"),
        ("gb-ncdv", lambda e: e["contacts"][0].update(number=8009702070), "must be quoted text"),
        ("gb-ncdv", lambda e: e["contacts"][0].pop("number"), "needs `way` and `number`"),
        ("gb-ncdv", lambda e: e["contacts"][0].update(way="fax"), "way must be one of"),
        ("gb-ncdv", lambda e: e.update(contacts="0800"), "`contacts` is missing or malformed"),
        ("gb-ncdv", lambda e: e.update(topics="crisis"), "`topics` is missing or malformed"),
        ("gb-ncdv", lambda e: e.update(topics=[]), "`topics` is missing or malformed"),
        ("gb-ncdv", lambda e: e.update(zone="Europe/Nowhere"), "unknown time zone"),
        ("gb-ncdv", lambda e: e.update(zone="../London"), "unknown time zone"),
        ("gb-ncdv", lambda e: e.update(hours=24), "`hours` must be quoted text"),
        ("gb-ncdv", lambda e: e.update(hours="Mo-Xx 9:00"), "do not parse"),
        ("gb-ncdv", lambda e: e.update(check_by=dt.date(2020, 1, 1)), "`check_by` lies before `checked`"),
        ("gb-ncdv", lambda e: e.update(check_by=dt.datetime(2027, 1, 1, 9, tzinfo=dt.UTC)), "must be dates"),
        ("gb-ncdv", lambda e: e.pop("country"), "`country` is missing"),
        ("gb-respect-phoneline", lambda e: e["contacts"][1].update(number="example.org"), "a chat is the beginning"),
        ("gb-sct-breathing-space", lambda e: e["contacts"][1].update(hours="evenings"), "do not parse"),
        ("gb-sikh-helpline", lambda e: e.update(contacts=[{"way": "call", "number": "111"}]), "may be shown only"),
    ],
)  # fmt: skip
def test_a_broken_entry_is_named(
    copy: Path, line_id: str, change: Callable[[dict[str, Any]], object], problem: str
) -> None:
    """Whatever stands there, one line says which entry and what is wrong with it; there is no traceback."""
    found = problems_of(copy, lambda data: change(entry(data, line_id)))
    assert any(p.startswith(f"{FILE}: {line_id}: ") and problem in p for p in found.splitlines()), found


def test_nothing_starts_on_a_broken_entry(copy: Path, root: Path) -> None:
    """The program asks for sound content before anything else."""
    problems_of(copy, lambda data: entry(data, "gb-ncdv").update(hours="Mo-Xx 9:00"))
    (copy / "intents").symlink_to(root / "intents")
    for path in (root / "responses").iterdir():
        if path.name != "resources.yaml":
            (copy / "responses" / path.name).symlink_to(path)
    with pytest.raises(ContentError, match="gb-ncdv"):
        require_catalogue(copy)


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_a_country_without_emergency_number_is_named(copy: Path, country: str) -> None:
    """Every country that can be tapped has one."""

    def change(data: dict[str, Any]) -> None:
        data["lines"] = [e for e in data["lines"] if e["country"] != country or "emergency" not in e["topics"]]

    assert f"{FILE}: {country} has no emergency number" in problems_of(copy, change)
