"""Updates from Telegram by webhook: a call is answered with 200 only after the update was answered.

Telegram repeats a call that got anything else, and holds back the later updates of that chat meanwhile.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import socket
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.errors import DeafError, SettingsError, TokenError
from bot.storage.handled import Handled
from bot.tg.deliver import seconds_to_wait
from bot.tg.listen import HttpServer
from bot.tg.order import ALLOWED, Handle, Order, number_of
from bot.tg.raw import heard
from bot.tg.tally import Tally
from bot.tg.turns import Turns

log = logging.getLogger(__name__)
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
MOST_BYTES = 1_000_000
_CONNECTIONS = 100
"""at once, the most that Telegram opens (https://core.telegram.org/bots/api#setwebhook)"""
_BODY_SECONDS = 10.0
_ANSWER_SECONDS = 50.0
"""Telegram gives up on a call after a minute"""
_WATCH_SECONDS = 5.0
_ASK_SECONDS = 30.0
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 30.0
_SAY_AGAIN_SECONDS = 600.0
_DRAIN_SECONDS = 7.5
_LAST_SECONDS = 1.0


def secret_path(key: bytes, token: str) -> str:
    """Return the last part of the webhook's path: nobody can guess it without the secret and the token."""
    return hmac.digest(key, b"path " + token.encode(), "sha256").hex()[:48]


def secret_header(key: bytes, token: str) -> str:
    """Return what Telegram is to send along where the operator has set nothing."""
    return hmac.digest(key, b"header " + token.encode(), "sha256").hex()


class Webhook:
    """Takes updates over HTTP and has them answered, in order per chat."""

    def __init__(
        self,
        bot: Bot,
        handle: Handle,
        *,
        listening: socket.socket,
        url: str,
        path: str,
        secret: str,
        inline: bool = False,
        handled: Handled | None = None,
        tally: Tally | None = None,
        clock: Callable[[], float] = time.monotonic,
        think_at_once: int = 1,
        turns: Turns | None = None,
    ) -> None:
        """Take the bot and what answers one update; the open socket, and the public address that leads to it.

        `path` is the secret last part of the address, `secret` what Telegram sends along; `inline` asks for inline
        queries too; `clock` gives seconds and never goes back; `think_at_once` and `turns` are Order's.
        """
        self._allowed = [*ALLOWED, *(["inline_query"] if inline else [])]
        self._bot = bot
        self._clock = clock
        self._order = Order(bot, handle, handled, tally, clock, think_at_once, turns)
        self._tally = self._order.tally
        self._listening = listening
        self._url = f"{url.rstrip('/')}/{path}"
        self._path = path.encode()
        self._secret = secret.encode()
        self._said_at = -_SAY_AGAIN_SECONDS
        self._last_error: datetime | None = None
        self._stop = asyncio.Event()
        self._cut = asyncio.Event()

    def stop(self) -> None:
        """Ask the server to end after the updates at hand were answered."""
        self._stop.set()

    async def run(self) -> None:
        """Tell Telegram the address and serve until stopped; the webhook stays set, so that Telegram keeps what comes.

        Raises TokenError when Telegram refuses the token, SettingsError when it refuses the address, DeafError when the
        server ended by itself.
        """
        server = HttpServer(self.application(), int(_DRAIN_SECONDS) + 1)
        serving = asyncio.create_task(server.serve([self._listening]))
        watching = asyncio.create_task(self._watch())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({serving, watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
            if serving.done():
                raise DeafError("the webhook's server has ended; a restart mends it")
        finally:
            self._stop.set()
            watching.cancel()
            stopping.cancel()
            server.should_exit = True
            await self._drain()
            await asyncio.wait({serving, watching})

    def application(self) -> Starlette:
        """Return the web application: one route, whatever a proxy in front does with the path before the last part."""
        return Starlette(routes=[Route("/{path:path}", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        """Answer one call."""
        # Both are compared whatever the first says, so that time tells nothing on either.
        right_path = hmac.compare_digest(str(request.scope["path"]).rpartition("/")[2].encode(), self._path)
        right_secret = hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret)
        if not right_path or not right_secret:
            return self._refuse(403 if right_path else 404)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return self._refuse(415)
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await _read(request)
        except (TimeoutError, ClientDisconnect):
            return self._refuse(408)
        if body is None:
            return self._refuse(413)
        try:
            item: Any = json.loads(body)
        except (ValueError, RecursionError):
            return self._refuse(400)
        number = number_of(item)
        if number is None:
            return self._refuse(400)
        self._tally.heard()
        try:
            done = await self._answer(number, item)
        except Exception as error:  # noqa: BLE001, RUF100 - the server's own line would tell the path
            log.error("a call of the webhook failed", exc_info=error)
            done = False
        return Response(status_code=200 if done else 503)

    async def _answer(self, number: int, item: dict[str, Any]) -> bool:
        """Tell whether an update is done with; one that takes too long, or is cut off, Telegram sends again."""
        task = self._order.task_of(number)
        if task is None:
            if number in self._order.handled:
                self._tally.repeated += 1
                return True
            if self._stop.is_set():
                return False
            task = self._order.begin(number, item, look_up=True)
        if task is None:
            return True
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait({task, cut}, timeout=_ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            cut.cancel()
        return number in self._order.handled or (task.done() and not task.cancelled())

    def _refuse(self, status: int) -> Response:
        """Answer what Telegram would never send; the connection ends with it, whatever is still on its way."""
        self._tally.refused += 1
        return Response(status_code=status, headers={"Connection": "close"})

    async def _watch(self) -> None:
        """Set the webhook, and look now and then whether it is still set and what takes too long."""
        await self._set()
        asked = self._clock()
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            self._order.review()
            if self._clock() - asked >= _ASK_SECONDS:
                asked = self._clock()
                await self._look()

    async def _look(self) -> None:
        try:
            info = await heard(self._bot.get_webhook_info())
        except InvalidToken:
            raise TokenError from None
        except TelegramError:
            return
        self._tally.heard()
        now, news = self._clock(), info.last_error_date not in (None, self._last_error)
        if info.url != self._url:
            log.warning("the webhook was changed or removed by another program; it is set again")
            await self._set()
        elif news and info.pending_update_count and now - self._said_at >= _SAY_AGAIN_SECONDS:
            self._said_at = now
            log.warning("Telegram could not deliver updates lately; check the proxy in front of the webhook")
        self._last_error = info.last_error_date

    async def _set(self) -> None:
        """Tell Telegram the address, again until it hears; nothing of what waits is dropped."""
        wait = _FIRST_WAIT
        while True:
            pause = wait
            try:
                await heard(
                    self._bot.set_webhook(
                        self._url,
                        allowed_updates=self._allowed,
                        max_connections=_CONNECTIONS,
                        secret_token=self._secret.decode(),
                        drop_pending_updates=False,
                    )
                )
            except InvalidToken:
                raise TokenError from None
            except BadRequest:
                raise SettingsError(
                    "UNSPOKEN_WEBHOOK_URL: Telegram refuses it; it must be public https on port 443, 80, 88 or 8443"
                ) from None
            except RetryAfter as error:
                pause = max(wait, seconds_to_wait(error))
            except TelegramError as error:
                log.warning("the webhook could not be set (%s); trying again", type(error).__name__)
            else:
                self._tally.heard()
                return
            await asyncio.sleep(pause)
            wait = min(_LONGEST_WAIT, wait * 2)

    async def _drain(self) -> None:
        """Give the updates at hand some seconds; what is cut off is answered with 503, and comes again."""
        await self._order.drain(_DRAIN_SECONDS)
        self._cut.set()
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self._order.close()
        except TimeoutError:
            log.info("the last writing took too long")


async def _read(request: Request) -> bytes | None:
    """Return the body, or None where it is larger than anything that Telegram sends."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > MOST_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
