"""Text to tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.engine import Engine
from bot.core.normalize import normalize


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I'm not his wife", "i am not his wife"),
        ("gr@pe", "grape"),
        ("k i l l myself", "kill myself"),
        ("r u a bot", "are you a bot"),
        ("my b\u200bf and his ex", "my boyfriend and his ex"),
        ("соme on", "come on"),
        ("ｍｙ ｅｘ", "my ex"),
        ("soooooo jealous", "soo jealous"),
        ("café", "cafe"),
        ("see https://example.org/x now", "see now"),
    ],
)
def test_disguises_are_taken_off(engine: Engine, text: str, wanted: str) -> None:
    """What looks like a word to a person is that word."""
    assert " ".join(normalize(text, engine.lexicon).tokens) == wanted


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("is it okay that he texts her", "en"),
        ("mera pati kisi aur se baat karta hai", "hi-Latn"),
        ("mera shohar mujhse jhoot bolta hai", "ur-Latn"),
        ("menu lagda oh kise hor naal gall karda", "pa-Latn"),
        ("मेरे पति किसी और से बात करते हैं", "hi"),
        ("میرا شوہر کسی اور سے بات کرتا ہے", "ur"),
        ("ਮੇਰਾ ਪਤੀ ਝੂਠ ਬੋਲਦਾ ਹੈ", "pa"),
        ("আমার স্বামী মিথ্যা বলে", "bn"),
        ("મારો પતિ ખોટું બોલે છે", "gu"),
        ("mon mari parle avec une autre femme", "und"),
        ("", "und"),
    ],
)
def test_the_language_is_told(engine: Engine, text: str, lang: str) -> None:
    """Script first, then common words."""
    assert normalize(text, engine.lexicon).lang == lang


def test_an_english_word_is_no_punjabi_variant(engine: Engine) -> None:
    """ "menu" is *me* in Punjabi only where the message is Punjabi."""
    assert "menu" in normalize("the menu at the wedding", engine.lexicon).tokens
    assert "me" in normalize("menu lagda oh dhokha de reha hai", engine.lexicon).tokens


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    """Whatever is typed gives tokens of plain letters and digits."""
    from bot.core.lexicon import Lexicon

    for token in normalize(text, Lexicon()).tokens:
        assert token.isascii()
        assert token
