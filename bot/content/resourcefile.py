"""`responses/resources.yaml` to checked values: whatever is wrong with an entry is named, and nothing starts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from bot.content.hours import parse_hours
from bot.content.places import COUNTRIES, NATIONS
from bot.content.resources import ANYWHERE, CHAT, EMERGENCY, WAYS, Contact, Line, Resources
from bot.content.yamlfile import read_yaml

NAME = "responses/resources.yaml"
SHOWABLE = frozenset({"high", "medium", "emergency"})
AUDIENCES = ("women", "men", "lgbt", "young")
_TEXTS = ("name", "country", "confidence")
_FACTS = ("bill", "name_needed", "ring_back", "run_by", "confidence_note")
"""texts that are `unknown` where nothing stands"""
_OPTIONAL = ("web", "hours", "zone", "cost", "audience", *_FACTS)
_LISTS = ("topics", "nations", "languages")
_KEYS = frozenset({"id", *_TEXTS, *_OPTIONAL, *_LISTS, "contacts", "checked", "check_by"})
_CONTACT_KEYS = frozenset({"way", "number", "e164", "label", "keyword", "hours"})
_LONGEST_CODE = 7
"""digits of a short code; a longer number is a full one"""


def load_resources(root: Path) -> tuple[Resources, tuple[str, ...]]:
    """Return the resources under `root`/responses and their problems."""
    data, problem = read_yaml(root / NAME, root)
    if problem or not isinstance(data, dict) or not isinstance(data.get("lines"), list):
        return Resources((), dt.date.min), (problem or f"{NAME}: must hold `lines:`",)
    problems: list[str] = []
    rejected = tuple(_rejected(data.get("rejected", ()), problems))
    lines: list[Line] = []
    for item in data["lines"]:
        line = _line(item, problems)
        if line is not None:
            lines.append(line)
            for contact in line.contacts:
                problems.extend(f"{NAME}: {line.id}: {p}" for p in _contact_problems(line, contact, rejected))
    problems.extend(
        f"{NAME}: {country} has no emergency number; add one with topic `emergency`"
        for country in COUNTRIES
        if not any(r.country == country and EMERGENCY in r.topics and r.has_number for r in lines)
    )
    ids = [r.id for r in lines]
    problems.extend(f"{NAME}: id `{i}` stands twice" for i in sorted({i for i in ids if ids.count(i) > 1}))
    compiled = data.get("compiled")
    if not isinstance(compiled, dt.date):
        problems.append(f"{NAME}: `compiled` must be a date such as 2026-11-22")
        compiled = dt.date.min
    return Resources(tuple(lines), compiled), tuple(problems)


def _rejected(items: Any, problems: list[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield (wrong number, ids of the lines for which it is right all the same)."""
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("number"), str) and isinstance(item.get("claimed_for"), str):
            yield item["number"], frozenset(map(str, item.get("right_for", ())))
        else:
            problems.append(f"{NAME}: each entry of `rejected` needs `number` and `claimed_for`, both quoted")


def _line(item: Any, problems: list[str]) -> Line | None:
    """Return one entry, or None where it is too broken to be one; what is wrong is added to `problems`."""
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        problems.append(f"{NAME}: an entry without `id`")
        return None
    name = f"{NAME}: {item['id']}"
    bad = _shape(item)
    if bad is not None:
        problems.append(f"{name}: {bad}")
        return None
    values: dict[str, Any] = {key: item.get(key) for key in ("id", *_TEXTS, *_OPTIONAL, "checked", "check_by")}
    values |= {key: tuple(item.get(key, ())) for key in _LISTS}
    values |= {key: item.get(key, "unknown") for key in _FACTS}
    line = Line(**values, contacts=tuple(Contact(**c) for c in item.get("contacts", ())))
    problems.extend(f"{name}: {p}" for p in _line_problems(line))
    return line


def _shape(item: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the keys or the kinds of values of an entry."""
    unknown = sorted(set(map(str, item)) - _KEYS)
    if unknown:
        return f"unknown key `{unknown[0]}`"
    for key in _TEXTS:
        if not isinstance(item.get(key), str):
            return f"`{key}` is missing or malformed"
    for key in _OPTIONAL:
        if key in item and not isinstance(item[key], str):
            return f"`{key}` must be quoted text"
    for key in _LISTS:
        value = item.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value) or (key == "topics" and not value):
            return f"`{key}` is missing or malformed"
    if not _is_date(item.get("checked")) or not _is_date(item.get("check_by")):
        return "`checked` and `check_by` must be dates such as 2026-11-22"
    contacts = item.get("contacts", [])
    if not isinstance(contacts, list):
        return "`contacts` is missing or malformed"
    for contact in contacts:
        if not isinstance(contact, dict) or set(contact) - _CONTACT_KEYS or not {"way", "number"} <= set(contact):
            return "each of `contacts` needs `way` and `number`, and may have e164, label, keyword and hours"
        if not all(isinstance(v, str) for v in contact.values()):
            return "what stands in `contacts` must be quoted text"
    return None


def _is_date(value: Any) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _line_problems(line: Line) -> Iterator[str]:
    if line.country not in COUNTRIES and line.country != ANYWHERE:
        yield f"unknown country `{line.country}`"
    if line.audience not in {None, *AUDIENCES} or set(line.nations) - set(NATIONS):
        yield f"`audience` is one of {', '.join(AUDIENCES)}; `nations` are {', '.join(NATIONS)}"
    if line.confidence not in SHOWABLE and line.has_number:
        yield "a number may be shown only with confidence high, medium or emergency"
    if line.confidence == EMERGENCY and EMERGENCY not in line.topics:
        yield "confidence `emergency` is for emergency numbers only"
    if line.web is not None and not re.fullmatch(r"https://[^\s<>\"]+", line.web):
        yield "`web` must be an https address"
    if line.check_by < line.checked:
        yield "`check_by` lies before `checked`"
    yield from _hours_problems(line)


def _hours_problems(line: Line) -> Iterator[str]:
    try:
        if line.zone is not None:
            ZoneInfo(line.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"unknown time zone `{line.zone}`"
    for hours in (line.hours, *(c.hours for c in line.contacts)):
        if hours is None:
            continue
        try:
            parse_hours(hours, None)
        except Exception as error:  # noqa: BLE001, RUF100 - the parser raises an error class of its own
            yield f"hours `{hours}` do not parse as OSM opening_hours ({type(error).__name__})"
        if hours != "24/7" and line.zone is None:
            yield "hours need a `zone`"


def _contact_problems(line: Line, contact: Contact, rejected: tuple[tuple[str, frozenset[str]], ...]) -> Iterator[str]:
    if contact.way not in WAYS:
        yield f"{contact.number}: way must be one of {', '.join(WAYS)}"
    elif contact.way == CHAT:
        if line.web is None or not line.web.removeprefix("https://").removeprefix("www.").startswith(contact.number):
            yield f"{contact.number}: a chat is the beginning of the line's `web` address, without https:// and www."
    elif not _is_valid(contact, line.country, emergency=EMERGENCY in line.topics):
        yield f"{contact.number}: is no valid number of {line.country} ({contact.e164 or 'no e164'})"
    else:
        own = {_plain(contact.number, line.country), _plain(contact.e164 or "", line.country)}
        for number, right_for in rejected:
            if _plain(number, line.country) in own and line.id not in right_for:
                yield f"{contact.number}: is on the list of wrong numbers"


def _is_valid(contact: Contact, country: str, *, emergency: bool) -> bool:
    """Tell whether a full number agrees with its E.164 form, or a short code is one of its country.

    Not every short code is in the library's tables: where it is no emergency number it must only be a possible one.
    """
    try:
        number = phonenumbers.parse(contact.number, country)
        if contact.e164 is None:
            code = re.fullmatch(rf"\d(?: ?\d){{1,{_LONGEST_CODE - 1}}}", contact.number) is not None
            if emergency:
                return code and phonenumbers.is_valid_short_number_for_region(number, country)
            return code and phonenumbers.is_possible_short_number_for_region(number, country)
        full = phonenumbers.parse(contact.e164)
    except phonenumbers.NumberParseException:
        return False
    e164 = phonenumbers.format_number(full, phonenumbers.PhoneNumberFormat.E164)
    return phonenumbers.is_valid_number_for_region(full, country) and full == number and e164 == contact.e164


def _plain(number: str, country: str) -> str:
    """Return the digits of a number as dialled within `country`, without a leading 0, so that spellings compare."""
    try:
        return str(phonenumbers.parse(number, country).national_number)
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", number).lstrip("0")
