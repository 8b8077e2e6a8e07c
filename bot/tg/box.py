"""The question box: a draft in, a press in, the moderators' list, what is due out.

**Danger is the business of the caller.** Before anything typed comes to `draft`, the engine has decided on it: on care
or a signpost the caller answers with that card and does not call `draft`; nothing here reads a text for danger again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from telegram import Bot, Message

from bot.content.boxcards import LONGEST, LONGEST_TYPED
from bot.content.reply import Reply, Target
from bot.core.identify import plain_draft
from bot.storage.boxrows import Followed, Outcome, State
from bot.tg.boxmoderation import DECIDED, BoxModeration
from bot.tg.boxsweep import link_to
from bot.tg.drafts import Draft

_STATES = {
    State.WAITING: "waiting",
    State.APPROVED: "coming",
    State.POSTING: "coming",
    State.POSTED: "posted",
    State.FOLLOWED: "followed",
    State.REFUSED: "ended",
    State.FAILED: "ended",
}


@dataclass(frozen=True, slots=True)
class Box(BoxModeration):
    """The logic of the handlers; in private chats a chat's number is its person's."""

    async def invite(self, bot: Bot, chat_id: int, group_chat_id: int, lang: str = "en") -> None:
        """Send the invitation to somebody who came from a group."""
        renderer = self.renderer.speaking(lang)
        if await self.community.takes(bot, group_chat_id, chat_id):
            reply = renderer.box_invite(self.drafts.begin(chat_id, group_chat_id, renderer.lang).code)
        else:
            reply = renderer.box_note("closed")
        await self.post.send(bot, chat_id, reply)

    def is_writing(self, chat_id: int) -> bool:
        """Tell whether the next thing typed in a chat is a draft. Commands and code words come first all the same."""
        draft = self.drafts.of_chat(chat_id)
        return draft is not None and draft.writing

    async def draft(
        self, bot: Bot, chat_id: int, text: str, incoming: Message | None = None, words: str = "en"
    ) -> None:
        """Take a typed draft, in the language `words`, and show what might give anyone away.

        The caller has run the engine over `text` first and comes here only where it is no danger.
        """
        draft = self.drafts.of_chat(chat_id)
        if draft is None or not draft.writing:
            await self.post.send(bot, chat_id, self.renderer.box_note("gone"), incoming)
            return
        renderer = self.renderer.speaking(draft.lang)
        plain = plain_draft(text)
        if not any(ch.isalpha() for ch in plain):
            reply = renderer.box_write(draft.code)
        elif (
            len(plain) > LONGEST_TYPED
            or len(await asyncio.to_thread(self.identifier.speaking(words).soften, plain)) > LONGEST
        ):
            reply = renderer.box_note("long")
        else:
            self.drafts.renew(draft, plain, words)
            # Marking takes up to a tenth of a second on odd texts; others are answered meanwhile.
            reply = await asyncio.to_thread(self._card, draft)
        await self.post.send(bot, chat_id, reply, incoming)

    def _card(self, draft: Draft, note: str = "") -> Reply:
        identifier = self.identifier.speaking(draft.words)
        marks = identifier.find(draft.text)
        softer, kept = identifier.soften(draft.text), identifier.without_contacts(draft.text)
        return self.renderer.speaking(draft.lang).box_draft(draft.code, draft.text, marks, softer, kept, note)

    async def press(self, bot: Bot, chat_id: int, target: Target, message: int | None = None) -> None:
        """Do what a button `box:<action>:<code>` says; `message` is the card it stands on, which then changes."""
        _, _, rest = target.node.partition(":")
        action, _, code = rest.partition(":")
        if action in DECIDED or action == "next":
            reply: Reply | None = await self._moderate(bot, chat_id, action, code, target.lang)
        elif action in {"watch", "unwatch"}:
            reply = await self._watch(bot, chat_id, code, target.lang, on=action == "watch")
        else:
            reply = await self._press_draft(bot, chat_id, action, code, target.lang)
        if reply is not None:
            await self._show(bot, chat_id, reply, message)

    async def _press_draft(self, bot: Bot, chat_id: int, action: str, code: str, lang: str) -> Reply | None:
        draft = self.drafts.by_code(chat_id, code)
        renderer = self.renderer.speaking(lang)
        if draft is None or action not in {"write", "soft", "keep", "drop"}:
            return renderer.box_note("gone")
        if draft.done:
            return None  # pressed twice: the card says already what happened
        if action == "write":
            draft.writing = True
            return renderer.box_write(code)
        if action == "drop":
            self.drafts.end(draft)
            return renderer.box_note("dropped")
        if not draft.text:
            return renderer.box_write(code)
        return await self._hand_in(bot, chat_id, draft, softer=action == "soft")

    async def _hand_in(self, bot: Bot, chat_id: int, draft: Draft, *, softer: bool) -> Reply:
        renderer = self.renderer.speaking(draft.lang)
        if not await self.community.takes(bot, draft.group_chat_id, chat_id):
            self.drafts.end(draft)
            return renderer.box_note("closed")
        identifier = self.identifier.speaking(draft.words)
        chosen = identifier.soften if softer else identifier.without_contacts
        text = await asyncio.to_thread(chosen, draft.text)
        now = int(self.clock())
        handed = await self.questions.submit(draft.group_chat_id, chat_id, text, now)
        if handed.outcome is not Outcome.DONE:
            note = "box_full" if handed.outcome is Outcome.FULL else "box_later"
            return await asyncio.to_thread(self._card, draft, note)
        self.drafts.end(draft)
        link = f"https://t.me/{bot.username}?start={self.questions.link(handed.code, now)}"
        return renderer.box_handed(handed.pseudonym, link)

    async def open_link(
        self, bot: Bot, chat_id: int, word: str, incoming: Message | None = None, lang: str = "en"
    ) -> None:
        """Answer the word of a link to a question (FOLLOW_PREFIX): where it is, to its asker alone.

        In the language of its group; `lang` is for links that lead nowhere.
        """
        found = await self.questions.follow(word, chat_id, int(self.clock()))
        if found is not None:
            lang = await self.community.lang(found.group_chat_id)
        await self.post.send(bot, chat_id, self._state(found, lang), incoming)

    async def _watch(self, bot: Bot, chat_id: int, code: str, lang: str, *, on: bool) -> Reply:
        found = await self.questions.followed(code, chat_id)
        if on and found is not None and not await self.community.shows(bot, found.group_chat_id, chat_id):
            return self.renderer.speaking(lang).box_note("unseen")
        outcome = await self.questions.watch(code, chat_id, on=on)
        if outcome is Outcome.LATER:
            return self.renderer.speaking(lang).box_note("later")
        return self._state(await self.questions.followed(code, chat_id), lang)

    def _state(self, found: Followed | None, lang: str) -> Reply:
        renderer = self.renderer.speaking(lang)
        if found is None:
            return renderer.box_note("gone")
        return renderer.box_state(found.code, found.pseudonym, _STATES[found.state], link_to(found))

    async def forget(self, chat_id: int) -> None:
        """Erase a draft and every question of somebody; what stands in a group stays there."""
        self.drafts.forget(chat_id)
        await self.questions.forget(chat_id, int(self.clock()))

    async def proof(self, chat_id: int, lang: str = "en") -> tuple[str, ...]:
        """Return the lines of /proof on what the box holds of somebody."""
        held = await self.questions.held(chat_id)
        renderer = self.renderer.speaking(lang)
        return renderer.box_proof(held, draft=self.drafts.holds(chat_id), shared=self.drafts.shared)
