"""What the next update of a chat must find wherever it is answered: brought from the database before, kept after.

The short context and a draft for a group's box, encrypted, for half an hour at most; and what the reader chose is read
anew. Handlers know nothing of it: they work with what lies in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from bot.core.values import Context, Direction
from bot.storage.ledger import Ledger
from bot.storage.sessions import Kind, Sessions
from bot.tg.drafts import Draft, Drafts
from bot.tg.memory import MAX_AGE, ShortMemory

PURGE_SECONDS = 60
_KEPT = MAX_AGE - PURGE_SECONDS
"""how long a row is good, so that it is erased when half an hour is over"""
_MOST_WAITING = 20_000
_MOST_AT_ONCE = 20
_ODD = (ValueError, TypeError, KeyError, AttributeError)
"""what reading raises that another version has written"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be written."""

    statements: tuple[Any, ...]
    chats: tuple[int, ...]
    """whose contexts are in it"""


@dataclass(frozen=True, slots=True)
class Shared:
    """Memory and drafts of this replica, and the rows behind them; reading raises any of BROKEN."""

    sessions: Sessions
    memory: ShortMemory
    drafts: Drafts
    ledger: Ledger
    clock: Callable[[], float]
    """seconds since 1970, as `memory` and `drafts` have it"""

    async def bring(self, chat_id: int) -> None:
        """Take over what other replicas know of a chat; what could not be told them yet is newer, and stays."""
        self.ledger.read_anew(chat_id)
        found = await self.sessions.read(chat_id, int(self.clock()))
        if chat_id not in (self.memory.changed or ()):
            self.memory.restore(chat_id, _read_context(found.get(Kind.CONTEXT)))
        self.drafts.restore(chat_id, _read_draft(found.get(Kind.DRAFT)))

    def draft_of(self, chat_id: int) -> Draft | None:
        """Return a copy of a chat's draft, to see by it later whether it was changed."""
        draft = self.drafts.of_chat(chat_id)
        return None if draft is None else replace(draft)

    def changes(self, chat_id: int, before: Draft | None) -> Changes:
        """Return what was changed while an update of a chat was answered; `before` is its draft of then."""
        found = []
        draft = self.drafts.of_chat(chat_id)
        if draft is not None and draft != before:
            text = json.dumps(asdict(draft), ensure_ascii=False)
            found.append(self.sessions.writing(chat_id, Kind.DRAFT, text, int(draft.at) + _KEPT))
        elif draft is None and before is not None:
            found.append(self.sessions.erasing(chat_id, Kind.DRAFT))
        changed = self.memory.changed if self.memory.changed is not None else set()
        if len(changed) > _MOST_WAITING:
            changed.clear()
        chats = tuple(changed)[:_MOST_AT_ONCE]
        changed.difference_update(chats)
        for chat in chats:
            entry = self.memory.entry(chat)
            if entry is None:
                found.append(self.sessions.erasing(chat, Kind.CONTEXT))
            else:
                found.append(self.sessions.writing(chat, Kind.CONTEXT, _write_context(entry), int(entry[0]) + _KEPT))
        return Changes(tuple(found), chats)

    def put_back(self, changes: Changes) -> None:
        """Tell later what could not be written."""
        if self.memory.changed is not None:
            self.memory.changed.update(changes.chats)

    async def purge(self) -> None:
        """Erase what has ended."""
        await self.sessions.purge(int(self.clock()))


def _write_context(entry: tuple[float, Context]) -> str:
    return json.dumps({"at": entry[0], **asdict(entry[1])})


def _read_context(text: str | None) -> tuple[float, Context] | None:
    if text is None:
        return None
    try:
        values = json.loads(text)
        at = float(values["at"])
        known = _known(Context, values)
        context = Context(
            **{**known, "direction": Direction(known["direction"]), "choices": tuple(known.get("choices", ()))}
        )
    except _ODD:
        return None
    return at, context


def _read_draft(text: str | None) -> Draft | None:
    if text is None:
        return None
    try:
        return Draft(**_known(Draft, json.loads(text)))
    except _ODD:
        return None


def _known(kind: Any, values: Any) -> dict[str, Any]:
    """Return the values of fields that this version has."""
    return {field.name: values[field.name] for field in fields(kind) if field.name in values}
