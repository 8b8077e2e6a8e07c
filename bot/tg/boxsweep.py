"""What the question box works with, and what it does by the clock: ending, posting, passing answers on."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from telegram import Bot

from bot.content.boxcards import LONGEST, message_link
from bot.content.render import Renderer
from bot.content.reply import Reply
from bot.core.identify import Identifier, plain_draft
from bot.log import place_of
from bot.storage.box import QuestionBox
from bot.storage.boxrows import ID_BYTES, Draw, Followed, Outcome, Question, State, code_of
from bot.tg.drafts import Drafts
from bot.tg.post import Post
from bot.tg.relay import Relay
from bot.tg.telegram_reply import Sent

log = logging.getLogger(__name__)
_EVERY = 30.0
_GROUPS_AT_ONCE = 8
_ENDED = {State.WAITING: "expired", State.REFUSED: "refused", State.FAILED: "failed"}


class Community(Protocol):
    """What the box asks about a group."""

    async def is_moderator(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether somebody may decide on questions now; False where Telegram does not say."""

    async def takes(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether the group's box is on and somebody a member of it now, as far as can be known."""

    async def shows(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether the group's box is on and somebody surely a member, who may be shown what is said there."""

    def code(self, group: int) -> str:
        """Return the code of a group, as buttons carry it."""

    async def group_of(self, code: str) -> int | None:
        """Return the group of a code, or None."""

    async def lang(self, group: int) -> str:
        """Return the language of cards in a group."""

    async def publish(self, bot: Bot, group: int, reply: Reply) -> Sent | None:
        """Send a card to a group, to the thread it belongs in; return what was sent, or None."""


def new_code() -> str:
    """Return a code for the buttons of a draft."""
    return code_of(secrets.token_bytes(ID_BYTES))


@dataclass(frozen=True, slots=True)
class BoxSweep:
    """What everything of the box shares, and its work by the clock."""

    renderer: Renderer
    post: Post
    questions: QuestionBox
    identifier: Identifier
    community: Community
    drafts: Drafts = field(default_factory=lambda: Drafts(new_code))
    draw: Draw = field(default=secrets.randbelow)
    relay: Relay = field(default_factory=lambda: Relay(secrets.randbelow))
    clock: Callable[[], float] = field(default=time.time)
    _unconfirmed: dict[str, int] = field(default_factory=dict)
    """questions that stand in their group, and whose rows could not be told so yet"""

    async def sweep(self, bot: Bot) -> int:
        """End what is over, post what is due, pass answers on; return how many questions were posted."""
        now = int(self.clock())
        for code, message in list(self._unconfirmed.items()):
            if await self.questions.posted(code, message) is not Outcome.LATER:
                del self._unconfirmed[code]
        for notice in await self.questions.expire(now):
            renderer = await self._of_group(notice.group_chat_id)
            await self.post.send(bot, notice.asker_chat_id, renderer.box_ended(_ENDED[notice.state]))
        groups: dict[int, list[Question]] = {}
        for question in await self.questions.claim_due(now):
            groups.setdefault(question.group_chat_id, []).append(question)
        limit = asyncio.Semaphore(_GROUPS_AT_ONCE)

        async def one(group: int, questions: list[Question]) -> int:
            async with limit:  # a group that Telegram is slow with does not hold up the others
                return sum([await self._post(bot, group, question, now) for question in questions])

        posted = sum(await asyncio.gather(*(one(group, questions) for group, questions in groups.items())))
        await self._pass_on(bot, now)
        return posted

    async def _post(self, bot: Bot, group: int, question: Question, now: int) -> bool:
        renderer = await self._of_group(group)
        sent = await self.community.publish(bot, group, renderer.box_posted(question.pseudonym, question.text))
        if sent is None:
            await self.questions.failed(question.code, now)
        elif await self.questions.posted(question.code, sent.number) is Outcome.LATER:
            self._unconfirmed[question.code] = sent.number
        return sent is not None

    async def _of_group(self, group: int) -> Renderer:
        """Return the writer in a group's language, which is also that of whoever came from there."""
        return self.renderer.speaking(await self.community.lang(group))

    async def answer_came(self, group_chat_id: int, message: int, text: str) -> bool:
        """Note that `text` was sent in a group as a reply to our `message`; return whether its asker will see it."""
        code = await self.questions.replied_to(group_chat_id, message)
        plain = plain_draft(text)[:LONGEST]
        return code is not None and bool(plain) and self.relay.add(code, plain, int(self.clock()))

    async def _pass_on(self, bot: Bot, now: int) -> None:
        for answer in self.relay.take_due(now):
            found = await self.questions.watcher(answer.code)
            if found is None:
                continue
            asker, question = found
            if await self.community.shows(bot, question.group_chat_id, asker):
                renderer = await self._of_group(question.group_chat_id)
                reply = renderer.box_answer(answer.code, question.pseudonym, answer.text, link_to(question))
                await self.post.send(bot, asker, reply)

    async def run(self, bot: Bot) -> None:
        """Sweep for ever."""
        while True:
            try:
                await self.sweep(bot)
            except Exception as error:  # noqa: BLE001, RUF100 - one failed sweep must not end the next ones
                log.error("the question box failed: %s", place_of(error))
            await asyncio.sleep(_EVERY)

    async def _show(self, bot: Bot, chat_id: int, reply: Reply, message: int | None) -> None:
        """Change the card that was pressed, so that no draft stays on the screen; send a new one where that fails."""
        if message is None or not await self.post.edit(bot, chat_id, message, reply):
            await self.post.send(bot, chat_id, reply)


def link_to(found: Followed) -> str | None:
    """Return the address of a posted question in its group."""
    return None if found.message is None else message_link(found.group_chat_id, found.message)
