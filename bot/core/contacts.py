"""Passages of a draft that lead straight to somebody: handles, numbers, mail addresses, links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.clues import Clues, Draft, Kind, Mark

_EMAIL = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[\w.+-]+ ?(?:\(at\)|\[at\]| at ) ?[\w-]+ ?(?:\(dot\)|\[dot\]| dot ) ?[a-z]{2,}\b",
    re.I,
)
_LINK = re.compile(
    r"\b(?:https?://|www\.)[^\s<>]+"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|org|net|co\.uk|org\.uk|ac\.uk|gov\.uk|sch\.uk|io|app|info)\b(?:/[^\s<>]*)?"
    r"|\b(?:[a-z0-9-]+\.)+[a-z]{2,6}/[^\s<>]+",
    re.I,
)
_HANDLE = re.compile(r"(?<![\w@.])@[\w.]*\w|(?<!\w)/?u/[\w-]{3,}|\b(?=\w*[^\W\d_])\w+_\w+\b|\b[^\W\d_]{3,}\d{2,}\w*\b")
_ACCOUNT = re.compile(
    r"\b(?:insta(?:gram)?|ig|snap(?:chat)?|tiktok|twitter|telegram|discord|fb|facebook|username|handle)"
    r"(?: (?:id|handle|name|username|account|acc))?(?: is |: ?| ?= ?)([\w.]{3,}\w)",
    re.I,
)
_PHONE = re.compile(r"(?<![\w+])\+?\(?\d[\d \t().\u2010-\u2013/-]{5,}\d(?!\w)")
_DATE = re.compile(r"\d{1,2}[ ./-]\d{1,2}[ ./-]\d{2,4}\b")
_SPOKEN = re.compile(
    r"\b(?:(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|double|triple)(?:[ ,-]+|\b)){7,}", re.I
)
_FEWEST_DIGITS = 7
_SURE_DIGITS = 9


def find_contacts(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield mail addresses, links and handles."""
    for match in _EMAIL.finditer(draft.text):
        yield Mark(match.start(), match.end(), Kind.EMAIL, clues.softer["email"])
    for match in _LINK.finditer(draft.text):
        end = match.start() + len(match.group().rstrip(".,;:!?)'\""))
        yield Mark(match.start(), end, Kind.LINK, clues.softer["link"])
    for match in _HANDLE.finditer(draft.text):
        yield Mark(match.start(), match.end(), Kind.HANDLE, clues.softer["handle"])
    for match in _ACCOUNT.finditer(draft.text):
        name = match.group(1).lower()
        if re.search(r"[\d_.]", name) or name not in clues.common:
            yield Mark(match.start(1), match.end(1), Kind.HANDLE, clues.softer["handle"])


def find_full_numbers(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield numbers that are phone numbers whatever they hold: a group of four digits in one is no year."""
    for match in _PHONE.finditer(draft.text):
        text = match.group().lstrip("(")
        if text[0] in "+0" and sum(ch.isdigit() for ch in text) >= _SURE_DIGITS and not _DATE.match(text):
            yield Mark(match.start(), match.end(), Kind.PHONE, clues.softer["phone"])


def find_phones(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield what else may be a phone number, also spoken ones; dates are looked for before."""
    for match in _PHONE.finditer(draft.text):
        digits = sum(ch.isdigit() for ch in match.group())
        sure = digits >= _SURE_DIGITS or (digits >= _FEWEST_DIGITS and match.group().lstrip("(")[0] in "+0")
        if sure:
            yield Mark(match.start(), match.end(), Kind.PHONE, clues.softer["phone"])
    for match in _SPOKEN.finditer(draft.text):
        end = match.start() + len(match.group().rstrip(" ,-"))
        yield Mark(match.start(), end, Kind.PHONE, clues.softer["phone"])
