"""The cards about the chat itself: clearing, timer, code word, what is held; bland, for whoever holds the phone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.content.reply import Button, Reply, Target
from bot.content.toolcards import ToolWriter
from bot.content.writer import in_rows
from bot.core.values import Action, Context, Decision, Urgency

HOURS = (1, 12, 24, 47, 0)
"""choices of the timer to press; 0 is off"""
LONGEST_HOURS = 47
"""any number of hours up to this may be typed; Telegram lets a bot delete what is younger than 48"""
SHORTEST_WORD = 6
LONGEST_WORD = 60


@dataclass(frozen=True, slots=True)
class PrivacyWriter(ToolWriter):
    """Writes what concerns the chat and not its subject."""

    def receipt(self, gone: int, young: int, old: int, *, whole: bool = True) -> Reply:
        """Return the line after clearing; it is cleared itself a minute later.

        `whole` is False where there may be messages that could not be looked up.
        """
        text = self._text("receipt" if whole else "receipt_part")
        return Reply(text.format(gone=gone, young=young, old=old), care=True)

    def forgotten(self, *, erased: bool = True) -> Reply:
        """Return the line after everything was erased, or could not be."""
        return Reply(self._text("forgotten" if erased else "not_erased"), care=True)

    def not_kept(self) -> Reply:
        """Return the line for a choice that could not be kept."""
        return Reply(self._text("not_kept"), self._foot(Target("")), care=True)

    def timer_not_kept(self, state: Target) -> Reply:
        """Return the choice of the timer again, where the one just pressed could not be kept."""
        own = self.speaking(state.lang)
        return Reply(own._text("not_kept"), (*own._timer_rows(state), *own._foot(state)), care=True)

    def not_looked(self) -> Reply:
        """Return the line where what is held cannot be looked at."""
        return Reply(self._text("not_looked"), self._foot(Target("")), care=True)

    def timer(self, hours: int, state: Target) -> Reply:
        """Return the choice of the timer with the present one named."""
        text = self._text("timer_off") if hours == 0 else self._text("timer_on").format(hours=hours)
        return Reply(f"{text}\n\n{self._text('timer_more')}", (*self._timer_rows(state), *self._foot(state)), care=True)

    def _timer_rows(self, state: Target) -> tuple[tuple[Button, ...], ...]:
        names = [self._button("timer_off") if h == 0 else self._button("timer").format(hours=h) for h in HOURS]
        return in_rows([Button(n, self._to(f"timer:{h}", state)) for n, h in zip(names, HOURS, strict=True)], 3)

    def proof(
        self,
        *,
        messages: int,
        in_hours: int,
        choices: int,
        counted: int,
        remembered: bool,
        hours: int,
        shared: bool = False,
        more: Sequence[str] = (),
    ) -> Reply:
        """Return every row held on a chat, in plain words and without a word on any content.

        `shared` tells that what is remembered lies in the database, for several replicas.
        """
        memory = ("proof_shared" if shared else "proof_memory") if remembered else "proof_no_memory"
        lines = [
            self._text("proof_messages").format(count=messages, hours=in_hours)
            if messages
            else self._text("proof_none"),
            self._text("proof_choices" if choices else "proof_no_choices"),
            *more,
            *([self._text("proof_counted").format(count=counted)] if counted else []),
            self._text(memory),
            self._text("proof_timer_off") if hours == 0 else self._text("proof_timer").format(hours=hours),
        ]
        body = "\n".join(f"• {line}" for line in lines)
        return Reply(f"{self._text('proof')}\n\n{body}\n\n{self._text('proof_end')}", self._foot(Target("")), care=True)

    def word_help(self) -> Reply:
        """Return how to choose a code word."""
        return Reply(self._text("word_help"), self._foot(Target("")), care=True)

    def word_kept(self) -> Reply:
        """Return the line after a code word was chosen."""
        return Reply(self._text("word_kept"), care=True)

    def word_refused(self) -> Reply:
        """Return the line for a word that would go off by accident."""
        return Reply(self._text("word_refused"), self._foot(Target("")), care=True)

    def veil(self, *, on: bool) -> Reply:
        """Return the line after the veil was changed."""
        return Reply(self._text("veil_on" if on else "veil_off"), self._foot(Target("")), care=True)

    def late(self, decision: Decision, context: Context) -> Reply:
        """Return one bland line for a question answered long after it was asked; the button opens the answer."""
        lang = self.catalogue.library.language_for(decision.lang)
        node = context.node if decision.action in {Action.ANSWER, Action.CARE} and context.node else "topics"
        target = Target(
            node,
            decision.direction,
            context.country,
            emergency=decision.risk.urgency is Urgency.EMERGENCY,
            under_18=context.under_18,
            lang=lang,
        )
        own = self.speaking(lang)
        return Reply(own._text("late"), ((Button(own._button("open"), target),),), care=decision.action is Action.CARE)


def plain_word(text: str) -> str:
    """Return a code word as it is compared: compatibility forms, case and spaces do not count."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def is_usable_word(word: str, common: frozenset[str]) -> bool:
    """Tell whether a code word (as compared) is no command, not too short or long, and nothing said by chance."""
    if word.startswith("/") or not SHORTEST_WORD <= len(word) <= LONGEST_WORD:
        return False
    words = word.split()
    return (len(words) >= 2 and len(set(words)) >= 2) or (len(words) == 1 and word not in common)
