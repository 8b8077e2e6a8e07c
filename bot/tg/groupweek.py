"""What happens in groups week by week: counting topics, releasing the counts, the weekly card."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from telegram import Bot, Message

from bot.content.groupsettings import read_settings, write_settings
from bot.core.values import Action, Decision
from bot.storage.weekly import weeks_before
from bot.tg.groupbase import GroupBase

EPSILON = Fraction(2)
"""of the weekly counts; a constant, so that no admin can tune it (docs/decisions/0010-weekly-counts.md)"""
_LIGHT = "meta"


@dataclass(frozen=True, slots=True)
class GroupWeek(GroupBase):
    """The weekly work, and what it holds on a person."""

    async def _count(self, message: Message, decision: Decision) -> None:
        """Count a topic for the week; danger, what is not understood, and talk about this guide are counted nowhere."""
        if (
            decision.action is Action.ANSWER
            and decision.intent is not None
            and message.from_user is not None
            and message.sender_chat is None
            and self.renderer.catalogue.taxonomy.group_of(decision.intent) != _LIGHT
        ):
            await self.weekly_counts.note(message.chat_id, message.from_user.id, decision.intent, self.clock())

    async def release(self) -> None:
        """Release last week's counts of every group, once; discard what is older."""
        week = weeks_before(self.clock(), 1)[0]
        for group in await self.groups.every():
            if not await self.weekly_counts.read(group.chat_id, [week]):
                await self.weekly_counts.release(group.chat_id, week, EPSILON, secrets.randbelow)
        await self.weekly_counts.discard_old(self.clock())

    async def held(self, person: int) -> int:
        """Return how many rows of this week's counts stand for a person, over all groups."""
        return sum([await self.weekly_counts.held(g.chat_id, person) for g in await self.groups.every()])

    async def forget(self, person: int) -> None:
        """Erase a person's rows of this week's counts in every group."""
        for group in await self.groups.every():
            await self.weekly_counts.forget(group.chat_id, person)

    async def weekly(self, bot: Bot) -> int:
        """Send this week's card to the groups that turned it on; return to how many."""
        today = dt.datetime.fromtimestamp(self.clock(), dt.UTC).date().isocalendar()
        week = today.year * 100 + today.week
        sent = 0
        for group in await self.groups.every():
            settings = read_settings(group.settings)
            # Other replicas look at the same moment: one of them sends the card.
            if _prompted(group.settings, week) is None or not await self.groups.claim(
                group.chat_id, lambda found: _prompted(found, week)
            ):
                continue
            renderer = self.renderer.speaking(settings.lang)
            intents = renderer.written("understanding")
            card = renderer.group_weekly(intents[today.week % len(intents)], self.link(bot, group.chat_id))
            await self._send(bot, group.chat_id, card, settings, settings.topic)
            sent += 1
        return sent


def _prompted(found: Mapping[str, Any], week: int) -> Mapping[str, Any] | None:
    """Return a group's settings with a week's card noted; None where it wants none, or has it."""
    settings = read_settings(found)
    if not settings.weekly or settings.prompted >= week:
        return None
    return write_settings(replace(settings, prompted=week))
