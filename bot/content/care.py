"""Safety cards and lists of help lines; they need no database, no network and no earlier state."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import escape

from bot.content.answers import CARE
from bot.content.lines import by_hour, country_name, emergency_line, priority_lines, show
from bot.content.reply import Button, Reply, Target
from bot.content.resources import COUNTRIES
from bot.content.writer import Writer, in_rows
from bot.core.values import Direction, Risk, Urgency

_MAX_LINES = 8
FALLBACK_TOPICS = ("crisis", "domestic_abuse", "relationship_counselling")


@dataclass(frozen=True, slots=True)
class CareWriter(Writer):
    """Writes what is shown where danger was noticed."""

    def care(self, risk: Risk, state: Target, lang: str = "en") -> Reply:
        """Return the safety card for what was found; needs no database, network or earlier state."""
        category = risk.categories[0]
        card = self.catalogue.library.cards[f"{CARE}/{category}"]
        direction = Direction.PARTNER if risk.direction is Direction.NONE else risk.direction
        country = state.country or self.country
        emergency = risk.urgency is Urgency.EMERGENCY
        topics = (card.lines or {}).get(direction.value, FALLBACK_TOPICS)
        first = emergency_line(self.catalogue.resources, country, self._texts)
        own = priority_lines(
            self.catalogue.resources, topics, country, self._moment(), self._texts, young=state.under_18
        )
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
        rows.extend(in_rows([Button(self.node_label(n), self._to(n, kept)) for n in card.next]))
        rows.append((Button(self._button("topics"), self._to(f"topics:care:{category}", kept)),))
        return Reply(html, tuple(rows), care=True, node=f"care:{category}")

    def static_care(self) -> Reply:
        """Return the last resort: a text made at start that needs neither templates nor a clock."""
        return Reply(self.static_text, (), care=True)

    def _lines(self, category: str | None, state: Target) -> Reply:
        country = state.country or self.country
        now = self._moment()
        topics: tuple[str, ...] = FALLBACK_TOPICS
        if category is not None:
            card = self.catalogue.library.cards[f"{CARE}/{category}"]
            topics = (card.lines or {}).get(state.direction.value, (card.lines or {}).get("partner", topics))
        resources = self.catalogue.resources
        first = emergency_line(resources, country, self._texts)
        found = by_hour([r for r in resources.find(topics, country, now.date()) if r.country == country], now)
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
        return Reply(html, (*in_rows(buttons, 3), self._foot(state)), care=True, node=None)
