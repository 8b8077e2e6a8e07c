"""A small load balancer: one replica after another, and the next one where one fails or keeps silent."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Self

import aiohttp
from aiohttp import web

PATIENCE_SECONDS = 10.0
"""how long a replica may take, as far as this balancer is concerned; it may well be answering still"""
_ASIDE_SECONDS = 1.0


class Balancer:
    """Passes every call on, on a free loopback port; what no replica takes is a 502, and Telegram sends it again."""

    def __init__(self, ports: list[int]) -> None:
        self.url = ""
        self.taken: Counter[int] = Counter()
        """calls that each port answered with 200"""
        self.failed: Counter[int] = Counter()
        self._ports = ports
        self._next = 0
        self._aside: dict[int, float] = {}
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name not in {"Host", "Content-Length"}}
        for port in self._order():
            try:
                url = f"http://127.0.0.1:{port}{request.path}"
                async with self._session.post(url, data=body, headers=headers) as answer:  # type: ignore[union-attr]
                    status = answer.status
            except (aiohttp.ClientError, OSError):
                self.failed[port] += 1
                self._aside[port] = asyncio.get_running_loop().time() + _ASIDE_SECONDS
                continue
            if status < 500:
                self.taken[port] += status == 200
                return web.Response(status=status)
        return web.Response(status=502)

    def _order(self) -> list[int]:
        """Return the replicas from the next one on, those last that failed a moment ago."""
        self._next += 1
        shift = self._next % len(self._ports)
        now = asyncio.get_running_loop().time()
        turned = self._ports[shift:] + self._ports[:shift]
        return sorted(turned, key=lambda port: self._aside.get(port, 0.0) > now)
