"""Updates from Telegram by long polling: an update is confirmed only after it was answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.errors import DeafError, TokenError
from bot.storage.handled import Handled
from bot.tg.deliver import seconds_to_wait
from bot.tg.order import ALLOWED, Handle, Order, number_of
from bot.tg.raw import call_raw, heard
from bot.tg.tally import Tally

log = logging.getLogger(__name__)
_LIMIT = 100
_MOST_AT_HAND = 1000
"""updates at once, those included that no longer hold the offset; more are fetched when some are done"""
_POLL_SECONDS = 25
_BUSY_WAIT = 0.25
_ERROR_WAIT = 1.0
_ERROR_WAIT_MAX = 30.0
_CALM_SECONDS = 60.0
"""after which another poller counts as gone"""
_SAY_AGAIN_SECONDS = 600.0
_WATCH_SECONDS = 5.0
_DOUBT_SECONDS = 35.0
"""longer than a long poll without news takes"""
_DEAF_SECONDS = 60.0
_DRAIN_SECONDS = 7.5
_LAST_SECONDS = 1.5


class Intake:
    """Fetches updates, has them answered in order per chat, and moves the offset behind the finished ones.

    What is at risk (see Order.lowest) stays at work but no longer holds the offset: one stuck update must not keep all
    others from being fetched, since Telegram shows the first hundred unconfirmed ones only.
    """

    def __init__(
        self,
        bot: Bot,
        handle: Handle,
        *,
        inline: bool = False,
        handled: Handled | None = None,
        tally: Tally | None = None,
        clock: Callable[[], float] = time.monotonic,
        think_at_once: int = 1,
    ) -> None:
        """Take the bot and what answers one update; `inline` asks for inline queries too.

        `clock` gives seconds and never goes back; `think_at_once` is Order's.
        """
        self._allowed = [*ALLOWED, *(["inline_query"] if inline else [])]
        self._bot = bot
        self._clock = clock
        self._order = Order(bot, handle, handled, tally, clock, think_at_once)
        self._tally = self._order.tally
        self._highest = -1
        self._crowded = False
        # After a start, and after another program polled, what waits may have been answered already.
        self._look_up = True
        self._wait = _ERROR_WAIT
        self._conflict_wait = _ERROR_WAIT
        self._conflict_at = -_CALM_SECONDS
        self._said_at = -_SAY_AGAIN_SECONDS
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask the loop to end after the updates at hand were answered."""
        self._stop.set()

    async def run(self) -> None:
        """Poll until stopped.

        Raises TokenError when Telegram no longer knows the token, DeafError when polls bring nothing for a minute while
        Telegram answers other calls.
        """
        tasks = {asyncio.create_task(self._poll_on()), asyncio.create_task(self._watch())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._drain()

    async def _poll_on(self) -> None:
        while not self._stop.is_set():
            try:
                raw = await self._poll()
            except InvalidToken:
                raise TokenError from None
            except (TelegramError, ValueError) as error:
                await self._pause(error)
                continue
            self._wait = _ERROR_WAIT
            self._tally.heard()
            new = await self._take(raw)
            self._crowded = len(raw) >= _LIMIT and not new and len(self._order) < _MOST_AT_HAND
            if len(raw) < _LIMIT:
                self._look_up = False
            if self._must_return_at_once() or (raw and not new):
                await self._order.progress(_BUSY_WAIT)

    def _must_return_at_once(self) -> bool:
        """Tell whether a poll must not wait for news: what is at hand is to be confirmed as soon as it is done."""
        return len(self._order) >= _MOST_AT_HAND or self._order.lowest(crowded=self._crowded) is not None

    async def _poll(self) -> list[Any]:
        """Return raw updates from the lowest on that holds the offset; ends early when asked to stop."""
        self._order.mark()
        lowest = self._order.lowest(crowded=self._crowded)
        timeout = 0 if self._must_return_at_once() else _POLL_SECONDS
        # Raw, so that an update which does not parse cannot take its batch along.
        call = asyncio.ensure_future(
            call_raw(
                self._bot,
                "getUpdates",
                {
                    "offset": self._highest + 1 if lowest is None else lowest,
                    "timeout": timeout,
                    "allowed_updates": self._allowed,
                    "limit": _LIMIT,
                },
                read_timeout=timeout + 10,
            )
        )
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({call, stopping}, return_when=asyncio.FIRST_COMPLETED)
            raw = await heard(call) if call.done() else []
            if not isinstance(raw, list):
                raise ValueError("updates must come as a list")
            return raw
        finally:
            stopping.cancel()
            if not call.done():
                call.cancel()

    async def _take(self, raw: list[Any]) -> int:
        """Start what is not known, oldest first, as far as there is room; return how many were taken or passed over."""
        new = [(n, item) for n, item in ((number_of(item), item) for item in raw) if n is not None]
        new = [(n, item) for n, item in new if not self._order.is_known(n)]
        answered = await self._order.handled.find([n for n, _ in new]) if self._look_up and new else set()
        taken = 0
        for number, item in new:
            if number in answered:
                self._tally.repeated += 1
            elif len(self._order) >= _MOST_AT_HAND:
                break
            else:
                self._order.begin(number, item)
            # Not the greatest ever seen: after a quiet week Telegram begins to count anywhere.
            self._highest = number
            taken += 1
        return taken

    async def _pause(self, error: Exception) -> None:
        """Wait after a failed poll, longer each time."""
        wait = self._wait
        if isinstance(error, Conflict):
            wait = await self._make_way(error)
        else:
            if not isinstance(error, NetworkError):
                log.warning("polling failed (%s); trying again", type(error).__name__)
            self._wait = min(_ERROR_WAIT_MAX, wait * 2)
        if isinstance(error, RetryAfter):
            self._tally.heard()
            wait = max(wait, seconds_to_wait(error))
        try:
            await asyncio.wait_for(self._stop.wait(), wait)
        except TimeoutError:
            return

    async def _make_way(self, error: Conflict) -> float:
        """Return how long to leave the field to another poller; a webhook that is still set is removed instead."""
        self._tally.heard()
        self._look_up = True
        now = self._clock()
        if "webhook" in str(error).lower():
            log.warning("a webhook was set for this token; it is removed, since updates come by long polling here")
            with contextlib.suppress(TelegramError):
                await heard(self._bot.delete_webhook(drop_pending_updates=False))
        elif now - self._said_at >= _SAY_AGAIN_SECONDS:
            self._said_at = now
            log.warning("another program polls with this token; waiting")
        if now - self._conflict_at >= _CALM_SECONDS:
            self._conflict_wait = _ERROR_WAIT
        self._conflict_at = now
        wait, self._conflict_wait = self._conflict_wait, min(_ERROR_WAIT_MAX, self._conflict_wait * 2)
        return wait

    async def _watch(self) -> None:
        """Look after what takes too long, and whether polls still bring something; raises as `run` says."""
        doubted = self._clock()
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            self._order.review()
            now = self._clock()
            if self._tally.silence() < _DOUBT_SECONDS:
                continue
            try:
                await heard(self._bot.get_me(read_timeout=10))
            except InvalidToken:
                raise TokenError from None
            except TelegramError:
                doubted = now  # the network is down for all calls: nothing that a restart would mend
            else:
                if min(self._tally.silence(), self._clock() - doubted) >= _DEAF_SECONDS:
                    raise DeafError("no updates come from Telegram although it answers other calls; a restart mends it")

    async def _drain(self) -> None:
        """Give the updates at hand some seconds, then confirm what is done; the rest comes again after the restart."""
        lowest = await self._order.drain(_DRAIN_SECONDS)
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await asyncio.gather(self._order.handled.close(), self._confirm(lowest))
        except TimeoutError:
            log.info("the last confirmation took too long")

    async def _confirm(self, lowest: int | None) -> None:
        if self._highest < 0:
            return
        offset = self._highest + 1 if lowest is None else lowest
        try:
            last = {"offset": offset, "timeout": 0, "limit": 1}
            await heard(call_raw(self._bot, "getUpdates", last, read_timeout=5))
        except TelegramError as error:
            log.info("the last confirmation failed (%s)", type(error).__name__)
