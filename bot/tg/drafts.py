"""Drafts for the question box: in memory, one a chat, half an hour at most.

With one replica nothing unsent is written to disk; several hand a draft on to each other encrypted (`tg/shared.py`).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_AGE = 30 * 60
"""seconds"""
_MOST = 5_000


@dataclass(slots=True)
class Draft:
    """What one chat is about to hand in."""

    code: str
    group_chat_id: int
    lang: str
    at: float
    writing: bool = False
    """the next thing typed is taken for it"""
    text: str = ""
    """cleaned, as the card shows it"""
    words: str = ""
    """language of the text, as far as replies have it"""
    done: bool = False
    """handed in or dropped: pressed once more, nothing happens"""


@dataclass(slots=True)
class Drafts:
    """Drafts by chat; the oldest goes first when there are many."""

    token: Callable[[], str]
    """makes a code for buttons"""
    clock: Callable[[], float] = time.monotonic
    shared: bool = False
    """whether other replicas are handed them"""
    _kept: OrderedDict[int, Draft] = field(default_factory=OrderedDict)

    def begin(self, chat_id: int, group_chat_id: int, lang: str) -> Draft:
        """Begin anew for a chat; what it had is forgotten."""
        draft = Draft(self.token(), group_chat_id, lang, self.clock())
        self.restore(chat_id, draft)
        return draft

    def restore(self, chat_id: int, draft: Draft | None) -> None:
        """Take over what another replica has begun, changed or forgotten."""
        if draft is None:
            self._kept.pop(chat_id, None)
            return
        self._kept[chat_id] = draft
        self._kept.move_to_end(chat_id)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def of_chat(self, chat_id: int) -> Draft | None:
        """Return what a chat is about to hand in, or None."""
        draft = self._kept.get(chat_id)
        if draft is not None and self.clock() - draft.at > MAX_AGE:
            del self._kept[chat_id]
            return None
        return draft

    def by_code(self, chat_id: int, code: str) -> Draft | None:
        """Return a chat's draft by the code of a button, or None for another one."""
        draft = self.of_chat(chat_id)
        return draft if draft is not None and draft.code == code else None

    def renew(self, draft: Draft, text: str, words: str = "") -> None:
        """Put a text into a draft, in the language `words`; buttons of an earlier text no longer fit."""
        draft.code, draft.text, draft.words, draft.at = self.token(), text, words, self.clock()

    def end(self, draft: Draft) -> None:
        """End a draft and forget its text; its code is known a while, for who presses twice."""
        draft.done, draft.writing, draft.text = True, False, ""

    def forget(self, chat_id: int) -> None:
        """Forget what a chat was about to hand in."""
        self._kept.pop(chat_id, None)

    def holds(self, chat_id: int) -> bool:
        """Tell whether a text of the chat lies in memory."""
        draft = self.of_chat(chat_id)
        return draft is not None and bool(draft.text)
