"""Which help lines a card shows, and in what words: by topic, country and hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.content.resources import COUNTRIES, NATIONS, Line, Resources

PAIRED = ("men_domestic_abuse",)
"""topics whose first line is shown beside the general one: women's and men's lines as a pair"""
WITH_PAIR = frozenset({"domestic_abuse", "coercive_control"})
_NIGHT = (22, 6)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One number on a card, ready for the template."""

    prefix: str
    """`UK`, or `UK, Samaritans`"""
    number: str
    after: str
    """what follows the number: by text, free, open or when it opens"""
    line: Line | None = None


def country_name(country: str) -> str:
    """Return the name shown for a country code; the code itself when it is unknown."""
    return COUNTRIES.get(country, country)


def emergency_line(resources: Resources, country: str, texts: Mapping[str, Any]) -> ShownLine | None:
    """Return the country's emergency number as shown, or None where none is known."""
    line = resources.emergency(country)
    if line is None or not line.contacts:
        return None
    return ShownLine(country_name(country), line.contacts[0].number, str(texts["emergency_after"]), line)


def priority_lines(
    resources: Resources,
    topics: Sequence[str],
    country: str,
    now: dt.datetime,
    texts: Mapping[str, Any],
    *,
    young: bool,
) -> tuple[ShownLine, ...]:
    """Return the one line that comes first, with its pair where women and men, or adults and young people, differ."""
    wanted = ("child_safety", *topics) if young else tuple(topics)
    ordered = by_hour(resources.find(wanted, country, now.date()), now)
    general = [r for r in ordered if "men_domestic_abuse" not in r.topics and r.country == country and r.nation is None]
    if not general:
        return ()
    shown = [show(general[0], now, texts)]
    if not young and WITH_PAIR & set(topics):
        men = [r for r in resources.find(PAIRED, country, now.date()) if r.country == country]
        if men:
            shown = [
                show(general[0], now, texts, label=str(texts["for_women"]))
                if "womens" in _audience(general[0])
                else shown[0]
            ]
            shown.append(show(by_hour(men, now)[0], now, texts, label=str(texts["for_men"])))
    return tuple(shown)


def _audience(line: Line) -> str:
    """Return `womens` for lines known to be for women; the data names them by id."""
    return "womens" if line.id in {"gb-national-domestic-abuse-helpline", "gb-womens-aid", "nz-womens-refuge"} else ""


def by_hour(lines: Sequence[Line], now: dt.datetime) -> list[Line]:
    """Return `lines` with those open now first; at night those reached by text come before calls."""

    def key(line: Line) -> tuple[int, int]:
        is_open = line.is_open(now)
        closed = 1 if is_open is False else 0
        hour = now.astimezone(ZoneInfo(line.zone or "UTC")).hour
        night = hour >= _NIGHT[0] or hour < _NIGHT[1]
        written = any(c.way != "call" for c in line.contacts)
        return closed, 0 if night and written and line.hours == "24/7" else 1 if night else 0

    return sorted(lines, key=key)


def show(line: Line, now: dt.datetime, texts: Mapping[str, Any], label: str | None = None) -> ShownLine:
    """Return a line as shown: who, number, cost, hours."""
    contact = line.contacts[0]
    prefix = f"{country_name(line.country)}, {line.name}" + (f" ({label})" if label else "")
    if line.nation is not None:
        prefix = f"{NATIONS[line.nation]}, {line.name}"
    after = str(texts["by_text"]) if contact.way == "text" else ""
    if line.cost == "free":
        after += str(texts["free"])
    after += hours_text(line, now, texts)
    if line.is_stale(now.date()):
        after += str(texts["last_checked"]).format(date=line.checked.isoformat())
    return ShownLine(prefix, contact.number, after, line)


def hours_text(line: Line, now: dt.datetime, texts: Mapping[str, Any]) -> str:
    """Return when the line is open, in its own clock."""
    if line.hours == "24/7":
        return str(texts["open_all_hours"])
    is_open = line.is_open(now)
    if is_open is None:
        return str(texts["hours_unknown"])
    if is_open:
        return str(texts["open_now"])
    opens = line.next_change(now)
    if opens is None:
        return str(texts["hours_unknown"])
    local = now.astimezone(opens.tzinfo)
    when = opens.strftime("%H:%M") if opens.date() == local.date() else opens.strftime("%A %H:%M")
    return str(texts["opens_at"]).format(when=when)
