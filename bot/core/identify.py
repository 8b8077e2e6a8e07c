"""What in a draft might identify its writer or others, and a softer wording for each passage.

It marks rather too much than too little: whoever wrote the draft decides, and reads it once more before it goes out.
Names in the scripts of South Asia are found where their Roman spelling is on the list; the rest of the marks are made
for Latin letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.core.clues import CONTACTS, Clues, Draft, Kind, Mark, read_draft
from bot.core.contacts import find_contacts, find_full_numbers, find_phones
from bot.core.moments import find_ages, find_dates
from bot.core.namemarks import find_employers, find_houses, find_names, find_places
from bot.core.scripts import script_of, to_latin

_KEPT_MARKS = frozenset("\u200c\u200d")
"""joiners that spell words in Persian, Urdu and Indic letters"""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_ROUNDS = 4
_SHORTEST_ROMAN = 4
_POSTCODE = re.compile(
    r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|(?<=\bin )[A-Z]{1,2}\d{1,2}\b|(?<=\bfrom )[A-Z]{1,2}\d{1,2}\b"
)
_POSTCODE_SMALL = re.compile(r"\b[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}\b")
_COPULA = (
    r"(?P<copula>\b(?:am|is|was|are|were|i['’]?m|he['’]?s|she['’]?s|as|become|became|becoming|being|training to be)"
    r"(?: now| also| still)? +)"
)
_WHOSE = "my|our|his|her|their"


@dataclass(frozen=True, slots=True)
class Identifier:
    """Finds and softens; holds word lists only."""

    clues: Clues

    def speaking(self, lang: str) -> Identifier:
        """Return what proposes softer words in a language; English ones for a language that has none."""
        words = self.clues.softer_in.get(lang)
        return self if words is None else Identifier(replace(self.clues, softer=words, softer_in={}))

    def find(self, text: str) -> tuple[Mark, ...]:
        """Return the marked passages of a draft in order; none overlaps another."""
        draft = read_draft(text, self.clues)
        taken: list[Mark] = []
        for finder in _FINDERS:
            for mark in sorted(finder(draft, self.clues), key=lambda m: (m.start, -m.end)):
                if mark.start < mark.end and not any(mark.start < t.end and t.start < mark.end for t in taken):
                    taken.append(_in_case(mark, draft))
        return tuple(sorted(taken, key=lambda m: m.start))

    def soften(self, text: str) -> str:
        """Return a draft with every marked passage replaced."""
        return self._settle(text, frozenset(Kind))

    def without_contacts(self, text: str) -> str:
        """Return a draft as it is but for handles, numbers, mail addresses and links, which never go out."""
        return self._settle(text, CONTACTS)

    def _settle(self, text: str, kinds: frozenset[Kind]) -> str:
        for _ in range(_ROUNDS):  # a passage replaced may uncover another
            marks = [m for m in self.find(text) if m.kind in kinds]
            if not marks:
                break
            text = replace_marks(text, marks)
        return text


def replace_marks(text: str, marks: Iterable[Mark]) -> str:
    """Return `text` with the passages of `marks` (in order, none overlapping) replaced by what is proposed."""
    out: list[str] = []
    at = 0
    for mark in marks:
        out += [text[at : mark.start], mark.softer]
        at = mark.end
    return "".join([*out, text[at:]])


def plain_draft(text: str) -> str:
    """Return a draft in NFKC without controls and hidden marks, at most two empty lines in a row, no space around."""
    text = unicodedata.normalize("NFKC", text.replace("\r\n", "\n"))
    kept = (ch for ch in text if ch == "\n" or ch in _KEPT_MARKS or unicodedata.category(ch) not in _HIDDEN)
    lines = [re.sub(r"\s+", " ", line).strip() for line in "".join(kept).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _in_case(mark: Mark, draft: Draft) -> Mark:
    """Return a mark whose softer word begins with a capital where the passage begins a sentence with one."""
    word = next((w for w in draft.words if w.start == mark.start), None)
    if word is None or not word.first or not draft.text[mark.start].isupper() or not mark.softer:
        return mark
    return Mark(mark.start, mark.end, mark.kind, mark.softer[0].upper() + mark.softer[1:])


def _find_roman_names(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield names written in a script of South Asia."""
    for word in draft.words:
        if script_of(word.low) is None:
            continue
        roman = to_latin(word.low, {})
        if len(roman) >= _SHORTEST_ROMAN and roman in clues.names and not clues.has("not_names", roman):
            yield Mark(word.start, word.end, Kind.NAME, clues.softer["first_person"])


def _find_addresses(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield postcodes, and streets with a number or a name in capitals."""
    for pattern in (_POSTCODE, _POSTCODE_SMALL):
        for match in pattern.finditer(draft.text):
            yield Mark(match.start(), match.end(), Kind.PLACE, clues.softer["area"])
    for i, word in enumerate(draft.words):
        if not clues.has("streets", word.low):
            continue
        start = i
        while start > 0 and i - start < 3 and draft.joined(start) and _is_street_word(draft, clues, start - 1):
            start -= 1
        if start == i:
            continue
        number = re.search(r"\b\d{1,4}[a-z]?,? +$", draft.text[: draft.words[start].start], re.I)
        if number is not None:
            yield Mark(number.start(), word.end, Kind.PLACE, clues.softer["address"])
        elif word.capital and all(w.capital or w.first for w in draft.words[start:i]):
            yield Mark(draft.words[start].start, word.end, Kind.PLACE, clues.softer["address"])


def _is_street_word(draft: Draft, clues: Clues, i: int) -> bool:
    word = draft.words[i]
    return word.capital or clues.has("street_words", word.low) or word.low in clues.names or (word.low,) in clues.places


def _find_jobs(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield offices of a community, and jobs after words such as "is a", beside a name, or told of anybody."""
    before, jobs, offices = (_either(clues.lists.get(key, frozenset())) for key in ("job_before", "jobs", "offices"))
    if not jobs or not offices:
        return
    for match in _pattern(
        rf"\b(?:the|our) +(?:{offices})\b|(?:{_COPULA})(?:(?:an?|the|our) +)?(?:{offices})\b"
    ).finditer(draft.text):
        start = match.end("copula") if match.group("copula") else match.start()
        yield Mark(start, match.end(), Kind.JOB, clues.softer["office"])
    adjectives = rf"(?:(?:{before}) +)*" if before else ""
    for match in _pattern(rf"{_COPULA}(?:(?:an?|the) +)?{adjectives}(?:{jobs})\b").finditer(draft.text):
        # "works as a nurse": the word "as" goes too, since "in a job" brings its own.
        start = match.start() if match.group("copula").lower().strip() == "as" else match.end("copula")
        yield Mark(start, match.end(), Kind.JOB, clues.softer["job"])
    for match in _pattern(rf"(?P<beside>, *)?\b(?:an?|{_WHOSE}) +{adjectives}(?:{jobs})\b").finditer(draft.text):
        beside = match.group("beside") or ""
        yield Mark(
            match.start() + len(beside), match.end(), Kind.JOB, clues.softer["job" if beside else "first_person"]
        )


@lru_cache(maxsize=8)
def _either(words: frozenset[str]) -> str:
    return "|".join(re.escape(w).replace(r"\ ", r"[ -]") for w in sorted(words, key=lambda w: (-len(w), w)))


@lru_cache(maxsize=8)
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source, re.I)


_FINDERS: tuple[Callable[[Draft, Clues], Iterable[Mark]], ...] = (
    find_contacts,
    find_full_numbers,
    find_dates,
    find_phones,
    find_houses,
    _find_addresses,
    find_employers,
    _find_jobs,
    find_ages,
    find_places,
    find_names,
    _find_roman_names,
)
"""the surer come first: what one has marked no later one does"""
