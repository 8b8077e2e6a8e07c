"""How hard a text is to read: the Flesch-Kincaid grade (Kincaid, Fishburne, Rogers & Chissom 1975)."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[.!?:…\n]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_VOWELS = re.compile(r"[aeiouy]+")


def grade(text: str) -> float:
    """Return the US school grade needed to read a plain English text; about reading age minus five; 0 for no words."""
    sentences = [s for s in _SENTENCE.split(text) if _WORD.search(s)]
    words = _WORD.findall(text)
    if not words:
        return 0.0
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """Return the number of spoken syllables of an English word, by its vowel groups."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    count = len(_VOWELS.findall(word))
    silent = (word.endswith("e") and not word.endswith(("le", "ee", "ie", "ye"))) or (
        word.endswith("es") and not re.search(r"(s|x|z|ch|sh|c|g)es$", word)
    )
    if silent and count > 1:
        count -= 1
    if word.endswith("ed") and not word.endswith(("ted", "ded")) and count > 1:
        count -= 1
    return max(1, count)
