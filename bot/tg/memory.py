"""The short context of each chat: in memory, without any text, for half an hour at most."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.values import Context

MAX_AGE = 30 * 60
"""seconds"""
_MAX_CHATS = 20_000


@dataclass(slots=True)
class ShortMemory:
    """Context by chat; the oldest goes first when there are many."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[int, tuple[float, Context]] = field(default_factory=OrderedDict)

    def get(self, chat_id: int) -> Context:
        """Return what is remembered of a chat, or an empty context."""
        kept = self._kept.get(chat_id)
        if kept is None or self.clock() - kept[0] > MAX_AGE:
            self._kept.pop(chat_id, None)
            return Context()
        return kept[1]

    def put(self, chat_id: int, context: Context) -> None:
        """Remember the context of a chat."""
        self._kept[chat_id] = (self.clock(), context)
        self._kept.move_to_end(chat_id)
        while len(self._kept) > _MAX_CHATS:
            self._kept.popitem(last=False)

    def forget(self, chat_id: int) -> None:
        """Forget a chat."""
        self._kept.pop(chat_id, None)
