"""A Bot API server that answers at once, or after a while, and keeps the time of every reply."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web

Wire = dict[str, Any]
_ME = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
_LONGEST_POLL = 30.0
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
_TRIES = 50
_UPDATES = itertools.count(time.time_ns() // 10**6)
"""numbers of updates, of all stubs and of later programs: a bot that kept its database skips those it has answered"""
CONNECTIONS = 40
"""webhook calls in flight at once to one address, Telegram's default (https://core.telegram.org/bots/api#setwebhook)"""


class Stub:
    """The server, on a free loopback port; updates go out by long polling or to every webhook in turn."""

    def __init__(self, delay: float = 0.0) -> None:
        """Take how many seconds a call takes that sends something."""
        self.delay = delay
        self.url = ""
        self.ready = asyncio.Event()
        """set once a bot asks for updates or sets a webhook"""
        self.waits: list[float] = []
        """seconds from offering an update to the first reply to it"""
        self.replies = 0
        self.last_reply = 0.0
        self.calls: dict[str, int] = {}
        self._messages = itertools.count(1000)
        self._queue: deque[Wire] = deque()
        self._news = asyncio.Event()
        self._asked: dict[int, deque[float]] = {}
        self._hooks: list[tuple[str, str]] = []
        self._couriers: list[asyncio.Task[None]] = []
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        for task in self._couriers:
            task.cancel()
        await asyncio.gather(*self._couriers, return_exceptions=True)
        await self._runner.cleanup()

    @property
    def open(self) -> int:
        """Return how many offered updates have no reply yet."""
        return sum(map(len, self._asked.values()))

    @property
    def hooks(self) -> int:
        """Return how many different webhook addresses were set."""
        return len(self._hooks)

    def offer(self, messages: Iterable[tuple[int, str]]) -> None:
        """Hand out (chat, text) as updates from now on."""
        for chat, text in messages:
            number = next(_UPDATES)
            person = {"id": chat, "is_bot": False, "first_name": "B"}
            self._queue.append(
                {
                    "update_id": number,
                    "message": {
                        "message_id": next(self._messages), "date": int(time.time()), "text": text,
                        "chat": {"id": chat, "type": "private", "first_name": "B"}, "from": person,
                    },
                }
            )  # fmt: skip
            self._asked.setdefault(chat, deque()).append(time.perf_counter())
        self._news.set()

    def forget(self) -> None:
        """Start counting anew, with what is asked and answered so far left out."""
        self.waits.clear()
        self.replies = 0
        self.calls.clear()

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] = self.calls.get(method, 0) + 1
        data: Any = {}
        if request.can_read_body:
            data = await (request.json() if request.content_type == "application/json" else request.post())
        data = {**request.query, **data}
        result: Any = True
        if method == "getMe":
            result = _ME
        elif method == "getUpdates":
            result = await self._updates(int(data.get("offset") or 0), float(data.get("timeout") or 0))
        elif method == "setWebhook":
            self._set_hook(str(data.get("url", "")), str(data.get("secret_token", "")))
        elif method == "getWebhookInfo":
            result = {"url": self._hooks[-1][0] if self._hooks else "", "has_custom_certificate": False}
            result["pending_update_count"] = 0
        elif method == "sendMessage":
            chat = int(data["chat_id"])
            if self.delay:
                await asyncio.sleep(self.delay)
            self._replied(chat)
            result = {
                "message_id": next(self._messages), "date": int(time.time()), "text": str(data["text"]),
                "chat": {"id": chat, "type": "private", "first_name": "B"},
            }  # fmt: skip
        return web.json_response({"ok": True, "result": result})

    def _replied(self, chat: int) -> None:
        self.replies += 1
        self.last_reply = time.perf_counter()
        asked = self._asked.get(chat)
        if asked:
            self.waits.append(self.last_reply - asked.popleft())

    async def _updates(self, offset: int, patience: float) -> Sequence[Wire]:
        self.ready.set()
        while self._queue and self._queue[0]["update_id"] < offset:
            self._queue.popleft()
        if not self._queue and patience:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), min(patience, _LONGEST_POLL))
            except TimeoutError:
                return []
        return list(itertools.islice(self._queue, 100))

    def _set_hook(self, url: str, secret: str) -> None:
        if not url or any(url == known for known, _ in self._hooks):
            return
        self._hooks.append((url, secret))
        self._couriers += [asyncio.create_task(self._carry(url, secret)) for _ in range(CONNECTIONS)]
        self.ready.set()

    async def _carry(self, url: str, secret: str) -> None:
        """Deliver one update after the other to one address, again where it is not taken."""
        headers = {_SECRET_HEADER: secret} if secret else {}
        async with ClientSession(connector=TCPConnector(limit=1), timeout=ClientTimeout(total=60)) as session:
            while True:
                if not self._queue:
                    self._news.clear()
                    await self._news.wait()
                    continue
                update = self._queue.popleft()
                for attempt in range(_TRIES):
                    try:
                        async with session.post(url, json=update, headers=headers) as response:
                            if response.status == 200:
                                break
                    except (ClientError, TimeoutError, OSError):
                        pass
                    await asyncio.sleep(0.02 * (attempt + 1))
