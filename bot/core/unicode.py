"""Unicode cleaning: what people type to a plain string that hides nothing."""

from __future__ import annotations

import re
import unicodedata

# Letters of other scripts that pass for Latin ones. Source: the Latin targets of Unicode's confusables.txt (UTS #39).
_CONFUSABLES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеорсухіјѕԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαεινρτυκ",
    "ABESIJKMHOPCTYXaeopcyxijsdqwhABEZHIKMNOPTYXoaeivptuk",
)
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´ʹ＇‛", "'"))
_EMOJI_WORDS = {
    "🔪": " knife ",
    "🗡": " knife ",
    "💊": " pills ",
    "🔫": " gun ",
    "💀": " ",
    "☠": " ",
    "🪦": " grave ",
    "⚰": " coffin ",
    "💔": " heartbroken ",
    "😭": " crying ",
    "😢": " crying ",
    "🩸": " blood ",
    "🍆": " ",
    "🍇": " grape ",
    "🆘": " help me ",
}
_EMOJI = re.compile("|".join(map(re.escape, _EMOJI_WORDS)))
_MANY = re.compile(r"(.)\1{2,}")
_SPACE = re.compile(r"[ \t\f\v\u00a0]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
MAX_CHARS = 4096
"""Telegram's longest message; anything longer is cut"""


def clean(text: str) -> str:
    """Return `text` in NFKC without controls, zero-width or bidi marks, look-alikes, or long runs of one letter."""
    text = text[:MAX_CHARS]
    if not text.isascii():
        text = _clean_unicode(text)
    return _SPACE.sub(" ", _MANY.sub(r"\1\1", _CONTROLS.sub("", text))).strip()


def _clean_unicode(text: str) -> str:
    """Do for texts beyond ASCII what only they need."""
    text = unicodedata.normalize("NFKC", text)
    text = _EMOJI.sub(lambda m: _EMOJI_WORDS[m.group()], text)
    kept: list[str] = []
    for ch in text:
        category = unicodedata.category(ch)
        if ch == "\n":
            kept.append(ch)
        elif category in _SPACES:
            kept.append(" ")
        elif category in _INVISIBLE or (category == "Mn" and kept and kept[-1].isascii()):
            continue
        else:
            kept.append(ch)
    text = "".join(kept).translate(_APOSTROPHES)
    if not _has_greek_or_cyrillic_words(text):
        text = text.translate(_CONFUSABLES)
    return strip_accents(text)


def strip_accents(text: str) -> str:
    """Return `text` with accents taken off Latin letters only (marks of other scripts carry vowels)."""
    out = []
    for ch in text:
        if ch.isascii() or not unicodedata.name(ch, "").startswith("LATIN"):
            out.append(ch)
            continue
        out.append(unicodedata.normalize("NFD", ch)[0])
    return "".join(out)


def _has_greek_or_cyrillic_words(text: str) -> bool:
    """Tell whether the text is written in Greek or Cyrillic rather than disguised in it."""
    foreign = latin = 0
    for ch in text:
        if "\u0370" <= ch <= "\u052f":
            foreign += 1
        elif ch.isascii() and ch.isalpha():
            latin += 1
    return foreign > latin
