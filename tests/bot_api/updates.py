"""Updates that wait for the bot: offsets, long polls, allowed_updates, two pollers."""

from collections.abc import Iterable
from copy import deepcopy

from .refuse import OTHER_GET_UPDATES, Wire, conflict
from .signals import Bell

FIRST_UPDATE_ID = 700_000_001
MAX_LIMIT = 100
MAX_TIMEOUT = 50
# Telegram sends these only to bots that ask for them.
ON_REQUEST_ONLY = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class UpdateQueue:
    """The updates not yet confirmed, oldest first."""

    def __init__(self) -> None:
        self.pending: list[Wire] = []
        self.polls = 0
        self.allowed: frozenset[str] | None = None
        self.changed = Bell()
        self._next_id = FIRST_UPDATE_ID
        self._generation = 0
        self._ended_by = OTHER_GET_UPDATES
        self._closed = False

    def push(self, kind: str, content: Wire) -> int | None:
        """Queues an update and returns its id, or None when the bot has not asked for this kind."""
        if kind not in self.allowed if self.allowed is not None else kind in ON_REQUEST_ONLY:
            return None
        return self.push_raw({kind: content})

    def push_raw(self, update: Wire) -> int:
        """Queues an update exactly as given, with an update_id when it has none."""
        update_id = update.get("update_id", self._next_id)
        self._next_id = max(self._next_id, update_id + 1)
        # A copy, so that later edits do not reach back into what was already on its way.
        self.pending.append({"update_id": update_id, **deepcopy(update)})
        self.changed.ring()
        return int(update_id)

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Sets allowed_updates: None keeps the setting, an empty list restores the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds) or None

    def confirm(self, offset: int) -> None:
        """Forgets updates before an offset; a negative one keeps that many from the end."""
        before = len(self.pending)
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]
        if len(self.pending) != before:
            self.changed.ring()

    def discard(self, update_id: int) -> None:
        """Forgets one update, which the webhook took."""
        self.pending = [update for update in self.pending if update["update_id"] != update_id]
        self.changed.ring()

    def clear(self) -> None:
        """Forgets all updates."""
        self.pending = []
        self.changed.ring()

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Wire]:
        """Answers getUpdates: at once when there is something, else as soon as there is."""
        self.polls += 1
        self._generation += 1
        mine, self._ended_by = self._generation, OTHER_GET_UPDATES
        self.confirm(offset)
        self.changed.ring()

        def look() -> list[Wire] | None:
            if mine != self._generation:
                raise conflict(self._ended_by)
            return self.pending[:limit] or ([] if self._closed else None)

        try:
            return await self.changed.until(look, seconds, lambda: "no update")
        except TimeoutError:
            return []

    def end_polls(self, reason: str) -> None:
        """Ends a waiting poll with a conflict."""
        self._generation += 1
        self._ended_by = reason
        self.changed.ring()

    def open(self) -> None:
        """Lets polls wait (again)."""
        self._closed = False

    def close(self) -> None:
        """Answers waiting polls at once, for the server to stop."""
        self._closed = True
        self.changed.ring()
