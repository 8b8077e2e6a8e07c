"""Decisions and button presses to replies: which card, which buttons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from markupsafe import escape

from bot.content.answers import PAGES, Card
from bot.content.boxcards import BoxWriter
from bot.content.insight import InsightWriter
from bot.content.languages import ENGLISH
from bot.content.lines import priority_lines
from bot.content.privacycards import HOURS
from bot.content.reply import Button, Reply, Target
from bot.content.writer import DIRECTORY, in_rows
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Direction, Risk, Urgency

WRITTEN_FOR = "GB"
"""the country whose lines the pages name"""
_MAX_NEXT = 3
_MAX_NEXT_AT_NIGHT = 2
_OTHER_CHAIR = {Direction.SELF: Direction.PARTNER, Direction.PARTNER: Direction.SELF}
NOT_FOR_YOUNG = frozenset(
    {"porn_and_onlyfans", "intimate_talk_sexting", "mismatched_desire", "partner_physical_affair",
     "i_physically_cheated", "dating_apps", "open_relationship_rules"}
)  # fmt: skip
"""answers that touch on sex: a reader who may be under 18 is led to the young people's page instead"""


@dataclass(frozen=True, slots=True)
class Renderer(BoxWriter, InsightWriter):
    """Writes every reply; holds content and settings, no state of a reader."""

    def decide(self, decision: Decision, context: Context) -> Reply:
        """Return the reply to a typed message, in the language it is written in where we have that."""
        lang = self.catalogue.library.language_for(decision.lang)
        young = decision.under_18 or context.under_18
        # Where the replies are in English, two lines of a care card are in the reader's own script all the same.
        lang = decision.lang if lang == ENGLISH else lang
        state = Target("", decision.direction, context.country, under_18=young, lang=lang)
        return self.speaking(lang)._decide(decision, state)

    def _decide(self, decision: Decision, state: Target) -> Reply:
        if decision.action is Action.CARE:
            return self.care(decision.risk, state)
        if decision.action is Action.ANSWER and decision.intent is not None:
            return self._answer(decision.intent, state, decision)
        if decision.action is Action.CLARIFY:
            return self._choices(decision.choices, state, self._text("clarify"))
        if decision.signpost is not None:
            return self.page(f"about_{decision.signpost}", state)
        return self.unsure(decision, state)

    def press(self, target: Target) -> Reply:
        """Return what a button opens; a target that no longer exists opens the nearest safe card."""
        return self.speaking(target.lang)._press(target)

    def _press(self, target: Target) -> Reply:
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
        if kind == "tool":
            tool, _, answers = name.partition(":")
            return self._tool(tool, answers, target)
        if kind == "tidy":
            return Reply(self._text("tidy_blank"), self._foot(target))
        if kind == "timer":
            return self.timer(int(name) if name in map(str, HOURS) else 12, target)
        if kind == "tools":
            return self._tools(target)
        if kind == "about" and name in self.catalogue.taxonomy.intents:
            return self._about(name, target)
        if kind == "lines":
            return self._lines(name if name in CATEGORIES else None, target)
        if kind == "line":
            return self._line(name, target)
        if kind == "where":
            return self._where(name, target)
        if kind == "alt":
            codes = [self.catalogue.by_code(c) for c in name.split(".")]
            known = tuple(c for c in codes if c in self.catalogue.taxonomy.intents)
            return self._choices(known, target, self._text("alternatives"))
        if kind in {"care", "lines"}:
            return self._lines(None, target)
        return self.topics(target)

    def resume(self, context: Context) -> Reply | None:
        """Return the safety card that the message behind a context would have brought; None where it was no danger."""
        kind, _, name = (context.node or "").partition(":")
        if kind != "care" or name not in CATEGORIES:
            return None
        urgency = Urgency.EMERGENCY if context.emergency else Urgency.HIGH
        risk = Risk((name,), urgency, not context.asked_danger, context.direction, context.leverage)
        lang = self.catalogue.library.language_for(context.lang or self.lang)
        lang = context.lang or lang if lang == ENGLISH else lang
        state = Target("", context.direction, context.country, under_18=context.under_18, lang=lang)
        return self.speaking(lang).care(risk, state)

    def page(self, name: str, target: Target | None = None) -> Reply:
        """Return a page such as start, help or privacy."""
        state = target or Target("")
        card = self.catalogue.library.cards[f"{PAGES}/{name}"]
        shown: list[str] = []

        def number(line: str, *, abroad: bool = False) -> str:
            shown.append(line)
            return self.number(line, state, abroad=abroad)

        here, first = self.here(state), self.emergency(state)
        young = priority_lines(self.catalogue.resources, ("child_safety",), here, self._texts, young=True)
        html = self._render(card, state.direction, state, number=number, emergency=first, young=young[:1])
        if shown and first is not None and first.line.country != WRITTEN_FOR:
            # Behind the neutral first line: the pages name lines of the UK, which cannot be rung from elsewhere.
            lead, _, rest = html.partition("\n\n")
            html = f"{lead}\n\n{self._text('page_abroad').format(country=first.prefix, number=first.number)}\n\n{rest}"
        rows = in_rows([Button(self.node_label(n), self._to(n, state, f"page:{name}")) for n in card.next], 1)
        switch = self._switch(f"page:{name}", state, card.path)
        if name == "start":
            rows = ((Button(self._button("timer_one"), self._to("timer:1", state)),), *rows)
        if name == "phone":
            rows = (*self._timer_rows(state), *rows)
        # A number must be copyable.
        return Reply(html, (*rows, *switch, *self._foot(state)), care=bool(shown), node=f"page:{name}")

    def topics(self, target: Target | None = None) -> Reply:
        """Return the list of groups to browse."""
        state = target or Target("")
        groups = self._texts["groups"]
        buttons = [
            Button(groups[g], self._to(f"group:{g}", state)) for g, _ in self.catalogue.taxonomy.groups if g in groups
        ]
        tools = (Button(self._button("tools"), self._to("tools", state)),)
        return Reply(self._text("topics"), (*in_rows(buttons), tools, *self._foot(state, topics=False)), node="topics")

    def unsure(self, decision: Decision, state: Target) -> Reply:
        """Return the honest reply to what is not understood or outside of what is known."""
        first = "unsure_language" if decision.lang == "und" else "unsure"
        html = f"{self._text(first)}\n\n{self._text('unsure_hint')}"
        guesses = [
            Button(self.catalogue.label(i, self.lang), self._to(i, state))
            for i in self._fit((i for i, _ in decision.alternatives[:2]), state)
        ]
        rows = in_rows(guesses) if decision.confidence > 0.1 else ()
        return Reply(html, (*self._young(state), *rows, *self._foot(state)), node=None)

    def say(self, key: str) -> Reply:
        """Return one system text with the usual ways on."""
        text = self._text(key)
        first = self.emergency()
        number = f"{first.prefix}: {first.number}" if first is not None else DIRECTORY
        html = text.format(emergency=number)
        return Reply(html, self._foot(Target("")), care=html != text)

    def _answer(self, intent: str, state: Target, decision: Decision | None) -> Reply:
        if state.under_18 and intent in NOT_FOR_YOUNG:
            return self.page("young", state)
        card = self.catalogue.library.cards[self.catalogue.path_of(intent)]
        night = self.here(state).is_night and not card.path.startswith("meta/")
        html = self._render(card, state.direction, state, night=night, short=night)
        if decision is not None and decision.denied and card.talk:
            # Behind the neutral first line, which is all that a lock screen shows.
            first, _, rest = html.partition("\n\n")
            html = f"{first}\n\n{self._text('denied')}\n\n{rest}"
        rows: list[tuple[Button, ...]] = []
        if decision is not None and decision.also:
            html += f"\n\n{self._text('also')}"
            rows.extend(
                (Button(self.catalogue.label(i, self.lang), self._to(i, state, intent)),)
                for i in self._fit(decision.also, state)
            )
        rows.extend(self._young(state))
        if card.talk:
            rows.append((Button(self._button("afraid"), self._to("page:afraid", state, intent)),))
        key = ("next", intent, state, night)
        rows.extend(self._keep(key, lambda: self._next_rows(card, intent, state, night=night)))
        rows.extend(in_rows(self._turns(card, intent, state, decision)))
        if intent == "talk_to_a_person":
            rows.insert(0, (Button(self._button("more_lines"), self._to("lines:any", state)),))
        rows.extend(self._keep(("switch", intent, state), lambda: self._switch(intent, state, card.path)))
        return Reply(html, (*rows, *self._foot(state, here=intent)), node=intent)

    def _turns(self, card: Card, intent: str, state: Target, decision: Decision | None) -> list[Button]:
        """Return the small buttons of an answer: the other chair, what was meant instead, where it comes from."""
        buttons: list[Button] = []
        if card.swap and state.direction in _OTHER_CHAIR and not card.path.startswith("meta/"):
            there = replace(self._to(intent, state), direction=_OTHER_CHAIR[state.direction], back=state.back)
            buttons.append(Button(self._button("swap"), there))
        if decision is not None and len(decision.alternatives) > 1:
            codes = ".".join(self.catalogue.code(i) for i, _ in decision.alternatives[1:4])
            buttons.append(Button(self._button("not_meant"), self._to(f"alt:{codes}", state)))
        buttons.append(Button(self._button("about"), self._to(f"about:{intent}", state, intent)))
        return buttons

    def _about(self, intent: str, state: Target) -> Reply:
        """Return where an answer comes from and who has read it."""
        card = self.catalogue.library.cards[self.catalogue.path_of(intent)]
        names = self._texts["source_names"]
        sources = "\n".join(f"• {escape(names.get(s, s))}" for s in card.sources)
        translated = self.catalogue.library.translated.get(f"{self.lang}/{card.path}")
        state_of = self._texts["reviewed"][(translated or card).reviewed]
        html = f"{self._text('about_intro')}\n\n{sources}\n\n{state_of}"
        return Reply(html, self._foot(state), node=None)

    def _choices(self, intents: tuple[str, ...], state: Target, text: str) -> Reply:
        rows = tuple(
            (Button(self.catalogue.label(i, self.lang), self._to(i, state)),) for i in self._fit(intents, state)
        )
        return Reply(text, (*self._young(state), *rows, *self._foot(state)), node=None)

    def _fit(self, nodes: Iterable[str], state: Target) -> tuple[str, ...]:
        """Return the nodes that may be offered: to a reader who may be under 18 none that touches on sex."""
        return tuple(n for n in nodes if not (state.under_18 and n in NOT_FOR_YOUNG))

    def _young(self, state: Target) -> tuple[tuple[Button, ...], ...]:
        """Return the row that leads a reader who may be under 18 to the page made for them."""
        return ((Button(self.node_label("page:young"), self._to("page:young", state)),),) if state.under_18 else ()

    def _group(self, group: str, state: Target) -> Reply:
        intents = dict(self.catalogue.taxonomy.groups)[group]
        here = f"group:{group}"
        fit = self._fit(intents, state)
        rows = in_rows([Button(self.catalogue.label(i, self.lang), self._to(i, state, here)) for i in fit])
        html = f"{self._text('group_intro')}\n\n<b>{escape(self._texts['groups'][group])}</b>"
        return Reply(html, (*self._young(state), *rows, *self._foot(state)), node=here)

    def _next_rows(self, card: Card, intent: str, state: Target, *, night: bool) -> tuple[tuple[Button, ...], ...]:
        """Return what people ask next; at night rest comes first, by day a tool that fits the group stands last."""
        group = card.path.partition("/")[0]
        nodes = [*self._fit(card.next, state)[: _MAX_NEXT_AT_NIGHT if night else _MAX_NEXT]]
        own = self.catalogue.tools[self.lang]
        nodes[:0] = ["page:tonight"] if night else []
        nodes += [] if night else [f"tool:{name}:" for name, tool in own.items() if group in tool.offered_on][:1]
        return tuple((Button(self.node_label(n), self._to(n, state, intent)),) for n in nodes)
