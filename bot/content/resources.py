"""Help lines and services: facts from `responses/resources.yaml`, checked, and chosen by need, country and hour."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from opening_hours import OpeningHours

from bot.content.places import COUNTRIES, NATIONS, split_place
from bot.content.yamlfile import read_yaml

WAYS = ("call", "text", "whatsapp")
SHOWABLE = frozenset({"high", "medium", "emergency"})
ANYWHERE = "INT"
_NAME = "responses/resources.yaml"
AUDIENCES = ("women", "men", "lgbt", "young")
_KEYS = frozenset({"id", "name", "country", "nations", "audience", "topics", "confidence", "contacts", "web", "hours",
                   "zone", "languages", "cost", "bill", "name_needed", "ring_back", "run_by", "confidence_note",
                   "checked", "check_by"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a line."""

    way: str
    number: str
    """as shown and copied"""
    e164: str | None = None
    label: str | None = None


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

    def is_open(self, now: dt.datetime) -> bool | None:
        """Tell whether the line is open at `now` (aware); None when its hours are unknown."""
        if self.hours is None:
            return None
        if self.hours == "24/7":
            return True
        local = now.astimezone(ZoneInfo(self.zone or "UTC")).replace(tzinfo=None)
        return bool(OpeningHours(self.hours).is_open(local))

    def next_change(self, now: dt.datetime) -> dt.datetime | None:
        """Return when a closed line opens (or an open one closes), aware in the line's zone; None when unknown."""
        if self.hours in {None, "24/7"}:
            return None
        zone = ZoneInfo(self.zone or "UTC")
        change = OpeningHours(str(self.hours)).next_change(now.astimezone(zone).replace(tzinfo=None))
        return change.replace(tzinfo=zone) if isinstance(change, dt.datetime) else None


@dataclass(frozen=True, slots=True)
class Resources:
    """All lines, in file order: the order in which they are offered."""

    lines: tuple[Line, ...]
    rejected: frozenset[str]
    """digits of numbers known to be wrong"""
    compiled: dt.date

    def emergency(self, place: str) -> Line | None:
        """Return the emergency line of a place; never hidden."""
        country, _ = split_place(place)
        return next((r for r in self.lines if r.country == country and "emergency" in r.topics), None)

    def find(self, topics: Sequence[str], place: str, today: dt.date, *, with_number: bool = True) -> tuple[Line, ...]:
        """Return the lines of a place for `topics`, the first topic's first, stale ones left out.

        Where the nation is known its own lines stand before the whole country's, and other nations' are left out.
        The first crisis line of a country never hides.
        """
        country, nation = split_place(place)
        found: list[Line] = []
        for topic in topics:
            here = [r for r in self.lines if topic in r.topics and r.country in {country, ANYWHERE}]
            here = [r for r in here if nation is None or not r.nations or nation in r.nations]
            here.sort(key=lambda r: (r.country == ANYWHERE, nation is not None and not r.nations))
            for i, line in enumerate(here):
                keeps = topic in {"crisis", "suicide"} and i == 0
                if line in found or (line.is_stale(today) and not keeps):
                    continue
                if bool(line.contacts) == with_number:
                    found.append(line)
        return tuple(found)


def load_resources(root: Path) -> tuple[Resources, tuple[str, ...]]:
    """Return the resources under `root`/responses and their problems."""
    data, problem = read_yaml(root / "responses" / "resources.yaml", root)
    if problem or not isinstance(data, dict) or not isinstance(data.get("lines"), list):
        return Resources((), frozenset(), dt.date.min), (problem or f"{_NAME}: must hold `lines:`",)
    problems: list[str] = []
    rejected = frozenset(_digits(str(r["number"])) for r in data.get("rejected", ()))
    claims = {(_digits(str(r["number"])), str(r.get("claimed_for", ""))) for r in data.get("rejected", ())}
    lines: list[Line] = []
    for item in data["lines"]:
        line = _line(item, problems)
        if line is not None:
            lines.append(line)
            problems.extend(_contact_problems(line, claims))
    problems.extend(
        f"{_NAME}: {country} has no emergency number; add one with topic `emergency`"
        for country in COUNTRIES
        if not any(r.country == country and "emergency" in r.topics and r.contacts for r in lines)
    )
    ids = [r.id for r in lines]
    problems.extend(f"{_NAME}: id `{i}` stands twice" for i in sorted({i for i in ids if ids.count(i) > 1}))
    return Resources(tuple(lines), rejected, data.get("compiled", dt.date.min)), tuple(problems)


def _line(item: Any, problems: list[str]) -> Line | None:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        problems.append(f"{_NAME}: an entry without `id`")
        return None
    name = f"{_NAME}: {item['id']}"
    unknown = set(item) - _KEYS
    if unknown:
        problems.append(f"{name}: unknown key `{min(unknown)}`")
        return None
    try:
        contacts = tuple(
            Contact(c["way"], c["number"], c.get("e164"), c.get("label")) for c in item.get("contacts", ())
        )
        line = Line(
            id=item["id"], name=item["name"], country=item["country"], topics=tuple(item["topics"]),
            confidence=item["confidence"], contacts=contacts, web=item.get("web"), hours=item.get("hours"),
            zone=item.get("zone"), languages=tuple(item.get("languages", ())), cost=item.get("cost"),
            bill=item.get("bill", "unknown"), checked=item["checked"], check_by=item["check_by"],
            nations=tuple(item.get("nations", ())), audience=item.get("audience"),
            **{key: str(item.get(key, "unknown")) for key in ("name_needed", "ring_back", "run_by", "confidence_note")},
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        problems.append(f"{name}: {error} is missing or malformed")
        return None
    if line.country not in COUNTRIES and line.country != ANYWHERE:
        problems.append(f"{name}: unknown country `{line.country}`")
    if line.audience not in {None, *AUDIENCES} or set(line.nations) - set(NATIONS):
        problems.append(f"{name}: `audience` is one of {', '.join(AUDIENCES)}; `nations` are {', '.join(NATIONS)}")
    if not isinstance(line.checked, dt.date) or not isinstance(line.check_by, dt.date):
        problems.append(f"{name}: `checked` and `check_by` must be dates such as 2026-11-22")
        return None
    if line.confidence not in SHOWABLE and line.contacts:
        problems.append(f"{name}: a number may be shown only with confidence high, medium or emergency")
    if line.confidence == "emergency" and "emergency" not in line.topics:
        problems.append(f"{name}: confidence `emergency` is for emergency numbers only")
    if line.web is not None and not re.fullmatch(r"https://[^\s<>\"]+", line.web):
        problems.append(f"{name}: `web` must be an https address")
    problems.extend(_hours_problems(line))
    return line


def _hours_problems(line: Line) -> list[str]:
    name = f"{_NAME}: {line.id}"
    try:
        if line.zone is not None:
            ZoneInfo(line.zone)
        if line.hours is not None:
            OpeningHours(line.hours)
    except ZoneInfoNotFoundError:
        return [f"{name}: unknown time zone `{line.zone}`"]
    except Exception as error:  # noqa: BLE001, RUF100 - the parser raises an error class of its own
        return [f"{name}: hours `{line.hours}` do not parse as OSM opening_hours ({type(error).__name__})"]
    if line.hours not in {None, "24/7"} and line.zone is None:
        return [f"{name}: hours need a `zone`"]
    return []


def _contact_problems(line: Line, rejected: set[tuple[str, str]]) -> list[str]:
    problems: list[str] = []
    for contact in line.contacts:
        name = f"{_NAME}: {line.id}: {contact.number}"
        if contact.way not in WAYS:
            problems.append(f"{name}: way must be one of {', '.join(WAYS)}")
        digits = _digits(contact.number)
        for number, claimed in rejected:
            # A few rejected numbers are right for another service: they count with the name they were claimed for.
            if digits == number and any(w in line.name for w in claimed.split()[:1]):
                problems.append(f"{name}: is on the list of wrong numbers")
        if contact.e164 is not None:
            parsed = phonenumbers.parse(contact.e164)
            same = phonenumbers.parse(contact.number, line.country) if line.country != ANYWHERE else parsed
            if not phonenumbers.is_valid_number(parsed) or same != parsed:
                problems.append(f"{name}: is no valid number of {line.country} ({contact.e164})")
        elif len(digits) > 7 or not digits:
            problems.append(f"{name}: a full number needs `e164`")
    return problems


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)
