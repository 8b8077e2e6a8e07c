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
    changed: set[int] | None = None
    """chats whose context other replicas are still to be told of; None where this program is alone"""
    _kept: OrderedDict[int, tuple[float, Context]] = field(default_factory=OrderedDict)

    @property
    def is_shared(self) -> bool:
        """Tell whether contexts lie in the database too, encrypted."""
        return self.changed is not None

    def get(self, chat_id: int) -> Context:
        """Return what is remembered of a chat, or an empty context."""
        kept = self.entry(chat_id)
        return Context() if kept is None else kept[1]

    def entry(self, chat_id: int) -> tuple[float, Context] | None:
        """Return when a context was put and what it is, or None."""
        kept = self._kept.get(chat_id)
        if kept is None or self.clock() - kept[0] > MAX_AGE:
            self._kept.pop(chat_id, None)
            return None
        return kept

    def put(self, chat_id: int, context: Context) -> None:
        """Remember the context of a chat."""
        self.restore(chat_id, (self.clock(), context))
        self._note(chat_id)

    def restore(self, chat_id: int, entry: tuple[float, Context] | None) -> None:
        """Take over what another replica has put, or forgotten."""
        if entry is None:
            self._kept.pop(chat_id, None)
            return
        self._kept[chat_id] = entry
        self._kept.move_to_end(chat_id)
        while len(self._kept) > _MAX_CHATS:
            self._kept.popitem(last=False)

    def forget(self, chat_id: int) -> None:
        """Forget a chat."""
        self._kept.pop(chat_id, None)
        self._note(chat_id)

    def _note(self, chat_id: int) -> None:
        if self.changed is not None:
            self.changed.add(chat_id)
