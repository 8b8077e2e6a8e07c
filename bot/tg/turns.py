"""An update among several replicas: answered by one, in its chat's turn, with what the chat's last update left.

Whose it is the database says (`storage/claims.py`). Where that cannot be asked an update is answered all the same:
danger must not wait, and an answer too many is better than none.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from telegram import Update

from bot.log import place_of
from bot.storage.claims import LEASE_SECONDS, Claims, Standing
from bot.storage.database import BROKEN, Database
from bot.storage.patience import within
from bot.tg.drafts import Draft
from bot.tg.shared import Shared

T = TypeVar("T")
log = logging.getLogger(__name__)
_RENEW_SECONDS = LEASE_SECONDS / 4
_MARGIN_SECONDS = 1.0
"""before its end, a lease is no longer relied on without asking"""
_ASK_SECONDS = 5.0
"""how long an update waits for the database"""
_URGENT_SECONDS = 0.5
"""how long danger waits for it, and for an earlier update of its chat at another replica"""
_FIRST_WAIT = 0.03
_LONGEST_WAIT = 1.0


class AwayError(Exception):
    """The database cannot be asked now."""


class Turns:
    """The turns of this replica's updates."""

    def __init__(
        self,
        database: Database,
        claims: Claims,
        shared: Shared | None = None,
        is_danger: Callable[[Update], bool] = lambda update: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the database, this replica's claims on it, and what is brought along for private chats.

        `is_danger` tells of an update whether it may not wait, and is only asked where there is something to wait for;
        `clock` gives seconds and never goes back.
        """
        self.claims = claims
        self.shared = shared
        self.is_danger = is_danger
        self.clock = clock
        self._database = database
        self._held: dict[int, Turn] = {}
        self._keeper: asyncio.Task[None] | None = None

    def turn(self, update: Update, chat_id: int | None) -> Turn:
        """Return the turn of an update, which begins with `claim`."""
        return Turn(self, update, chat_id)

    async def ask(self, call: Callable[[], Awaitable[T]], is_urgent: Callable[[], bool] = lambda: False) -> T:
        """Return what the database says; raises AwayError where it does not.

        What is urgent does not wait for long; whether it is, is asked only then.
        """
        try:
            return await within(call(), _URGENT_SECONDS, lambda: 0.0 if is_urgent() else _ASK_SECONDS - _URGENT_SECONDS)
        except BROKEN as error:
            self._database.warn(error)
            raise AwayError from None
        except Exception as error:
            log.error("sharing with other replicas failed: %s", place_of(error))
            raise AwayError from None  # a mistake in the books must not cost anybody an answer

    def hold(self, turn: Turn) -> None:
        """Renew a turn's lease until it is let go."""
        self._held[turn.number] = turn
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())

    def let_go(self, turn: Turn) -> None:
        """Renew a lease no longer."""
        if self._held.get(turn.number) is turn:
            del self._held[turn.number]

    async def _keep(self) -> None:
        while self._held:
            await asyncio.sleep(_RENEW_SECONDS)
            await self.renew()

    async def renew(self) -> None:
        """Make the leases of what takes longer last longer; one that ran out is left to `check`."""
        now = self.clock()
        late = {n: turn for n, turn in self._held.items() if turn.left(now) < LEASE_SECONDS - _RENEW_SECONDS / 2}
        if not late:
            return
        try:
            kept = await self.ask(lambda: self.claims.renew(late))
        except AwayError:
            return
        for number in kept:
            late[number].renewed(now)

    async def purge(self) -> None:
        """Erase what dead replicas left, and what is older than half an hour."""
        for call in (self.claims.purge, *((self.shared.purge,) if self.shared is not None else ())):
            try:
                await call()
            except BROKEN as error:
                self._database.warn(error)

    async def close(self) -> None:
        """Let go of everything: what was cut off comes again, and nobody has to wait for it."""
        if self._keeper is not None:
            self._keeper.cancel()
        try:
            await self.ask(self.claims.leave)
        except AwayError:
            return


class Turn:
    """One update's: first `claim`, then `begin`, then its answer with `check` before each call, at last `end`."""

    def __init__(self, turns: Turns, update: Update, chat_id: int | None) -> None:
        """Take the update, and whose updates are answered one after another."""
        self.number = update.update_id
        self._update = update
        self._turns = turns
        self._chat_id = chat_id
        self._until: float | None = None
        """when the lease ends, by the own clock; None where there is none"""
        self._draft: Draft | None = None
        self._danger: bool | None = None

    def left(self, now: float) -> float:
        """Return for how many seconds the lease lasts."""
        return 0.0 if self._until is None else self._until - now

    def renewed(self, now: float) -> None:
        """Note that the lease was renewed after `now`."""
        self._until = now + LEASE_SECONDS

    async def claim(self) -> None:
        """Make the update ours; while another replica has it, wait until that is done with it, or dead."""
        await self._insist(self._try_claim)

    def _is_danger(self) -> bool:
        if self._danger is None:
            try:
                self._danger = self._turns.is_danger(self._update)
            except Exception as error:  # noqa: BLE001, RUF100 - then it waits as any other, and is answered
                log.error("an update could not be looked at: %s", place_of(error))
                self._danger = False
        return self._danger

    async def _try_claim(self) -> bool:
        now = self._turns.clock()
        ours = await self._turns.ask(lambda: self._turns.claims.claim(self.number, self._chat_id), self._is_danger)
        if ours:
            self.renewed(now)
            self._turns.hold(self)
        return ours

    async def begin(self) -> bool:
        """Wait for the chat's turn, unless it is danger; False where another replica has answered meanwhile."""
        answered, began = False, self._turns.clock()

        async def attempt() -> bool:
            nonlocal answered
            standing = await self._ask_turn()
            answered = standing is Standing.ANSWERED
            if standing is Standing.LOST:
                await self._try_claim()
            elif standing is Standing.WAITS:
                # Whoever has the earlier one may be dead.
                return self._turns.clock() - began > _URGENT_SECONDS and self._is_danger()
            return standing is not Standing.LOST

        if self._until is None:
            return True
        await self._insist(attempt)
        if answered:
            await self._finish()
            return False
        shared, chat_id = self._turns.shared, self._chat_id
        if shared is not None and chat_id is not None and chat_id > 0:
            await self._quietly(lambda: shared.bring(chat_id), self._is_danger)
            self._draft = shared.draft_of(chat_id)
        return True

    async def _ask_turn(self) -> Standing:
        return await self._turns.ask(lambda: self._turns.claims.begin(self.number, self._chat_id), self._is_danger)

    async def _insist(self, attempt: Callable[[], Awaitable[bool]]) -> None:
        """Try until it succeeds, or until the database was silent for a whole lease since it last said no."""
        wait, refused = _FIRST_WAIT, None
        while True:
            try:
                if await attempt():
                    return
                refused = self._turns.clock()
            except AwayError:
                if refused is None or self._turns.clock() - refused > LEASE_SECONDS:
                    return
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT, wait * 1.5)

    async def check(self) -> None:
        """Return where the update is still ours, as it is unless this replica was paused; else cancel the task."""
        now = self._turns.clock()
        if self._until is None or self.left(now) > _MARGIN_SECONDS:
            return
        try:
            if await self._try_claim():
                standing = await self._ask_turn()
                if standing is not Standing.ANSWERED:
                    return
                await self._finish()
        except AwayError:
            return
        self._turns.let_go(self)
        log.warning("an update was left to another replica: this one was paused or overloaded for too long")
        raise asyncio.CancelledError

    async def end(self) -> bool:
        """Enter the update as answered, with what the chat's next one needs; let go. False where it is not entered."""
        if self._until is None:
            return False  # the database was away; nobody waits for it once more
        shared = self._turns.shared
        if shared is None or self._chat_id is None:
            return await self._finish()
        changes = shared.changes(self._chat_id, self._draft)
        entered = await self._finish(changes.statements)
        if not entered:
            shared.put_back(changes)
        return entered

    async def _finish(self, also: Sequence[Any] = ()) -> bool:
        self._turns.let_go(self)
        return await self._quietly(lambda: self._turns.claims.finish(self.number, also))

    def drop(self) -> None:
        """Let the lease run out, as after the update was cut off."""
        self._turns.let_go(self)

    async def _quietly(
        self, call: Callable[[], Awaitable[None]], is_urgent: Callable[[], bool] = lambda: False
    ) -> bool:
        try:
            await self._turns.ask(call, is_urgent)
        except AwayError:
            return False
        return True
