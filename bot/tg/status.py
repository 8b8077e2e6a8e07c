"""What whoever watches the program may ask over HTTP: /health, /ready, /metrics. Sums alone, about nobody."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.tg.listen import HttpServer
from bot.tg.tally import BOUNDS, Tally

SILENT_SECONDS = 90.0
"""after which Telegram counts as out of reach; a quiet poll takes 25"""
_FRESH_SECONDS = 2.0
_LAST_SECONDS = 1
_COUNTED = (
    ("handled", "updates done with, failed and skipped ones included"),
    ("failed", "updates whose handling ended in an error"),
    ("skipped", "updates that did not parse"),
    ("repeated", "updates that came again after they were answered, and were passed over"),
    ("at_risk", "updates held over 10 s by Telegram's limits or at work for over a minute; a kill may lose those"),
)


@dataclass
class Status:
    """Answers about the state of the program."""

    tally: Tally
    database: Callable[[], Awaitable[bool]]
    """tells whether the database answers"""
    loaded: bool
    """whether the content is"""
    clock: Callable[[], float] = time.monotonic
    _asked: float = field(default=float("-inf"), init=False)
    _database_up: bool = field(default=False, init=False)

    def application(self) -> Starlette:
        """Return the web application."""
        routes = [Route("/health", self.health), Route("/ready", self.ready), Route("/metrics", self.metrics)]
        return Starlette(routes=routes)

    async def health(self, request: Request) -> Response:
        """Answer 200: the process is there and its loop turns."""
        return PlainTextResponse("ok\n")

    async def ready(self, request: Request) -> Response:
        """Answer 200 where questions can be answered; a broken database only degrades that."""
        heard = self.tally.silence() < SILENT_SECONDS
        state = {
            "catalogue": "loaded" if self.loaded else "missing",
            "database": "ok" if await self._database() else "degraded",
            "telegram": "ok" if heard else "unreachable",
        }
        return JSONResponse(state, status_code=200 if self.loaded and heard else 503)

    async def metrics(self, request: Request) -> Response:
        """Answer with the counts in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(_Collector(self.tally, database_up=await self._database()))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def _database(self) -> bool:
        """Ask the database, every two seconds at most: whoever watches often must not be a burden."""
        now = self.clock()
        if now - self._asked >= _FRESH_SECONDS:
            self._asked = now
            self._database_up = await self.database()
        return self._database_up


class _Collector(Collector):
    """The counts as Prometheus takes them."""

    def __init__(self, tally: Tally, *, database_up: bool) -> None:
        self._tally = tally
        self._database_up = database_up

    def collect(self) -> Iterator[Metric]:
        """Yield each metric."""
        tally = self._tally
        for name, what in _COUNTED:
            yield CounterMetricFamily(f"unspoken_updates_{name}", what, value=getattr(tally, name))
        yield CounterMetricFamily(
            "unspoken_webhook_refused", "calls of the webhook that did not come from Telegram", value=tally.refused
        )
        yield GaugeMetricFamily("unspoken_updates_running", "updates at hand", value=tally.running)
        yield GaugeMetricFamily("unspoken_database_up", "1 where the database answers", value=self._database_up)
        yield GaugeMetricFamily(
            "unspoken_last_poll_age_seconds",
            "since Telegram last answered a poll, or delivered something to the webhook",
            value=tally.silence(),
        )
        buckets: list[tuple[str, float]] = []
        total = 0
        for edge, count in zip((*map(str, BOUNDS), "+Inf"), tally.classes, strict=True):
            total += count
            buckets.append((edge, total))
        yield HistogramMetricFamily(
            "unspoken_answer_seconds",
            "from an update's arrival to its answer",
            buckets=buckets,
            sum_value=tally.seconds,
        )


async def serve_status(status: Status, listening: socket.socket) -> None:
    """Answer on an open socket until cancelled."""
    server = HttpServer(status.application(), _LAST_SECONDS)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
