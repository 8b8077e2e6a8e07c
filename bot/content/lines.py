"""Which help lines a card shows, and in what words: by topic, place and hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.content.places import NATIONS, place_name, split_place
from bot.content.resources import Contact, Line, Resources

_DEFAULT_NATION = "eng"
"""shown, with its name, while a UK reader has not said which nation"""
_WITH_PAIR = frozenset({"domestic_abuse", "coercive_control"})
_MENS = ("men_domestic_abuse",)
_ALWAYS = ("crisis", "suicide")
"""topics whose lines answer day and night"""
_NIGHT = (22, 6)


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when a card is read."""

    place: str
    """a code of `places.PLACES`"""
    now: dt.datetime
    """aware"""
    zone: ZoneInfo | None
    """the reader's, where it is known"""

    @property
    def is_night(self) -> bool:
        """Tell whether it is between 22:00 and 06:00 for the reader; False where their zone is not known."""
        if self.zone is None:
            return False
        hour = self.now.astimezone(self.zone).hour
        return hour >= _NIGHT[0] or hour < _NIGHT[1]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One number on a card, ready for the template."""

    prefix: str
    """`UK`, or `UK, Samaritans`"""
    number: str
    after: str
    """what follows the number: by text, free, open or when it opens"""
    line: Line
    way: str = "call"


def emergency_line(resources: Resources, here: Here, texts: Mapping[str, Any]) -> ShownLine | None:
    """Return the place's emergency number as shown, or None where none is known."""
    line = resources.emergency(here.place)
    if line is None or not line.contacts:
        return None
    after = str(texts["emergency_after"]) + _last_checked(line, here, texts)
    return ShownLine(place_name(split_place(here.place)[0]), line.contacts[0].number, after, line)


def priority_lines(
    resources: Resources,
    topics: Sequence[str],
    here: Here,
    texts: Mapping[str, Any],
    *,
    young: bool,
    doer: bool = False,
) -> tuple[ShownLine, ...]:
    """Return the one line that comes first, with its pair where women and men, or adults and young people, differ.

    `doer` says that the reader is the one who does the harm: an adult among them gets no line made for the young.
    Where a place has no line for `topics`, one that listens at any hour stands in.
    """
    wanted = ("child_safety", *topics) if young else tuple(topics)
    fits = {None, "women"} | ({"young"} if young or ("child_safety" in wanted and not doer) else set())
    general = [r for r in _of_place(resources, wanted, here) if r.audience in fits and not set(_MENS) & set(r.topics)]
    listening = [r for r in _of_place(resources, _ALWAYS, here) if r.is_open(here.now) and r.audience is None]
    if not general:
        return tuple(show(r, here, texts) for r in listening[:1])
    first = general[0]
    if first.audience == "women" and not young and _WITH_PAIR & set(topics):
        # Where no line is made for men, one that is made for anybody.
        men = [*_of_place(resources, _MENS, here), *(r for r in general if r.audience is None)]
        if men:
            label = str(texts["for_men"]) if men[0].audience == "men" else None
            women = show(first, here, texts, label=str(texts["for_women"]))
            return women, show(men[0], here, texts, label=label)
    beside: Line | None = None
    if "child_safety" in wanted and not young and not doer:
        beside = next((r for r in general if (r.audience == "young") != (first.audience == "young")), None)
    if beside is None and not first.is_open(here.now):
        # A line that is closed, or may be, never stands alone: the nearest one that answers now is beside it.
        beside = next((r for r in listening if r is not first), None)
    return (show(first, here, texts), *([show(beside, here, texts)] if beside is not None else []))


def _of_place(resources: Resources, topics: Sequence[str], here: Here) -> list[Line]:
    """Return the lines that serve a place, best for the hour first; England's where the UK's nation is not known."""
    country, nation = split_place(here.place)
    return [
        r
        for r in by_hour(resources.find(topics, here.place, here.now.date()), topics, here)
        if r.country == country and (nation is not None or not r.nations or _DEFAULT_NATION in r.nations)
    ]


def by_hour(lines: Sequence[Line], topics: Sequence[str], here: Here) -> list[Line]:
    """Return `lines` with those open now first, then by topic; at night those to write to come before calls."""

    def key(line: Line) -> tuple[bool, int, bool]:
        rank = min((i for i, t in enumerate(topics) if t in line.topics), default=len(topics))
        return line.is_open(here.now) is False, rank, here.is_night and contact_for(line, here).way == "call"

    return sorted(lines, key=key)


def show(line: Line, here: Here, texts: Mapping[str, Any], label: str | None = None) -> ShownLine:
    """Return a line as shown: who, number, cost, hours."""
    contact = contact_for(line, here)
    where = " and ".join(NATIONS[n] for n in line.nations) or place_name(line.country)
    prefix = f"{where}, {line.name}" + (f" ({label})" if label else "")
    after = str(texts["by_way"].get(contact.way, ""))
    if contact.keyword is not None:
        after += str(texts["by_keyword"]).format(word=contact.keyword)
    if line.cost == "free":
        after += str(texts["free"])
    if contact.hours is not None and line.is_open(here.now, contact):
        after += str(texts["open_now"])
    else:
        after += hours_text(line, here, texts)
    return ShownLine(prefix, contact.number, after + _last_checked(line, here, texts), line, contact.way)


def _last_checked(line: Line, here: Here, texts: Mapping[str, Any]) -> str:
    """Return when a line was checked, where that is too long ago and it is shown all the same."""
    if not line.is_stale(here.now.date()):
        return ""
    return str(texts["last_checked"]).format(date=line.checked.isoformat())


def contact_for(line: Line, here: Here) -> Contact:
    """Return the way in that is shown: at night one that makes no sound, where the line has it and it is open."""
    silent = [c for c in line.contacts if c.way != "call" and line.is_open(here.now, c)]
    return silent[0] if here.is_night and silent else line.contacts[0]


def hours_text(line: Line, here: Here, texts: Mapping[str, Any]) -> str:
    """Return when the line is open, in its own clock, and in the reader's where that is known and differs."""
    if line.hours == "24/7":
        return str(texts["open_all_hours"])
    is_open = line.is_open(here.now)
    if is_open is None:
        return str(texts["hours_unknown"])
    if is_open:
        return str(texts["open_now"])
    opens = line.next_change(here.now)
    if opens is None:
        return str(texts["hours_unknown"])
    text = str(texts["opens_at"]).format(when=_when(opens, here.now))
    if here.zone is not None:
        yours = opens.astimezone(here.zone)
        if yours.replace(tzinfo=None) != opens.replace(tzinfo=None):
            text += str(texts["your_time"]).format(when=_when(yours, here.now))
    return text


def _when(moment: dt.datetime, now: dt.datetime) -> str:
    """Return `09:00`, with the day of the week where that is not today in the moment's own zone."""
    today = now.astimezone(moment.tzinfo).date()
    return moment.strftime("%H:%M") if moment.date() == today else moment.strftime("%A %H:%M")
