"""The words on privacy: the first card, the page on the phone, /privacy, and the threat model say what they must."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.content.render import Renderer
from bot.content.reply import Target
from bot.quality.wording import plain_text

SCREEN = 1_700
"""characters that a phone shows without scrolling far"""
LANGUAGES = ("en", "hi-Latn")
THREATS = (
    *("a partner with the phone", "someone else typing", "a stolen database", "a curious operator", "admin", "doxxing"),
    *("a stalker as user", "coerced use", "minors", "flooding", "clone bots"),
)


def words(renderer: Renderer, page: str, lang: str) -> str:
    """Return a page as a reader sees it, in lower case."""
    return plain_text(renderer.speaking(lang).page(page).html)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_privacy_says_what_is_kept_for_how_long_and_who_sees_more(renderer: Renderer, lang: str) -> None:
    """In one screen; the same facts in each language."""
    said = words(renderer, "privacy", lang)
    assert len(said) < SCREEN
    for fact in ("12", "30 minute", "7 d", "telegram", "end-to-end", "notifications", "exports", "backups"):
        assert fact in said, fact
    for command in ("/proof", "/clear", "/forget", "block"):
        assert command in said, command
    assert "untraceable" not in said
    if lang == "en":
        assert "pseudonymous" in said
        assert "clear before you block" in said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_privacy_names_who_runs_it(renderer: Renderer, lang: str) -> None:
    """Where whoever runs it has said so, and without an empty line about nobody where not."""
    named = words(replace(renderer, operator="desk@example.org"), "privacy", lang)
    assert named.endswith(": desk@example.org")
    assert "desk@example.org" not in words(renderer, "privacy", lang)
    assert not words(renderer, "privacy", lang).endswith(":")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_card_asks_about_the_phone(renderer: Renderer, lang: str) -> None:
    """How to clear, the timer of an hour at one press, and what the phone itself needs at another."""
    card = renderer.speaking(lang).page("start")
    tidy = next(b.label for row in card.rows for b in row if b.target is not None and b.target.node == "tidy")
    said = plain_text(card.html)
    assert tidy.lower() in said
    assert "phone private" in said
    assert "12" in said
    nodes = [b.target.node for row in card.rows for b in row if b.target is not None]
    assert nodes[:2] == ["timer:1", "page:phone"]
    phone = plain_text(renderer.press(Target("page:phone", lang=lang)).html)
    for fact in (tidy.lower(), "48", "notifications", "backups", "preview", "passcode", "devices", "/word"):
        assert fact in phone, fact


@pytest.mark.parametrize("threat", THREATS)
def test_the_threat_model_answers_each(root: Path, threat: str) -> None:
    """What protects, and what remains: no empty cell."""
    rows = [line for line in (root / "docs" / "privacy.md").read_text().splitlines() if line.startswith("|")]
    cells = next(r.strip("|").split("|") for r in rows if threat in r.split("|")[1])
    assert len(cells) == 3
    assert all(len(cell.strip()) > 10 for cell in cells[1:])
