"""Updates at hand: run at once, in order per chat, each once, with an eye on those that take too long.

Both ways in use it, polling and webhook: what is taken is answered before Telegram may forget it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telegram import Bot, Update

from bot.storage.handled import Handled
from bot.tg.hold import Hold, at_hand
from bot.tg.tally import Tally

if TYPE_CHECKING:
    from bot.tg.turns import Turn, Turns

log = logging.getLogger(__name__)
ALLOWED = ("message", "callback_query", "my_chat_member")
"""the kinds of updates that are answered; no others are asked for"""
HELD_SECONDS = 10.0
SLOW_SECONDS = 60.0
HUNG_SECONDS = 900.0
"""longer than all tries of several sends together"""
_THINK_SECONDS = 0.05
"""after which one that thinks on, such as for a slow database, makes room for another"""
_LARGEST = 2**62

Handle = Callable[[Update], Awaitable[None]]
Wire = dict[str, Any]


@dataclass(eq=False, slots=True)
class _Running:
    """One update at hand."""

    number: int
    taken: float
    hold: Hold
    task: asyncio.Task[None] | None = None
    begun: float | None = None
    """when its turn in the chat came"""
    counted: bool = False
    """as at risk"""
    given_up: bool = False


class Order:
    """The updates at hand, in order per chat."""

    def __init__(
        self,
        bot: Bot,
        handle: Handle,
        handled: Handled | None = None,
        tally: Tally | None = None,
        clock: Callable[[], float] = time.monotonic,
        think_at_once: int = 1,
        turns: Turns | None = None,
    ) -> None:
        """Take what answers one update, and what knows the answered ones; `clock` gives seconds and never goes back.

        `turns` shares updates with other replicas; None where this program is alone.

        `think_at_once` updates at a time have the processor until they call Telegram. One is enough for several times
        as many messages as Telegram lets a bot send; only where its limits are lifted do more answer faster.
        """
        self.handled = handled or Handled()
        self.tally = tally or Tally(clock)
        self._bot = bot
        self._handle = handle
        self._clock = clock
        self._running: dict[int, _Running] = {}
        self._turns = turns
        self._tails: dict[int, _Running] = {}
        self._progress = asyncio.Event()
        self._thinking = asyncio.Semaphore(think_at_once)

    def __len__(self) -> int:
        """Return how many updates are at hand."""
        return len(self._running)

    def is_known(self, number: int) -> bool:
        """Tell whether an update is at hand or was answered, as far as memory goes."""
        return number in self._running or number in self.handled

    def task_of(self, number: int) -> asyncio.Task[None] | None:
        """Return what answers an update, while it is at hand."""
        one = self._running.get(number)
        return one.task if one is not None else None

    def begin(self, number: int, item: Wire, *, look_up: bool = False) -> asyncio.Task[None] | None:
        """Start an update that is not known; None for one that does not parse, which is skipped and done with.

        With `look_up` it is passed over where the database knows that it was answered. The task ends when the update is
        done with, whatever came of it, and never raises.
        """
        try:
            update = Update.de_json(item, self._bot)
            chat = _chat_of(update)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever a malformed update raises must not hold up the others
            log.warning("an update that does not parse was skipped (%s)", type(error).__name__)
            self.tally.skipped += 1
            self.handled.add(number)
            return None
        one = _Running(number, self._clock(), Hold(self._clock))
        before = self._tails.get(chat) if chat is not None else None
        if before is not None and self._turns is not None and before.number > number:
            before = None  # an earlier one that came later: whose turn it is all replicas must see in the same way
        elif chat is not None:
            self._tails[chat] = one
        run = (
            self._answer(update, one, before, look_up=look_up)
            if self._turns is None
            else self._take_turn(update, one, before, self._turns.turn(update, chat))
        )
        task = one.task = asyncio.create_task(run)
        self._running[number] = one
        self.tally.running = len(self._running)
        task.add_done_callback(lambda _: self._finish(number, chat, one))
        return task

    def lowest(self, *, crowded: bool = False) -> int | None:
        """Return the lowest update at hand that is not at risk: Telegram must not forget it yet.

        At risk is what Telegram's limits have held, or its chat has kept waiting, for over 10 s, and what has been at
        work for over a minute, or for over 10 s where it keeps others from being fetched (`crowded`).
        """
        now = self._clock()
        for number, one in sorted(self._running.items()):
            if not self._is_at_risk(one, now, crowded=crowded):
                return number
        return None

    def review(self) -> None:
        """Count what is at risk, and give up what hangs; `lowest` looks no further than the one it returns."""
        now = self._clock()
        for one in list(self._running.values()):
            self._is_at_risk(one, now, crowded=False)
            at_work = now - one.begun if one.begun is not None else 0.0
            waited = one.hold.seconds() + one.hold.away
            if at_work - waited > HUNG_SECONDS and not one.given_up and one.task is not None:
                # Its chat would stay deaf for ever.
                log.error("an update was given up: it had been at work for %d minutes", HUNG_SECONDS // 60)
                one.given_up = True
                one.task.cancel()

    def _is_at_risk(self, one: _Running, now: float, *, crowded: bool) -> bool:
        if one.begun is None:
            risky = now - one.taken > HELD_SECONDS
        else:
            patience = HELD_SECONDS if crowded else SLOW_SECONDS
            risky = one.hold.seconds() > HELD_SECONDS or now - one.begun > patience
        if risky and not one.counted:
            one.counted = True
            self.tally.at_risk += 1
            if one.begun is not None and now - one.begun > SLOW_SECONDS:
                log.warning("an update has been at work for over a minute")
        return risky

    def mark(self) -> None:
        """Let `progress` wait for what finishes from now on."""
        self._progress.clear()

    async def progress(self, seconds: float) -> None:
        """Wait until an update has finished since `mark`, so many seconds at most."""
        try:
            await asyncio.wait_for(self._progress.wait(), seconds)
        except TimeoutError:
            return

    async def drain(self, seconds: float) -> int | None:
        """Give the updates at hand so long to finish, then cut them off: Telegram has them still, and sends them again.

        Returns the lowest that was cut off, whatever its risk.
        """
        tasks = {one.task for one in self._running.values() if one.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        least = min(self._running, default=None)
        for task in tasks:
            task.cancel()
        return least

    async def close(self) -> None:
        """Write what waits, and leave what was cut off to the other replicas."""
        await asyncio.gather(self.handled.close(), *([self._turns.close()] if self._turns is not None else []))

    async def _take_turn(self, update: Update, one: _Running, before: _Running | None, turn: Turn) -> None:
        """Answer an update that other replicas may have too."""
        try:
            await turn.claim()
            await _wait_for(before)
            if await turn.begin():
                one.hold.check = turn.check
                await self._answer(update, one, None, look_up=False)
                if not await turn.end():
                    return  # `_finish` enters it later
            else:
                self.tally.repeated += 1
            self.handled.know(one.number)
        finally:
            turn.drop()

    async def _answer(self, update: Update, one: _Running, before: _Running | None, *, look_up: bool) -> None:
        await _wait_for(before)
        one.begun = self._clock()
        if self._turns is None:
            one.hold.ending = self.handled.ending(one.number)
        at_hand(one.hold)
        try:
            async with self._room(one.hold):
                if look_up and await self.handled.find([one.number]):
                    self.tally.repeated += 1
                    return
                await self._handle(update)
        except Exception as error:  # noqa: BLE001, RUF100 - an update that fails is done with, or it would come back for ever
            self.tally.failed += 1
            log.error("an update could not be answered", exc_info=error)
        if one.hold.lost:
            self.tally.failed += 1
        self.tally.answered(self._clock() - one.taken)

    @asynccontextmanager
    async def _room(self, hold: Hold) -> AsyncIterator[None]:
        """Wait for room to think, and make room as soon as the update waits for Telegram.

        Were a whole backlog thinking at once, all its answers would go out together at the end, and each would wait for
        the processor between going out and being known as answered, which is when a kill doubles it.
        """
        await self._thinking.acquire()
        loop = asyncio.get_running_loop()
        hold.on_call = self._thinking.release
        timer = loop.call_later(_THINK_SECONDS, hold.calls)
        try:
            yield
        finally:
            timer.cancel()
            hold.calls()

    def _finish(self, number: int, chat: int | None, one: _Running) -> None:
        self._running.pop(number, None)
        self.tally.running = len(self._running)
        if chat is not None and self._tails.get(chat) is one:
            del self._tails[chat]
        cut_off = one.task is not None and one.task.cancelled()
        if cut_off and one.given_up:
            self.tally.failed += 1
            self.tally.answered(self._clock() - one.taken)
        if (not cut_off or one.given_up) and number not in self.handled:
            self.handled.add(number)
        self._progress.set()


async def _wait_for(one: _Running | None) -> None:
    if one is not None and one.task is not None:
        await asyncio.wait({one.task})


def number_of(item: object) -> int | None:
    """Return an update's number, or None for what is no update."""
    number = item.get("update_id") if isinstance(item, dict) else None
    return number if isinstance(number, int) and 0 <= number < _LARGEST else None


def _chat_of(update: Update) -> int | None:
    """Return whose updates are answered one after another: the chat's, else the person's; None for anything else."""
    if update.effective_chat is not None:
        return update.effective_chat.id
    return update.effective_user.id if update.effective_user is not None else None
