"""What every card shares: rendering a template with the texts, the clock and the numbers."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

import phonenumbers

from bot.content.answers import CARE, PAGES, Card
from bot.content.catalogue import Catalogue
from bot.content.languages import ENGLISH
from bot.content.lines import Here, ShownLine, emergency_line
from bot.content.places import split_place, zone_of
from bot.content.reply import Button, Target
from bot.content.resources import EMERGENCY
from bot.core.values import Direction

T = TypeVar("T")
PER_ROW = 2
DIRECTORY = "https://findahelpline.com"
"""lines by country, for places where none was checked"""
_MOST_KEPT = 1000
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
    lang: str = ENGLISH
    """the language written in"""
    script: str = ""
    """the language of the reader where the replies are in English and a care card has two lines of theirs"""
    _kept: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """what was written and depends on nothing that changes, the latest"""

    def speaking(self, lang: str) -> Self:
        """Return this writer in another language; one without replies of its own is English."""
        script = lang if lang in self.catalogue.native and lang not in self.catalogue.library.languages else ""
        lang = lang if lang in self.catalogue.library.languages else ENGLISH
        if (lang, script) == (self.lang, self.script):
            return self
        return self._keep(("speaking", lang, script), lambda: replace(self, lang=lang, script=script))

    def _keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returned for `key` before, or make it; it must depend on `key` and this writer alone."""
        made: T | None = self._kept.get(key)
        if made is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            made = self._kept[key] = make()
        return made

    def number(self, line_id: str, state: Target | None = None, *, abroad: bool = False) -> str:
        """Return the number of a line for a template: words never carry numbers of their own.

        A number that nobody has checked for too long, or that does not work where the reader is, gives way to the
        line's web address. `abroad` asks for the number as dialled from anywhere.
        """
        resources = self.catalogue.resources
        line = next(r for r in resources.lines if r.id == line_id)
        here = self.here(state or Target(""))
        contact = line.contacts[0]
        elsewhere = line.country != split_place(here.place)[0] and not abroad
        if resources.is_hidden(line, here.now.date()) or (elsewhere and EMERGENCY not in line.topics):
            return (line.web or DIRECTORY).removeprefix("https://").removeprefix("www.").rstrip("/")
        number = contact.number
        if abroad and contact.e164 is not None:
            parsed = phonenumbers.parse(contact.e164)
            number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        if not line.is_stale(here.now.date()):
            return number
        return number + self._text("last_checked").format(date=line.checked.isoformat())

    def emergency(self, state: Target | None = None) -> ShownLine | None:
        """Return the emergency number of where the reader is, as shown; None where none is known."""
        return emergency_line(self.catalogue.resources, self.here(state or Target("")), self._texts)

    def node_label(self, node: str) -> str:
        """Return what a button calls an intent or a page."""
        kind, _, name = node.partition(":")
        if kind == "page":
            return self.catalogue.library.label(f"{PAGES}/{name}", self.lang)
        if kind == "tool":
            return self.catalogue.tools[self.lang][name.removesuffix(":")].label
        return self.catalogue.label(node, self.lang)

    def here(self, state: Target) -> Here:
        """Return where and when a card is read: the tapped place with its zone, else the operator's."""
        if state.country is None:
            return Here(self.country, self._moment(), self.zone)
        return Here(state.country, self._moment(), zone_of(state.country))

    def _to(self, node: str, state: Target, back: str | None = None) -> Target:
        """Return where a button leads; `back` is the node it is on, where one can go back to that."""
        code = self.catalogue.code(back) if back is not None else None
        lang = self.script or self.lang
        # As `replace` does it, in half the time.
        return Target(node, state.direction, state.country, state.emergency, state.under_18, False, lang, code)

    def _render(
        self,
        card: Card,
        direction: Direction,
        state: Target | None = None,
        *,
        night: bool = False,
        short: bool = False,
        **values: object,
    ) -> str:
        # A card that is not written in the reader's language is English from its first line on; its buttons are not.
        own = self if self.catalogue.library.has(card.path, self.lang) else self.speaking(ENGLISH)
        here = self.here(state or Target(""))

        def render() -> str:
            known = {
                "number": partial(self.number, state=state),
                "country": split_place(here.place)[0],
                "direction": direction.value,
                "texts": own._texts,
                "talk": card.talk,
                "first": own._first_line(card),
                "operator": self.operator,
                "night": night,
                "short": short,
            }
            return self.catalogue.library.template(card.path, own.lang).render(known | values).strip()

        # A number may give way to something else by place and by day.
        key = ("card", card.path, own.lang, direction, night, short, here.place, here.now.date())
        return render() if values else self._keep(key, render)

    def _moment(self) -> dt.datetime:
        """Return the time; the day the lines were compiled where the clock fails, so that care never waits for it."""
        try:
            return self.now()
        except Exception:  # noqa: BLE001, RUF100 - whatever a broken clock raises
            return dt.datetime.combine(self.catalogue.resources.compiled, dt.time(12), dt.UTC)

    def _first_line(self, card: Card) -> str:
        if card.path.startswith(f"{CARE}/"):
            return self._text("first_care")
        if card.path.startswith(f"{PAGES}/"):
            return self._text("first_pages")
        lines = self._texts["first_lines"]
        return str(lines[zlib.crc32(card.path.encode()) % len(lines)])

    @property
    def _texts(self) -> Mapping[str, Any]:
        return self.catalogue.library.languages[self.lang].texts

    def _text(self, key: str) -> str:
        return str(self._texts[key])

    def _button(self, key: str) -> str:
        return str(self._texts["buttons"][key])

    def _foot(
        self, state: Target, *, topics: bool = True, person: bool = True, here: str = ""
    ) -> tuple[tuple[Button, ...], ...]:
        """Return the last rows of every card: back, topics, a person, the tidying away of the chat."""
        return self._keep(("foot", state, topics, person, here), lambda: self._make_foot(state, topics, person, here))

    def _make_foot(self, state: Target, topics: bool, person: bool, here: str) -> tuple[tuple[Button, ...], ...]:
        first: list[Button] = []
        before = self.catalogue.by_code(state.back) if state.back else None
        if before is not None:
            first.append(Button(self._button("back"), self._to(before, state)))
        if topics:
            # The button also says which card it stands on: a reply to that card is read with it.
            first.append(Button(self._button("topics"), self._to(f"topics:{here}" if here else "topics", state)))
        second = [Button(self._button("tidy"), self._to("tidy", state))]
        if person:
            second.insert(0, Button(self._button("person"), self._to("talk_to_a_person", state)))
        return (*((tuple(first),) if first else ()), tuple(second))

    def _switch(self, node: str, state: Target, path: str) -> tuple[tuple[Button, ...], ...]:
        """Return a row that opens the same card in each other language it is written in."""
        library = self.catalogue.library
        return tuple(
            (Button(language.name, replace(self._to(node, state), lang=tag, back=state.back)),)
            for tag, language in library.languages.items()
            if tag != self.lang and library.has(path, tag)
        )


def in_rows(buttons: Sequence[Button], per_row: int = PER_ROW) -> tuple[tuple[Button, ...], ...]:
    """Return buttons laid out in rows."""
    return tuple(tuple(buttons[i : i + per_row]) for i in range(0, len(buttons), per_row))
