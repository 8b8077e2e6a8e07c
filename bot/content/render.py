"""Decisions and button presses to replies: which card, which buttons."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import escape

from bot.content.answers import PAGES, Card
from bot.content.care import CareWriter
from bot.content.reply import Button, Reply, Target
from bot.content.writer import in_rows
from bot.core.safety import CATEGORIES
from bot.core.values import Action, Context, Decision, Risk, Urgency

_MAX_NEXT = 3
NOT_FOR_YOUNG = frozenset(
    {"porn_and_onlyfans", "intimate_talk_sexting", "mismatched_desire", "partner_physical_affair",
     "i_physically_cheated", "dating_apps", "open_relationship_rules"}
)  # fmt: skip
"""answers that touch on sex: a reader who may be under 18 is led to the young people's page instead"""


@dataclass(frozen=True, slots=True)
class Renderer(CareWriter):
    """Writes every reply; holds content and settings, no state of a reader."""

    def decide(self, decision: Decision, context: Context) -> Reply:
        """Return the reply to a typed message."""
        state = Target("", decision.direction, context.country, under_18=decision.under_18 or context.under_18)
        if decision.action is Action.CARE:
            return self.care(decision.risk, state, decision.lang)
        if decision.action is Action.ANSWER and decision.intent is not None:
            return self._answer(decision.intent, state, decision)
        if decision.action is Action.CLARIFY:
            return self._choices(decision.choices, state, self._text("clarify"))
        if decision.signpost is not None:
            return self.page(f"about_{decision.signpost}", state)
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
        if kind == "line":
            return self._line(name, target)
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
        rows = in_rows([Button(self.node_label(n), self._to(n, state)) for n in card.next], 1)
        return Reply(html, (*rows, self._foot(state)), node=f"page:{name}")

    def topics(self, target: Target | None = None) -> Reply:
        """Return the list of groups to browse."""
        state = target or Target("")
        groups = self._texts["groups"]
        buttons = [
            Button(groups[g], self._to(f"group:{g}", state)) for g, _ in self.catalogue.taxonomy.groups if g in groups
        ]
        return Reply(self._text("topics"), (*in_rows(buttons), self._foot(state, topics=False)), node="topics")

    def unsure(self, decision: Decision, state: Target) -> Reply:
        """Return the honest reply to what is not understood or outside of what is known."""
        first = "unsure_language" if decision.lang == "und" else "unsure"
        html = f"{self._text(first)}\n\n{self._text('unsure_hint')}"
        guesses = [Button(self.catalogue.label(i), self._to(i, state)) for i, _ in decision.alternatives[:2]]
        rows = in_rows(guesses) if decision.confidence > 0.1 else ()
        return Reply(html, (*rows, self._foot(state)), node=None)

    def say(self, key: str) -> Reply:
        """Return one system text with the usual ways on."""
        html = self._text(key).format(emergency=self.number("gb-emergency-999"))
        return Reply(html, (self._foot(Target("")),))

    def private_only(self, username: str) -> Reply:
        """Return the neutral line for groups, with a button to the private chat."""
        return Reply(self._text("private_only"), ((Button(self._button("private"), url=f"https://t.me/{username}"),),))

    def _answer(self, intent: str, state: Target, decision: Decision | None) -> Reply:
        if state.under_18 and intent in NOT_FOR_YOUNG:
            return self.page("young", state)
        card = self.catalogue.library.cards[self.catalogue.path_of(intent)]
        html = self._render(card, state.direction)
        if decision is not None and decision.denied and card.talk:
            # Behind the neutral first line, which is all that a lock screen shows.
            first, _, rest = html.partition("\n\n")
            html = f"{first}\n\n{self._text('denied')}\n\n{rest}"
        rows: list[tuple[Button, ...]] = []
        if decision is not None and decision.also:
            html += f"\n\n{self._text('also')}"
            rows.extend((Button(self.catalogue.label(i), self._to(i, state)),) for i in decision.also)
        if state.under_18:
            rows.append((Button(self.node_label("page:young"), self._to("page:young", state)),))
        if card.talk:
            rows.append((Button(self._button("afraid"), self._to("page:afraid", state)),))
        rows.extend(self._next_rows(card, state))
        if decision is not None and len(decision.alternatives) > 1:
            codes = ".".join(self.catalogue.code(i) for i, _ in decision.alternatives[1:4])
            rows.append((Button(self._button("not_meant"), self._to(f"alt:{codes}", state)),))
        if intent == "talk_to_a_person":
            rows.insert(0, (Button(self._button("more_lines"), self._to("lines:any", state)),))
        return Reply(html, (*rows, self._foot(state, here=intent)), node=intent)

    def _choices(self, intents: tuple[str, ...], state: Target, text: str) -> Reply:
        rows = tuple((Button(self.catalogue.label(i), self._to(i, state)),) for i in intents)
        return Reply(text, (*rows, self._foot(state)), node=None)

    def _group(self, group: str, state: Target) -> Reply:
        intents = dict(self.catalogue.taxonomy.groups)[group]
        rows = in_rows([Button(self.catalogue.label(i), self._to(i, state)) for i in intents])
        html = f"<b>{escape(self._texts['groups'][group])}</b>\n{self._text('group_intro')}"
        return Reply(html, (*rows, self._foot(state)), node=f"group:{group}")

    def _next_rows(self, card: Card, state: Target) -> tuple[tuple[Button, ...], ...]:
        return tuple((Button(self.node_label(n), self._to(n, state)),) for n in card.next[:_MAX_NEXT])
