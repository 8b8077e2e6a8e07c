"""Opening hours in OSM's syntax, read in the clock of the line and with the public holidays of its country."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours

ALWAYS = "24/7"
_HOLIDAYS_KNOWN = frozenset({"GB", "IE", "BD", "US", "CA", "AU", "NZ"})
"""of our countries those whose public holidays the parser knows"""


@lru_cache(maxsize=512)
def parse_hours(hours: str, country: str | None) -> OpeningHours:
    """Return `hours` parsed; `country` (ISO 3166 alpha-2, or None) says which days are public holidays (PH).

    Raises whatever the parser raises: the loader turns it into a problem of the file.
    """
    return OpeningHours(hours, country=country if country in _HOLIDAYS_KNOWN else None)


def open_at(hours: str | None, country: str | None, zone: str | None, now: dt.datetime) -> bool | None:
    """Tell whether it is within `hours` at `now` (aware); None when the hours are unknown."""
    if hours is None:
        return None
    if hours == ALWAYS:
        return True
    local = now.astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None)
    return bool(parse_hours(hours, country).is_open(local))


def change_after(hours: str | None, country: str | None, zone: str | None, now: dt.datetime) -> dt.datetime | None:
    """Return when a closed line opens (or an open one closes), aware in the line's zone; None when unknown."""
    if hours is None or hours == ALWAYS:
        return None
    clock = ZoneInfo(zone or "UTC")
    change = parse_hours(hours, country).next_change(now.astimezone(clock).replace(tzinfo=None))
    return change.replace(tzinfo=clock) if isinstance(change, dt.datetime) else None
