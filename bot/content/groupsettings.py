"""What a group's admins can choose, as a value: read from stored settings, changed field by field, checked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import phonenumbers

from bot.content.places import PLACES, split_place

CLEAR_MINUTES = (10, 60, 720, 0)
"""after how long our cards in the group are cleared; 0 leaves them"""
COMMANDS = ("ask", "help")
PARTS = 3
"""of a typed local service: name, contact, date"""
LONGEST_NAME = 60
LONGEST_LINE = 160
LONGEST_DAYS = 366
_SWITCHES = ("public", "welcome", "weekly", "box")
_PLAIN = re.compile(r"[^<>{}\[\]\\`|]+")


@dataclass(frozen=True, slots=True)
class LocalService:
    """A group's own local service."""

    name: str
    contact: str
    """a phone number as typed, or an https address"""
    until: dt.date
    """hidden from the day after"""


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """Everything that is off until chosen is off here."""

    lang: str = "en"
    country: str | None = None
    public: bool = False
    """general questions are answered in the group"""
    minutes: int = 60
    """until our cards in the group are cleared; 0 leaves them"""
    welcome: bool = False
    weekly: bool = False
    box: bool = False
    topic: int | None = None
    """forum thread where cards that nobody asked for go"""
    off: frozenset[str] = frozenset()
    local: LocalService | None = None
    warned: bool = False
    """the admins were told once that an admin bot receives every message"""
    prompted: int = 0
    """ISO week (year * 100 + week) of the last weekly card"""

    def change(self, field: str, value: str, languages: Mapping[str, object]) -> GroupSettings | None:
        """Return the settings with one field changed by a button, or None where field or value is no choice."""
        if field in _SWITCHES and value in {"0", "1"}:
            change: dict[str, Any] = {field: value == "1"}
            return replace(self, **change)
        if field == "minutes" and value in map(str, CLEAR_MINUTES):
            return replace(self, minutes=int(value))
        if field == "lang" and value in languages:
            return replace(self, lang=value)
        if field == "country" and (value in PLACES or value == "--"):
            return replace(self, country=None if value == "--" else value)
        if field == "topic" and value.isdigit():
            return replace(self, topic=int(value) or None)
        if field == "off" and value.rstrip("01") in COMMANDS:
            return self._switch(value)
        if field == "local" and value == "0":
            return replace(self, local=None)
        return None

    def _switch(self, value: str) -> GroupSettings:
        """Return the settings with a command on (`ask1`), off (`ask0`), or the other way round (`ask`)."""
        command = {value.rstrip("01")}
        on = value.endswith("1") if value[-1].isdigit() else command <= self.off
        return replace(self, off=self.off - command if on else self.off | command)

    def service(self, today: dt.date) -> LocalService | None:
        """Return the local service while it is valid."""
        return self.local if self.local is not None and today <= self.local.until else None


def read_settings(data: Mapping[str, Any]) -> GroupSettings:
    """Return stored settings; what is missing or no longer known is the default."""
    base = GroupSettings()
    local = data.get("local")
    service = None
    if isinstance(local, Mapping):
        try:
            service = LocalService(
                str(local["name"]), str(local["contact"]), dt.date.fromisoformat(str(local["until"]))
            )
        except (KeyError, ValueError):
            service = None
    return GroupSettings(
        lang=str(data.get("lang", base.lang)),
        country=data.get("country") if data.get("country") in PLACES else None,
        public=bool(data.get("public")),
        minutes=int(data.get("minutes", base.minutes)),
        welcome=bool(data.get("welcome")),
        weekly=bool(data.get("weekly")),
        box=bool(data.get("box")),
        topic=int(data["topic"]) if data.get("topic") else None,
        off=frozenset(c for c in data.get("off", ()) if c in COMMANDS),
        local=service,
        warned=bool(data.get("warned")),
        prompted=int(data.get("prompted", 0)),
    )


def write_settings(settings: GroupSettings) -> dict[str, Any]:
    """Return the settings as stored."""
    local = settings.local
    return {
        "lang": settings.lang, "country": settings.country, "public": settings.public, "minutes": settings.minutes,
        "welcome": settings.welcome, "weekly": settings.weekly, "box": settings.box, "topic": settings.topic,
        "off": sorted(settings.off), "warned": settings.warned, "prompted": settings.prompted,
        "local": None if local is None else
        {"name": local.name, "contact": local.contact, "until": local.until.isoformat()},
    }  # fmt: skip


def read_service(line: str, place: str, today: dt.date) -> LocalService | str:
    """Return the service in a typed line `name; phone or https address; date`, or the key of a text on what is wrong.

    The number must be valid in the group's country (phonenumbers), the date lie within a year.
    """
    if len(line) > LONGEST_LINE or not _PLAIN.fullmatch(line):
        return "local_shape"
    parts = [part.strip() for part in line.split(";")]
    if len(parts) != PARTS or not all(parts) or len(parts[0]) > LONGEST_NAME:
        return "local_shape"
    name, contact, date = parts
    if contact.startswith("http"):
        if not re.fullmatch(r"https://[\w.-]+\.[a-z]{2,}(/[\w./-]*)?", contact):
            return "local_contact"
    else:
        try:
            number = phonenumbers.parse(contact, split_place(place)[0])
        except phonenumbers.NumberParseException:
            return "local_contact"
        if not phonenumbers.is_valid_number(number):
            return "local_contact"
    try:
        until = dt.date.fromisoformat(date)
    except ValueError:
        return "local_date"
    if not today <= until <= today + dt.timedelta(days=LONGEST_DAYS):
        return "local_date"
    return LocalService(name, contact, until)
