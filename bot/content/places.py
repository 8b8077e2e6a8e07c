"""Countries, the nations of the UK, and their clocks: the places a reader can tap."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

COUNTRIES: Mapping[str, str] = {
    "GB": "UK", "IE": "Ireland", "IN": "India", "PK": "Pakistan", "BD": "Bangladesh", "LK": "Sri Lanka", "NP": "Nepal",
    "US": "USA", "CA": "Canada", "AU": "Australia", "NZ": "New Zealand", "AE": "UAE",
}  # fmt: skip
"""countries with checked lines, in the order the picker shows them, and the name shown"""
NATIONS: Mapping[str, str] = {"eng": "England", "sct": "Scotland", "wls": "Wales", "nir": "N. Ireland"}
"""the UK's nations, as `nations:` in resources.yaml calls them"""
_NATION_CODES: Mapping[str, str] = {"Ge": "eng", "Gs": "sct", "Gw": "wls", "Gn": "nir"}
"""places of two letters, as buttons carry them: a country in capitals, or a nation of the UK"""
PLACES: Mapping[str, str] = {
    "GB": "UK",
    **{code: NATIONS[nation] for code, nation in _NATION_CODES.items()},
    **{code: name for code, name in COUNTRIES.items() if code != "GB"},
}
"""every place that can be tapped, and the name shown"""
_ONE_ZONE: Mapping[str, str] = {
    "GB": "Europe/London", "IE": "Europe/Dublin", "IN": "Asia/Kolkata", "PK": "Asia/Karachi", "BD": "Asia/Dhaka",
    "LK": "Asia/Colombo", "NP": "Asia/Kathmandu", "AE": "Asia/Dubai", "NZ": "Pacific/Auckland",
}  # fmt: skip
"""countries in which nearly everybody lives in one time zone (IANA zone1970.tab)"""


def split_place(place: str) -> tuple[str, str | None]:
    """Return (country code, nation of the UK or None) of a place; an unknown one is its own country."""
    nation = _NATION_CODES.get(place)
    return ("GB", nation) if nation is not None else (place, None)


def place_name(place: str) -> str:
    """Return the name shown for a place; the code itself when it is unknown."""
    return PLACES.get(place, place)


def zone_of(place: str) -> ZoneInfo | None:
    """Return the time zone of a place, or None where it has several."""
    name = _ONE_ZONE.get(split_place(place)[0])
    return ZoneInfo(name) if name is not None else None
