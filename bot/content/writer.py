"""What every card shares: rendering a template with the texts, the clock and the numbers."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from bot.content.answers import CARE, PAGES, Card
from bot.content.catalogue import Catalogue
from bot.content.lines import Here
from bot.content.places import zone_of
from bot.content.reply import Button, Target
from bot.core.values import Direction

PER_ROW = 2
_LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Writer:
    """Content and settings, no state of a reader."""

    catalogue: Catalogue
    now: Callable[[], dt.datetime]
    """the clock, aware"""
    country: str = "GB"
    """help lines shown while no other country was tapped"""
    zone: ZoneInfo = _LONDON
    """the clock of readers who tapped no country"""
    operator: str | None = None
    static_text: str = "If there is danger right now, please ring the emergency number of your country."
    """plain text of the last resort"""

    def number(self, line_id: str, *, abroad: bool = False) -> str:
        """Return the number of a line for a template: words never carry numbers of their own."""
        line = next(r for r in self.catalogue.resources.lines if r.id == line_id)
        contact = line.contacts[0]
        if abroad and contact.e164 is not None:
            parsed = phonenumbers.parse(contact.e164)
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return contact.number

    def node_label(self, node: str) -> str:
        """Return what a button calls an intent or a page."""
        kind, _, name = node.partition(":")
        return self.catalogue.library.cards[f"{PAGES}/{name}"].label if kind == "page" else self.catalogue.label(node)

    def here(self, state: Target) -> Here:
        """Return where and when a card is read: the tapped place with its zone, else the operator's."""
        if state.country is None:
            return Here(self.country, self._moment(), self.zone)
        return Here(state.country, self._moment(), zone_of(state.country))

    def _to(self, node: str, state: Target) -> Target:
        return replace(state, node=node, asked_danger=False)

    def _render(self, card: Card, direction: Direction, **values: object) -> str:
        first = self._first_line(card)
        html = self.catalogue.library.template(card.path).render(
            number=self.number,
            direction=direction.value,
            texts=self._texts,
            talk=card.talk,
            first=first,
            operator=self.operator,
            **values,
        )
        return html.strip()

    def _moment(self) -> dt.datetime:
        """Return the time; the day the lines were compiled where the clock fails, so that care never waits for it."""
        try:
            return self.now()
        except Exception:  # noqa: BLE001, RUF100 - whatever a broken clock raises
            return dt.datetime.combine(self.catalogue.resources.compiled, dt.time(12), dt.UTC)

    def _first_line(self, card: Card) -> str:
        if card.path.startswith(f"{CARE}/"):
            return self._text("first_care")
        lines = self._texts["first_lines"]
        return str(lines[zlib.crc32(card.path.encode()) % len(lines)])

    @property
    def _texts(self) -> Mapping[str, Any]:
        return self.catalogue.library.texts

    def _text(self, key: str) -> str:
        return str(self._texts[key])

    def _button(self, key: str) -> str:
        return str(self._texts["buttons"][key])

    def _foot(self, state: Target, *, topics: bool = True, person: bool = True, here: str = "") -> tuple[Button, ...]:
        buttons = []
        if topics:
            # The button also says which card it stands on: a reply to that card is read with it.
            node = f"topics:{here}" if here else "topics"
            buttons.append(Button(self._button("topics"), self._to(node, state)))
        if person:
            buttons.append(Button(self._button("person"), self._to("talk_to_a_person", state)))
        return tuple(buttons)


def in_rows(buttons: Sequence[Button], per_row: int = PER_ROW) -> tuple[tuple[Button, ...], ...]:
    """Return buttons laid out in rows."""
    return tuple(tuple(buttons[i : i + per_row]) for i in range(0, len(buttons), per_row))
