"""Updates from Telegram by long polling: an update is confirmed only after it was answered."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Bot, Update
from telegram.error import Conflict, EndPointNotFound, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.errors import TokenError
from bot.tg.deliver import seconds_to_wait

log = logging.getLogger(__name__)
# Raw updates are wanted, so that one which does not parse cannot take its batch along; the library advises against it.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'")
ALLOWED = ["message", "callback_query", "my_chat_member"]
_POLL_SECONDS = 25
_BUSY_WAIT = 0.25
_ERROR_WAIT = 1.0
_ERROR_WAIT_MAX = 30.0
_REMEMBERED = 10_000
_DRAIN_SECONDS = 10.0

Handle = Callable[[Update], Awaitable[None]]


class Intake:
    """Fetches updates, runs them concurrently but in order per chat, and moves the offset behind the finished ones."""

    def __init__(self, bot: Bot, handle: Handle, *, inline: bool = False) -> None:
        """Take the bot and what answers one update (it must not raise); `inline` asks for inline queries too."""
        self._allowed = [*ALLOWED, *(["inline_query"] if inline else [])]
        self._bot = bot
        self._handle = handle
        self._running: dict[int, asyncio.Task[None]] = {}
        self._tails: dict[int, asyncio.Task[None]] = {}
        self._done: OrderedDict[int, None] = OrderedDict()
        self._highest = -1
        self._stop = asyncio.Event()
        self._finished = asyncio.Event()

    def stop(self) -> None:
        """Ask the loop to end after the updates at hand were answered."""
        self._stop.set()

    async def run(self) -> None:
        """Poll until stopped; raises TokenError when Telegram no longer knows the token."""
        wait = _ERROR_WAIT
        try:
            while not self._stop.is_set():
                try:
                    raw = await self._poll()
                except (InvalidToken, EndPointNotFound):  # the second is how the library reports a 401 to a raw request
                    raise TokenError(
                        "Telegram refuses the token; set UNSPOKEN_TOKEN to the one BotFather gave"
                    ) from None
                except (TelegramError, ValueError) as error:
                    wait = await self._pause(error, wait)
                    continue
                wait = _ERROR_WAIT
                for item in raw:
                    self._take(item)
                if self._running:
                    await self._until_progress()
        finally:
            await self._drain()

    async def _poll(self) -> list[dict[str, Any]]:
        """Return raw updates from the lowest unfinished one on; ends early when asked to stop."""
        timeout = 0 if self._running else _POLL_SECONDS
        call = asyncio.ensure_future(
            self._bot.do_api_request(
                "getUpdates",
                api_kwargs={
                    "offset": self._offset(),
                    "timeout": timeout,
                    "allowed_updates": self._allowed,
                    "limit": 100,
                },
                read_timeout=timeout + 10,
            )
        )
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({call, stopping}, return_when=asyncio.FIRST_COMPLETED)
            raw = await call if call.done() else []
            if not isinstance(raw, list):
                raise ValueError("updates must come as a list")
            return raw
        finally:
            stopping.cancel()
            if not call.done():
                call.cancel()

    def _offset(self) -> int:
        """Return the lowest unfinished update, else the one after the highest seen: all below is confirmed."""
        return min(self._running) if self._running else self._highest + 1

    def _take(self, item: dict[str, Any]) -> None:
        """Start one update unless it is known; one that does not parse is skipped and counted as done."""
        number = item.get("update_id") if isinstance(item, dict) else None
        if not isinstance(number, int) or number in self._running or number in self._done:
            return
        self._highest = max(self._highest, number)
        try:
            update = Update.de_json(item, self._bot)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever a malformed update raises must not hold up the others
            log.warning("an update that does not parse was skipped (%s)", type(error).__name__)
            self._remember(number)
            return
        chat = update.effective_chat.id if update.effective_chat is not None else 0
        task = asyncio.create_task(self._answer(update, self._tails.get(chat)))
        self._running[number] = task
        self._tails[chat] = task
        task.add_done_callback(lambda _: self._finish(number, chat, task))

    async def _answer(self, update: Update, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._handle(update)

    def _finish(self, number: int, chat: int, task: asyncio.Task[None]) -> None:
        self._running.pop(number, None)
        if self._tails.get(chat) is task:
            del self._tails[chat]
        if not task.cancelled():
            self._remember(number)
            error = task.exception()
            if error is not None:
                log.error("an update could not be answered", exc_info=error)
        self._finished.set()

    def _remember(self, number: int) -> None:
        self._done[number] = None
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)

    async def _until_progress(self) -> None:
        """Wait until an update is finished, at most a moment, so that new ones are fetched meanwhile."""
        self._finished.clear()
        try:
            await asyncio.wait_for(self._finished.wait(), _BUSY_WAIT)
        except TimeoutError:
            return

    async def _pause(self, error: Exception, wait: float) -> float:
        """Wait after a failed poll; return the next wait."""
        if isinstance(error, Conflict):
            log.warning("another program polls with this token; waiting")
        elif not isinstance(error, NetworkError):
            log.warning("polling failed (%s); trying again", type(error).__name__)
        pause = seconds_to_wait(error) if isinstance(error, RetryAfter) else 0.0
        try:
            await asyncio.wait_for(self._stop.wait(), max(wait, pause))
        except TimeoutError:
            return min(_ERROR_WAIT_MAX, wait * 2)
        return wait

    async def _drain(self) -> None:
        """Give the updates at hand ten seconds, then confirm what is done; the rest comes again after the restart."""
        if self._running:
            await asyncio.wait(set(self._running.values()), timeout=_DRAIN_SECONDS)
        for task in list(self._running.values()):
            task.cancel()
        if self._highest >= 0:
            try:
                await self._bot.do_api_request(
                    "getUpdates", api_kwargs={"offset": self._offset(), "timeout": 0, "limit": 1}, read_timeout=5
                )
            except (TelegramError, ValueError) as error:
                log.info("the last confirmation failed (%s)", type(error).__name__)
