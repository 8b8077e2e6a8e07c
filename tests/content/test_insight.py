"""Weekly counts as admins read them: the same numbers as text and as a picture, with k and epsilon named."""

from __future__ import annotations

import struct
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from bot.content.catalogue import Catalogue
from bot.content.chart import Bar, draw_bars
from bot.content.insight import InsightWriter
from bot.quality.markup import markup_problems
from bot.quality.tone import load_tone, neutral_problems
from tests.conftest import MORNING

WEEK = 202647
COUNTS = (("texting_ex", 27), ("liking_and_commenting", 34), ("family_honour_gossip", 17))
TWO = Fraction(2)


@pytest.fixture
def writer(catalogue: Catalogue) -> InsightWriter:
    """Return the writer of weekly counts."""
    return InsightWriter(catalogue, lambda: MORNING)


def size(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG picture."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_text_has_every_number_by_its_label_largest_first(writer: InsightWriter) -> None:
    """And says how they came about."""
    html = writer.insight(WEEK, COUNTS, TWO).html
    labels = [writer.node_label(topic) for topic in ("liking_and_commenting", "texting_ex", "family_honour_gossip")]
    assert [html.index(label) for label in labels] == sorted(html.index(label) for label in labels)
    for words in ("2026-11-16 to 2026-11-22", "about 34", "about 27", "about 17", "k = 5", "epsilon = 2", "below 13"):
        assert words in html
    assert not list(markup_problems(html))


def test_another_epsilon_is_named_with_its_own_least(writer: InsightWriter) -> None:
    """Numbers of an earlier week are shown with what they were drawn with."""
    html = writer.insight(WEEK, COUNTS, Fraction(1, 2)).html
    assert "epsilon = 0.5" in html
    assert "below 36" in html


def test_nothing_to_show_is_said_calmly_and_not_drawn(writer: InsightWriter) -> None:
    """Also for topics that no longer exist."""
    for counts in ((), (("gone_since", 40),)):
        html = writer.insight(WEEK, counts, TWO).html
        assert "Nothing to show" in html
        assert "40" not in html
        assert writer.insight_chart(WEEK, counts, TWO) is None


def test_the_message_gives_nothing_away_on_a_lock_screen(writer: InsightWriter, root: Path) -> None:
    """Its first words are as bland as any."""
    tone, problems = load_tone(root)
    assert not problems
    assert not list(neutral_problems(tone, writer.insight(WEEK, COUNTS, TWO).html))


def test_the_picture_is_the_same_for_the_same_numbers_and_names_no_program(writer: InsightWriter) -> None:
    """Made twice it is one picture; it grows with its bars, up to twelve."""
    png = writer.insight_chart(WEEK, COUNTS, TWO)
    assert png is not None
    assert png == writer.insight_chart(WEEK, COUNTS, TWO) != writer.insight_chart(WEEK, COUNTS[:2], TWO)
    assert b"atplotlib" not in png
    more = tuple((topic, 20) for topic in writer.catalogue.taxonomy.intents)
    some, most = writer.insight_chart(WEEK, more[:12], TWO), writer.insight_chart(WEEK, more, TWO)
    assert some is not None
    assert most is not None
    assert size(png)[1] < size(some)[1] == size(most)[1] < 1000


def test_odd_labels_are_drawn_as_they_are() -> None:
    """A dollar sign or a brace is no formula, and no warning."""
    assert draw_bars("a $ b", [Bar("$x_{$ \\frac", 1), Bar("<b>", 10**6)], "f $ g " * 100) is not None


def test_without_the_extra_there_is_text_only(writer: InsightWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture, no error."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert writer.insight_chart(WEEK, COUNTS, TWO) is None
    assert "about 34" in writer.insight(WEEK, COUNTS, TWO).html
