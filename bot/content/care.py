"""Safety cards and lists of help lines; they need no database, no network and no earlier state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import escape

from bot.content.answers import CARE
from bot.content.lines import Here, ShownLine, by_hour, hours_text, priority_lines, show
from bot.content.places import PLACES, place_name, split_place
from bot.content.reply import Button, Reply, Target
from bot.content.resources import CHAT, CRISIS
from bot.content.writer import DIRECTORY, Writer, in_rows
from bot.core.values import Direction, Risk, Urgency

_MAX_LINES = 8
_MAX_WEB = 4
FALLBACK_TOPICS = ("crisis", "domestic_abuse", "relationship_counselling")
_OWN_DANGER = frozenset({"suicide_self_harm", "harm_to_others"})
"""dangers that are the reader's own where nobody is named"""


@dataclass(frozen=True, slots=True)
class CareWriter(Writer):
    """Writes what is shown where danger was noticed."""

    def care(self, risk: Risk, state: Target) -> Reply:
        """Return the safety card for what was found; needs no database, network or earlier state."""
        category = risk.categories[0]
        card = self.catalogue.library.cards[f"{CARE}/{category}"]
        direction = risk.direction
        if direction is Direction.NONE:
            direction = Direction.SELF if category in _OWN_DANGER else Direction.PARTNER
        here = self.here(state)
        emergency = risk.urgency is Urgency.EMERGENCY
        topics = (card.lines or {}).get(direction.value, FALLBACK_TOPICS)
        first = self.emergency(state)
        doer = direction is Direction.SELF and category not in _OWN_DANGER
        own = priority_lines(self.catalogue.resources, topics, here, self._texts, young=state.under_18, doer=doer)
        shown = ([first] if first is not None else []) + list(own)
        html = self._render(
            card,
            direction,
            state,
            lines=shown,
            # Whether a line on the card is one for this danger: elsewhere than in the UK there may be none.
            helped=any(set(topics) & set(s.line.topics) for s in own),
            explicit=risk.explicit,
            leverage=risk.leverage,
            emergency=emergency,
            silent=self._silent(first),
        )
        if first is not None and self.script:
            html = f"{self._native(first)}\n\n{html}"
        kept = replace(state, node=f"care:{category}", direction=direction, emergency=emergency)
        rows: list[tuple[Button, ...]] = []
        if not risk.explicit:
            rows.append(
                (
                    Button(self._button("yes_danger"), kept),
                    Button(self._button("no_danger"), self._to("topics", state)),
                )
            )
        copies = [self._way(s) for s in shown]
        rows.append((*copies[:1], self._elsewhere(f"care:{category}", kept)))
        rows.extend(in_rows(copies[1:]))
        nation = split_place(here.place)[1]
        if not any(set(topics) & set(s.line.topics) and (nation is None or nation in s.line.nations) for s in own):
            rows.extend((link,) for link in self._directory(topics, here))
        rows.append((Button(self._button("more_lines"), self._to(f"lines:{category}", kept)),))
        rows.extend(in_rows([Button(self.node_label(n), self._to(n, kept)) for n in card.next]))
        rows.extend(self._switch(f"care:{category}", kept, card.path))
        keep_talking = Button(self._button("keep_talking"), self._to(f"topics:care:{category}", kept))
        rows.append((keep_talking, Button(self._button("tidy"), self._to("tidy", kept))))
        return Reply(html, tuple(rows), care=True, node=f"care:{category}")

    def _silent(self, first: ShownLine | None) -> str:
        """Return how to call where one cannot speak; empty where no such way is known."""
        text = self._texts["silent"].get(first.line.country, "") if first is not None else ""
        return str(text).format(number=first.number) if first is not None else ""

    def _native(self, first: ShownLine) -> str:
        """Return the two lines in the reader's script; the English stays below until a native speaker has read them."""
        lines = self.catalogue.native[self.script]
        country = first.line.country
        second = lines["second"].format(place=lines["places"].get(country, place_name(country)), number=first.number)
        return f"{lines['first']}\n{second}"

    def _way(self, shown: ShownLine) -> Button:
        """Return the button that copies a number, or opens a chat."""
        if shown.way == CHAT:
            return Button(shown.number, url=shown.line.web)
        return Button(self._button("copy").format(number=shown.number), copy=shown.number)

    def last_resort(self) -> str:
        """Return the plain text of the static card, for the operator's country; made once, at start."""
        first = self.emergency()
        resources, country = self.catalogue.resources, split_place(self.country)[0]
        own = [r for r in resources.lines if r.country == country and r.has_number and CRISIS.intersection(r.topics)]
        listening = next((r for r in own if resources.never_hides(r)), None)
        return self.catalogue.static_care.format(
            emergency=f"{first.prefix}: {first.number}" if first is not None else DIRECTORY,
            silent=f" {self._silent(first)}".rstrip(),
            listening=f"{listening.name}: {listening.contacts[0].number}" if listening is not None else DIRECTORY,
        )

    def static_care(self) -> Reply:
        """Return the last resort: a text made at start that needs neither templates nor a clock."""
        return Reply(self.static_text, ((Button(self._button("tidy"), Target("tidy")),),), care=True)

    def _lines(self, category: str | None, state: Target) -> Reply:
        here = self.here(state)
        topics: tuple[str, ...] = FALLBACK_TOPICS
        if category is not None:
            card = self.catalogue.library.cards[f"{CARE}/{category}"]
            topics = (card.lines or {}).get(state.direction.value, (card.lines or {}).get("partner", topics))
        if state.under_18:
            topics = ("child_safety", *topics)
        resources = self.catalogue.resources
        country = split_place(here.place)[0]
        first = self.emergency(state)
        found = by_hour(
            [r for r in resources.find(topics, here.place, here.now.date()) if r.country == country], topics, here
        )
        shown = ([first] if first else []) + [show(r, here, self._texts) for r in found[:_MAX_LINES]]
        intro = self._text("lines_intro").format(
            country=place_name(here.place), date=self.catalogue.resources.compiled.isoformat()
        )
        body = "\n".join(f"• {escape(s.prefix)}: <b>{escape(s.number)}</b>{escape(s.after)}" for s in shown)
        if not found:
            body += "\n\n" + self._text("no_line")
        web = [r for r in resources.find(topics, here.place, here.now.date(), with_number=False) if r.web][:_MAX_WEB]
        facts = [Button(r.name, self._to(f"line:{r.id}", state)) for r in found[:_MAX_LINES]]
        links = [(Button(r.name, url=r.web),) for r in web]
        back = (Button(self._button("back"), self._to(f"care:{category}", state)),) if category else ()
        where = (self._elsewhere(f"lines:{category or 'any'}", state),)
        rows = (*in_rows(facts), *links, where, *((back,) if back else ()), *self._foot(state, person=False))
        return Reply(
            f"{escape(intro)}\n\n{body}\n\n{self._text('lines_more')}" if facts else f"{escape(intro)}\n\n{body}",
            rows,
            care=True,
            node=f"lines:{category or 'any'}",
        )

    def _line(self, line_id: str, state: Target) -> Reply:
        """Return all that is known of one line; what is not known is shown as that."""
        line = next((r for r in self.catalogue.resources.lines if r.id == line_id), None)
        if line is None or self.catalogue.resources.is_hidden(line, self._moment().date()):
            return self._lines(None, state)
        here = self.here(state)
        words = self._texts["line_facts"]
        facts = [
            f"<b>{escape(show(line, here, self._texts).prefix)}</b>" if line.contacts else f"<b>{escape(line.name)}</b>"
        ]
        if line.audience is not None:
            facts.append(str(words["audience"]).format(value=words["audiences"][line.audience]))
        facts += [
            f"{words['ways'][c.way]}: <b>{escape(c.number)}</b>"
            + (self._text("by_keyword").format(word=escape(c.keyword)) if c.keyword else "")
            + (f" ({escape(c.label)})" if c.label else "")
            for c in line.contacts
        ]
        languages = ", ".join(words["languages_named"].get(tag, tag) for tag in line.languages) or words["unknown"]
        hours = hours_text(line, here, self._texts).removeprefix(", ") or words["unknown"]
        for key, value in (
            ("hours", hours),
            ("languages", languages),
            ("cost", line.cost or words["unknown"]),
            ("bill", line.bill),
            ("name_needed", line.name_needed),
            ("ring_back", line.ring_back),
            ("run_by", line.run_by),
            ("confidence_note", line.confidence_note),
        ):
            facts.append(f"{words[key]}: {escape(value if value != 'unknown' else words['unknown'])}")
        facts.append("")
        facts.append(str(words["checked"]).format(date=line.checked.isoformat()))
        numbers = dict.fromkeys(c.number for c in line.contacts if c.way != CHAT)
        copies = tuple(Button(self._button("copy").format(number=n), copy=n) for n in tuple(numbers)[:2])
        link = (Button(self._button("website"), url=line.web),) if line.web else ()
        back = Button(self._button("more_lines"), self._to("lines:any", state))
        # A name such as that of a line on violence is for nobody who sees only the first line.
        html = "\n".join((self._text("first_pages"), "", *facts))
        return Reply(html, (copies, link, (back,), *self._foot(state, person=False)), care=True, node=None)

    def _directory(self, topics: Sequence[str], here: Here) -> list[Button]:
        """Return links where a place has no checked number of its own: a page, if there is one, and the directory."""
        country, nation = split_place(here.place)
        pages = [
            Button(line.name, url=line.web)
            for line in self.catalogue.resources.find(topics, here.place, here.now.date(), with_number=False)
            if line.web is not None and line.country == country and (nation is None or nation in line.nations)
        ]
        return [*pages[:1], *([Button(self._button("directory"), url=DIRECTORY)] if nation is None else [])]

    def _elsewhere(self, node: str, state: Target) -> Button:
        """Return the button for a reader whom the shown lines do not serve."""
        label = self._button("elsewhere").format(country=place_name(self.here(state).place))
        return Button(label, self._to(f"where:{node}", state))

    def _where(self, node: str, state: Target) -> Reply:
        buttons = [Button(name, replace(self._to(node, state), country=code)) for code, name in PLACES.items()]
        html = f"{self._text('where_intro')}\n\n{self._text('where_rest')}"
        return Reply(html, (*in_rows(buttons, 3), *self._foot(state)), care=True, node=None)
