"""What moderators do with questions that wait: one card at a time, each press asked whether it may."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Bot

from bot.content.reply import Reply
from bot.storage.boxrows import Outcome
from bot.tg.boxsweep import BoxSweep

DECIDED = {"pass": "passed", "refuse": "turned_down", "block": "blocked"}
"""a moderator's action -> the key of the text on what it did"""


@dataclass(frozen=True, slots=True)
class BoxModeration(BoxSweep):
    """The moderators' side; nothing here knows an asker."""

    async def moderate(self, bot: Bot, chat_id: int, group_chat_id: int, lang: str = "en") -> None:
        """Send a moderator the first question that waits, or that nothing does."""
        if await self.community.is_moderator(bot, group_chat_id, chat_id):
            reply = await self._next(group_chat_id, lang)
        else:
            reply = self.renderer.speaking(lang).settings_note("not_admin")
        await self.post.send(bot, chat_id, reply)

    async def _moderate(self, bot: Bot, chat_id: int, action: str, code: str, lang: str) -> Reply:
        """Return what comes of a moderator's press; who may is asked at each."""
        renderer = self.renderer.speaking(lang)
        code, _, where = code.partition(":")
        # The group stands in the button: asked of the question, the answer would tell whether its row is still there.
        group = await self.community.group_of(where) if where else None
        group = group or await self.questions.group_of(code)
        if group is None:
            return renderer.box_none(renderer.box_moderated("settled"))
        if not await self.community.is_moderator(bot, group, chat_id):
            return renderer.settings_note("not_admin")
        if action == "next":
            return await self._next(group, lang, after=code)
        now = int(self.clock())
        name = next((q.pseudonym for q in await self.questions.waiting(group, now) if q.code == code), "")
        decide = {"pass": self.questions.approve, "refuse": self.questions.refuse, "block": self.questions.block}[
            action
        ]
        outcome = await decide(code, now, self.draw)
        key = {Outcome.DONE: DECIDED[action], Outcome.LATER: "later"}.get(outcome, "settled")
        return await self._next(group, lang, renderer.box_moderated(key, name))

    async def _next(self, group: int, lang: str, note: str = "", after: str = "") -> Reply:
        """Return the question that waits after one (in the order of codes, which is none), or that nothing does."""
        renderer = self.renderer.speaking(lang)
        # By code, which is not the order of the ids: in it digits come after letters.
        waiting = sorted(await self.questions.waiting(group, int(self.clock())), key=lambda question: question.code)
        if not waiting:
            return renderer.box_none(note)
        shown = next((q for q in waiting if q.code > after), waiting[0])
        where = self.community.code(group)
        return renderer.box_moderate(shown.code, shown.pseudonym, shown.text, len(waiting), note, where)
