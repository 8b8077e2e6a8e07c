"""What a reader is shown: text in Telegram's HTML and buttons; no Telegram in here."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.values import Direction


@dataclass(frozen=True, slots=True)
class Target:
    """Where a button leads, and the state that rides in it."""

    node: str
    """an intent id, topics, tools, tidy, or `<kind>:<name>`: care, page, group, lines, line, where, alt, tool, about"""
    direction: Direction = Direction.NONE
    country: str | None = None
    """the place tapped: a code of `places.PLACES`"""
    emergency: bool = False
    under_18: bool = False
    asked_danger: bool = False
    lang: str = "en"
    """language of the reply: a tag of `Library.languages`"""
    back: str | None = None
    """code of the node that this one was reached from"""


@dataclass(frozen=True, slots=True)
class Button:
    """One button: exactly one of target, url and copy is set."""

    label: str
    target: Target | None = None
    url: str | None = None
    copy: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of ours."""

    html: str
    rows: tuple[tuple[Button, ...], ...] = field(default=())
    care: bool = False
    """a card of safety or help lines: takes the fast lane, may be copied from"""
    node: str | None = None
    """what the card is about; kept as context without text"""
