"""Help lines and services: the facts of `responses/resources.yaml`, chosen by need, place and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.content.hours import change_after, open_at
from bot.content.places import split_place

CHAT = "chat"
WAYS = ("call", "text", "whatsapp", CHAT)
ANYWHERE = "INT"
EMERGENCY = "emergency"
CRISIS = frozenset({"crisis", "suicide"})


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a line."""

    way: str
    number: str
    """as shown and copied; of a chat its web address, without https://"""
    e164: str | None = None
    label: str | None = None
    keyword: str | None = None
    """the word to send, where a text line asks for one"""
    hours: str | None = None
    """where they differ from the line's"""


@dataclass(frozen=True, slots=True)
class Line:
    """One help line or service."""

    id: str
    name: str
    country: str
    """ISO 3166 alpha-2, or INT"""
    topics: tuple[str, ...]
    confidence: str
    contacts: tuple[Contact, ...]
    web: str | None
    hours: str | None
    """OSM opening_hours in `zone`; None when unknown"""
    zone: str | None
    languages: tuple[str, ...]
    cost: str | None
    bill: str
    """what is known of the phone bill; `unknown` is shown as that"""
    checked: dt.date
    check_by: dt.date
    nations: tuple[str, ...] = ()
    """the UK's nations it serves; empty for a whole country"""
    audience: str | None = None
    """one of AUDIENCES where the line is made for them; None for anyone"""
    name_needed: str = "unknown"
    ring_back: str = "unknown"
    run_by: str = "unknown"
    confidence_note: str = "unknown"
    """what the service says on keeping a call to itself"""

    def is_stale(self, today: dt.date) -> bool:
        """Tell whether nobody has checked this line since `check_by`."""
        return today > self.check_by

    @property
    def has_number(self) -> bool:
        """Tell whether it can be called or written to; a chat is a web address."""
        return any(c.way != CHAT for c in self.contacts)

    def is_open(self, now: dt.datetime, contact: Contact | None = None) -> bool | None:
        """Tell whether the line (or one way to reach it) is open at `now` (aware); None when its hours are unknown."""
        hours = contact.hours if contact is not None and contact.hours is not None else self.hours
        return open_at(hours, self._holidays, self.zone, now)

    def next_change(self, now: dt.datetime) -> dt.datetime | None:
        """Return when a closed line opens (or an open one closes), aware in the line's zone; None when unknown."""
        return change_after(self.hours, self._holidays, self.zone, now)

    @property
    def _holidays(self) -> str | None:
        return self.country if self.country != ANYWHERE else None


@dataclass(frozen=True, slots=True)
class Resources:
    """All lines, in file order: the order in which they are offered."""

    lines: tuple[Line, ...]
    compiled: dt.date

    def emergency(self, place: str) -> Line | None:
        """Return the emergency line of a place; never hidden."""
        country, _ = split_place(place)
        return next((r for r in self.lines if r.country == country and EMERGENCY in r.topics), None)

    def never_hides(self, line: Line) -> bool:
        """Tell whether a line is shown however old: an emergency number, and the first crisis line of a country."""
        if EMERGENCY in line.topics:
            return True
        own = [r for r in self.lines if r.country == line.country and CRISIS.intersection(r.topics)]
        return line in sorted(own, key=lambda r: not r.has_number)[:1]

    def is_hidden(self, line: Line, today: dt.date) -> bool:
        """Tell whether a line may no longer be shown: nobody has checked it since its `check_by`."""
        return line.is_stale(today) and not self.never_hides(line)

    def find(self, topics: Sequence[str], place: str, today: dt.date, *, with_number: bool = True) -> tuple[Line, ...]:
        """Return the lines of a place for `topics`, the first topic's first, stale ones left out.

        Where the nation is known its own lines stand before the whole country's, and other nations' are left out.
        """
        country, nation = split_place(place)
        found: list[Line] = []
        for topic in topics:
            here = [r for r in self.lines if topic in r.topics and r.country in {country, ANYWHERE}]
            here = [r for r in here if nation is None or not r.nations or nation in r.nations]
            here.sort(key=lambda r: (r.country == ANYWHERE, nation is not None and not r.nations))
            for line in here:
                if line not in found and line.has_number == with_number and not self.is_hidden(line, today):
                    found.append(line)
        return tuple(found)
