"""Reading age, and the previews that writers look at."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bot.content.catalogue import Catalogue
from bot.quality.preview import chosen, print_cards, write_page
from bot.quality.reading import grade, syllables
from bot.quality.tone import load_tone, neutral_problems


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("like", 1),
        ("likes", 1),
        ("partner", 2),
        ("asked", 1),
        ("wanted", 2),
        ("little", 2),
        ("see", 1),
        ("messages", 3),
    ],
)
def test_syllables_are_counted_as_spoken(word: str, count: int) -> None:
    """Silent endings do not count."""
    assert syllables(word) == count


def test_short_words_in_short_sentences_read_easily() -> None:
    """The order is right, and nothing is nothing."""
    easy = "Sit down. Take a breath. You can wait until the sun is up."
    hard = "Psychological considerations necessitate comprehensive communication, notwithstanding reservations."
    assert grade(easy) < 3 < 12 < grade(hard)
    assert grade("") == 0.0


@pytest.mark.parametrize(
    "line",
    ["Is this an affair?", "Ex or not", "Dhoka ki baat", "यह धोखा है", "یہ دھوکا ہے", "ਧੋਖਾ", "এটা প্রতারণা", "આ છેતરપિંડી છે"],
)
def test_a_revealing_first_line_is_seen_in_every_language(root: Path, line: str) -> None:
    """A lock screen knows no language."""
    tone, problems = load_tone(root)
    assert not problems
    assert list(neutral_problems(tone, f"<b>{line}</b>\n\nMore."))
    assert not list(neutral_problems(tone, "Next week is fine for the exam. " * 3 + line))


def test_a_card_is_shown_for_every_direction_hour_and_language(catalogue: Catalogue) -> None:
    """In the terminal, and on a page."""
    out = io.StringIO()
    count = print_cards(chosen(catalogue, "texting_ex"), Console(file=out, width=78))
    text = out.getvalue()
    assert count >= 8
    for word in ("self", "partner", "other", "day", "night", "hi-Latn", "Topics"):
        assert word in text
    assert not list(chosen(catalogue, "nothing_like_it"))


def test_all_cards_are_on_one_page(catalogue: Catalogue, tmp_path: Path) -> None:
    """With every intent, and their buttons."""
    page = tmp_path / "cards.html"
    count = write_page(chosen(catalogue, None), page)
    text = page.read_text("utf-8")
    assert text.count("<article") == count
    assert all(intent in text for intent in catalogue.taxonomy.intents)
    assert "{{" not in text
