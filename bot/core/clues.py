"""What may give a writer or others away: word lists, and the words of a draft as these lists see them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# Vowel signs of the scripts of South Asia belong to a word, though they are no letters to `\w`.
_LETTER = r"(?:[^\W\d_]|[\u0900-\u0dff\u064b-\u065f\u0670\u200c\u200d])"
_WORD = re.compile(rf"{_LETTER}+(?:['’]{_LETTER}+)*")
_OPENING = " \t\"'“‘«(*-–—•>"
_ENDS = ".!?…:।۔\n"
_MOST_CAPITALS = 0.6
_FEWEST_WORDS = 4
_ENGLISH = 0.75


class Kind(StrEnum):
    """What a passage tells."""

    HANDLE = "handle"
    PHONE = "phone"
    EMAIL = "email"
    LINK = "link"
    WORSHIP = "worship"
    SCHOOL = "school"
    WORK = "work"
    JOB = "job"
    DATE = "date"
    AGE = "age"
    PLACE = "place"
    NAME = "name"


CONTACTS = frozenset({Kind.HANDLE, Kind.PHONE, Kind.EMAIL, Kind.LINK})
"""what leads straight to somebody"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage of a draft that may give somebody away."""

    start: int
    end: int
    kind: Kind
    softer: str
    """proposed instead; fits where the passage stood"""


@dataclass(frozen=True, slots=True)
class Clues:
    """The lists of `intents/lexicon/{names,places}.txt` and `identify.yaml`; all lower case."""

    names: frozenset[str] = frozenset()
    """first names that are no other word"""
    weak_names: frozenset[str] = frozenset()
    """first names that are also words, and family names"""
    places: frozenset[tuple[str, ...]] = frozenset()
    weak_places: frozenset[tuple[str, ...]] = frozenset()
    """places that are also words or names"""
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """the lists of identify.yaml by key; entries of several words hold spaces"""
    schools: Mapping[str, str] = field(default_factory=dict)
    """kind of school or clinic -> what is left of it"""
    softer: Mapping[str, str] = field(default_factory=dict)
    softer_in: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """the same for drafts in a further language, by its tag"""
    decades: tuple[str, ...] = ()
    """from ten on: teens, twenties, ..."""
    decades_single: tuple[str, ...] = ()
    common: frozenset[str] = frozenset()
    """ordinary words of English and of Roman Hindi-Urdu"""

    def has(self, key: str, word: str) -> bool:
        """Tell whether a word or phrase stands in a list."""
        return word in self.lists.get(key, frozenset())


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a draft."""

    start: int
    end: int
    """without a possessive 's"""
    low: str
    """lower case, straight apostrophes, without a possessive 's"""
    capital: bool
    """begins with a capital that means something: not the first word of a sentence, nor in a text full of capitals"""
    first: bool
    """stands at the beginning of a sentence"""
    shouted: bool
    """all capitals"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft and its words."""

    text: str
    words: tuple[Word, ...]
    english: bool
    """most words are ordinary English ones, so that another one stands out"""

    def joined(self, i: int, gap: str = " -") -> bool:
        """Tell whether word i follows the one before it with nothing but one of `gap` (or a possessive) between."""
        if not 0 < i < len(self.words):
            return False
        between = self.text[self.words[i - 1].end : self.words[i].start]
        return between in {*gap, "'s ", "’s "}

    def low(self, i: int) -> str:
        """Return word i in lower case, or an empty text beyond the ends."""
        return self.words[i].low if 0 <= i < len(self.words) else ""


def read_draft(text: str, clues: Clues) -> Draft:
    """Return a draft with its words."""
    found = list(_WORD.finditer(text))
    upper = sum(m.group()[0].isupper() for m in found)
    meaningless = len(found) >= _FEWEST_WORDS and upper > len(found) * _MOST_CAPITALS
    words: list[Word] = []
    for match in found:
        raw = match.group()
        end = match.end()
        low = raw.lower().replace("’", "'")
        if low.endswith("'s") and len(low) > len("a's"):
            low, end = low[:-2], end - 2
        before = text[: match.start()].rstrip(_OPENING)
        first = not before or before[-1] in _ENDS
        capital = raw[0].isupper() and not first and not meaningless
        words.append(Word(match.start(), end, low, capital, first, len(raw) > 1 and raw.isupper()))
    known = sum(w.low in clues.common for w in words)
    return Draft(text, tuple(words), known >= len(words) * _ENGLISH)
