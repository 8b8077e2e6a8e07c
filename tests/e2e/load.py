"""People who ask, and what they should have read in the end."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bot_api import BotApiServer, Person

SAYINGS = ("is texting my ex micro-cheating?", "/help", "/topics")
PEOPLE_AT_ONCE = 10
PACE_SECONDS = 0.04
LOADED_SECONDS = PEOPLE_AT_ONCE * len(SAYINGS) * PACE_SECONDS


@dataclass
class Load:
    """Conversations of the same few sayings."""

    api: BotApiServer
    sayings: Sequence[str] = SAYINGS
    answers: dict[str, str] = field(default_factory=dict)
    """what was said -> the reply"""
    people: list[Person] = field(default_factory=list)

    async def learn(self) -> None:
        """Ask each question once and note the reply."""
        person = self.api.person()
        for saying in self.sayings:
            await person.say(saying)
            self.answers[saying] = (await person.next_reply(10)).text
        assert len(set(self.answers.values())) == len(self.sayings)

    async def ask(self) -> None:
        """Let ten new people ask everything, as fast as Telegram lets a bot answer."""
        new = [self.api.person() for _ in range(PEOPLE_AT_ONCE)]
        self.people += new
        for saying in self.sayings:
            for person in new:
                await person.say(saying)
                await asyncio.sleep(PACE_SECONDS)

    def count(self) -> tuple[int, int, int]:
        """Return how many questions there were, how many were not answered, how many replies were too many."""
        lost = doubled = 0
        wanted = Counter(self.answers.values())
        sent: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for call in self.api.calls_to("sendMessage"):
            if isinstance(call.result, dict):  # also where the program did not live to hear of it
                sent[call.result["chat"]["id"]][call.result["text"]] += 1
        for person in self.people:
            got = sent[person.id]
            lost += (wanted - got).total()
            doubled += (got - wanted).total()
        return len(self.people) * len(self.sayings), lost, doubled
