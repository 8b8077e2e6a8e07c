"""Decisions and button presses to replies: which card, which lines, which buttons."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import phonenumbers
from markupsafe import escape

from bot.content.answers import CARE, PAGES, Card
from bot.content.catalogue import Catalogue
from bot.content.lines import country_name, emergency_line, priority_lines, show
from bot.content.reply import Button, Reply, Target
from bot.content.resources import COUNTRIES
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency

_PER_ROW = 2
_MAX_NEXT = 3
_MAX_LINES = 8
FALLBACK_TOPICS = ("crisis", "domestic_abuse", "relationship_counselling")


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes every reply; holds content and settings, no state of a reader."""

    catalogue: Catalogue
    now: Callable[[], dt.datetime]
    """the clock, aware"""
    country: str = "GB"
    """help lines shown while no other country was tapped"""
    operator: str | None = None

    def decide(self, decision: Decision, context: Context) -> Reply:
        """Return the reply to a typed message."""
        state = Target("", decision.direction, context.country, under_18=decision.under_18 or context.under_18)
        if decision.action is Action.CARE:
            return self.care(decision.risk, state, decision.lang)
        if decision.action is Action.ANSWER and decision.intent is not None:
            return self._answer(decision.intent, state, decision)
        if decision.action is Action.CLARIFY:
            return self._choices(decision.choices, state, self._text("clarify"))
        return self.unsure(decision, state)

    def press(self, target: Target) -> Reply:
        """Return what a button opens; a target that no longer exists opens the nearest safe card."""
        kind, _, name = target.node.partition(":")
        cards = self.catalogue.library.cards
        if not name and kind in self.catalogue.taxonomy.intents:
            return self._answer(kind, target, None)
        if kind == "care" and name in CATEGORIES:
            risk = Risk((name,), Urgency.EMERGENCY if target.emergency else Urgency.HIGH, True, target.direction)
            return self.care(risk, target)
        if kind == "page" and f"{PAGES}/{name}" in cards:
            return self.page(name, target)
        if kind == "group" and name in dict(self.catalogue.taxonomy.groups):
            return self._group(name, target)
        if kind == "lines":
            return self._lines(name if name in CATEGORIES else None, target)
        if kind == "where":
            return self._where(name, target)
        if kind == "alt":
            codes = [self.catalogue.by_code(c) for c in name.split(".")]
            return self._choices(tuple(c for c in codes if c), target, self._text("alternatives"))
        if kind in {"care", "lines"}:
            return self._lines(None, target)
        return self.topics(target)

    def page(self, name: str, target: Target | None = None) -> Reply:
        """Return a page such as start, help or privacy."""
        state = target or Target("")
        card = self.catalogue.library.cards[f"{PAGES}/{name}"]
        html = self._render(card, state.direction)
        rows = _in_rows([Button(self.node_label(n), self._to(n, state)) for n in card.next], 1)
        return Reply(html, (*rows, self._foot(state)), node=f"page:{name}")

    def topics(self, target: Target | None = None) -> Reply:
        """Return the list of groups to browse."""
        state = target or Target("")
        groups = self._texts["groups"]
        buttons = [
            Button(groups[g], self._to(f"group:{g}", state)) for g, _ in self.catalogue.taxonomy.groups if g in groups
        ]
        return Reply(self._text("topics"), (*_in_rows(buttons), self._foot(state, topics=False)), node="topics")

    def care(self, risk: Risk, state: Target, lang: str = "en") -> Reply:
        """Return the safety card for what was found; needs no database, network or earlier state."""
        category = risk.categories[0]
        card = self.catalogue.library.cards[f"{CARE}/{category}"]
        direction = Direction.PARTNER if risk.direction is Direction.NONE else risk.direction
        country = state.country or self.country
        emergency = risk.urgency is Urgency.EMERGENCY
        topics = (card.lines or {}).get(direction.value, FALLBACK_TOPICS)
        first = emergency_line(self.catalogue.resources, country, self._texts)
        own = priority_lines(self.catalogue.resources, topics, country, self.now(), self._texts, young=state.under_18)
        shown = ([first] if first is not None else []) + list(own)
        html = self._render(
            card, direction, lines=shown, explicit=risk.explicit, leverage=risk.leverage, emergency=emergency
        )
        native = self.catalogue.native.get(lang)
        if native is not None and first is not None:
            # The reader's own script leads; the English stays beside it until a native speaker has reviewed it.
            html = f"{native['first']}\n{native['second'].format(number=first.number)}\n\n{html}"
        kept = replace(state, node=f"care:{category}", direction=direction, emergency=emergency)
        rows: list[tuple[Button, ...]] = []
        if not risk.explicit:
            rows.append(
                (
                    Button(self._button("yes_danger"), kept),
                    Button(self._button("no_danger"), self._to("topics", state)),
                )
            )
        rows.append(tuple(Button(self._button("copy").format(number=s.number), copy=s.number) for s in shown[-2:]))
        rows.append(
            (
                Button(
                    self._button("elsewhere").format(country=country_name(country)),
                    self._to(f"where:care:{category}", kept),
                ),
            )
        )
        rows.append((Button(self._button("more_lines"), self._to(f"lines:{category}", kept)),))
        rows.extend(_in_rows([Button(self.node_label(n), self._to(n, kept)) for n in card.next]))
        rows.append((Button(self._button("topics"), self._to("topics", state)),))
        return Reply(html, tuple(rows), care=True, node=f"care:{category}")

    def unsure(self, decision: Decision, state: Target) -> Reply:
        """Return the honest reply to what is not understood or outside of what is known."""
        first = "unsure_language" if decision.lang == "und" else "unsure"
        html = f"{self._text(first)}\n\n{self._text('unsure_hint')}"
        guesses = [Button(self.catalogue.label(i), self._to(i, state)) for i, _ in decision.alternatives[:2]]
        rows = _in_rows(guesses) if decision.confidence > 0.1 else ()
        return Reply(html, (*rows, self._foot(state)), node=None)

    def say(self, key: str) -> Reply:
        """Return one system text with the usual ways on."""
        html = self._text(key).format(emergency=self.number("gb-emergency-999"))
        return Reply(html, (self._foot(Target("")),))

    def private_only(self, username: str) -> Reply:
        """Return the neutral line for groups, with a button to the private chat."""
        return Reply(self._text("private_only"), ((Button(self._button("private"), url=f"https://t.me/{username}"),),))

    def node_label(self, node: str) -> str:
        """Return what a button calls an intent or a page."""
        kind, _, name = node.partition(":")
        return self.catalogue.library.cards[f"{PAGES}/{name}"].label if kind == "page" else self.catalogue.label(node)

    def _answer(self, intent: str, state: Target, decision: Decision | None) -> Reply:
        card = self.catalogue.library.cards[self.catalogue.path_of(intent)]
        html = self._render(card, state.direction)
        rows: list[tuple[Button, ...]] = []
        if decision is not None and decision.also:
            html += f"\n\n{self._text('also')}"
            rows.extend((Button(self.catalogue.label(i), self._to(i, state)),) for i in decision.also)
        if card.talk:
            rows.append((Button(self._button("afraid"), self._to("page:afraid", state)),))
        rows.extend(self._next_rows(card, state))
        if decision is not None and len(decision.alternatives) > 1:
            codes = ".".join(self.catalogue.code(i) for i, _ in decision.alternatives[1:4])
            rows.append((Button(self._button("not_meant"), self._to(f"alt:{codes}", state)),))
        if intent == "talk_to_a_person":
            rows.insert(0, (Button(self._button("more_lines"), self._to("lines:any", state)),))
        return Reply(html, (*rows, self._foot(state)), node=intent)

    def _choices(self, intents: tuple[str, ...], state: Target, text: str) -> Reply:
        rows = tuple((Button(self.catalogue.label(i), self._to(i, state)),) for i in intents)
        return Reply(text, (*rows, self._foot(state)), node=None)

    def _group(self, group: str, state: Target) -> Reply:
        intents = dict(self.catalogue.taxonomy.groups)[group]
        rows = _in_rows([Button(self.catalogue.label(i), self._to(i, state)) for i in intents])
        html = f"<b>{escape(self._texts['groups'][group])}</b>\n{self._text('group_intro')}"
        return Reply(html, (*rows, self._foot(state)), node=f"group:{group}")

    def _lines(self, category: str | None, state: Target) -> Reply:
        country = state.country or self.country
        now = self.now()
        topics: tuple[str, ...] = FALLBACK_TOPICS
        if category is not None:
            card = self.catalogue.library.cards[f"{CARE}/{category}"]
            topics = (card.lines or {}).get(state.direction.value, (card.lines or {}).get("partner", topics))
        resources = self.catalogue.resources
        first = emergency_line(resources, country, self._texts)
        found = [r for r in resources.find(topics, country, now.date()) if r.country == country]
        shown = ([first] if first else []) + [show(r, now, self._texts) for r in found[:_MAX_LINES]]
        intro = self._text("lines_intro").format(
            country=country_name(country), date=self.catalogue.resources.compiled.isoformat()
        )
        body = "\n".join(f"• {escape(s.prefix)}: <b>{escape(s.number)}</b>{escape(s.after)}" for s in shown)
        if not found:
            body += "\n\n" + self._text("no_line")
        web = [r for r in resources.find(topics, country, now.date(), with_number=False) if r.web][:4]
        buttons = [(Button(r.name, url=r.web),) for r in (*web, *(r for r in found[:3] if r.web))]
        back = (Button(self._button("back"), self._to(f"care:{category}", state)),) if category else ()
        where = (
            Button(
                self._button("elsewhere").format(country=country_name(country)),
                self._to(f"where:lines:{category or 'any'}", state),
            ),
        )
        rows = (*buttons, where, *((back,) if back else ()), self._foot(state, person=False))
        return Reply(f"{escape(intro)}\n\n{body}", rows, care=category is not None, node=f"lines:{category or 'any'}")

    def _where(self, node: str, state: Target) -> Reply:
        buttons = [
            Button(name, replace(self._to(node, state), country=code, direction=state.direction))
            for code, name in COUNTRIES.items()
        ]
        html = f"{self._text('where_intro')}\n\n{self._text('where_rest')}"
        return Reply(html, (*_in_rows(buttons, 3), self._foot(state)), care=True, node=None)

    def _next_rows(self, card: Card, state: Target) -> tuple[tuple[Button, ...], ...]:
        return tuple((Button(self.node_label(n), self._to(n, state)),) for n in card.next[:_MAX_NEXT])

    def _foot(self, state: Target, *, topics: bool = True, person: bool = True) -> tuple[Button, ...]:
        buttons = []
        if topics:
            buttons.append(Button(self._button("topics"), self._to("topics", state)))
        if person:
            buttons.append(Button(self._button("person"), self._to("talk_to_a_person", state)))
        return tuple(buttons)

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

    def number(self, line_id: str, *, abroad: bool = False) -> str:
        """Return the number of a line for a template: words never carry numbers of their own."""
        line = next(r for r in self.catalogue.resources.lines if r.id == line_id)
        contact = line.contacts[0]
        if abroad and contact.e164 is not None:
            parsed = phonenumbers.parse(contact.e164)
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return contact.number

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


def _in_rows(buttons: list[Button], per_row: int = _PER_ROW) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(buttons[i : i + per_row]) for i in range(0, len(buttons), per_row))
