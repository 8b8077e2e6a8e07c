"""/health, /ready and /metrics: what an operator's tools ask, with sums alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from bot.tg.listen import open_socket
from bot.tg.status import Status, serve_status
from bot.tg.tally import BOUNDS, Tally


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Base:
    """A database that answers, or does not."""

    up = True
    asked = 0

    async def __call__(self) -> bool:
        self.asked += 1
        return self.up


@asynccontextmanager
async def serving(status: Status) -> AsyncIterator[str]:
    """Return the root of a running server."""
    listening = open_socket("127.0.0.1:0", "UNSPOKEN_METRICS_LISTEN")
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    task = asyncio.create_task(serve_status(status, listening))
    try:
        yield url
    finally:
        task.cancel()
        async with asyncio.timeout(3):
            await asyncio.wait({task})


async def get(url: str) -> tuple[int, str]:
    """Return status and body."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


def value(text: str, name: str) -> float:
    """Return one metric."""
    return float(next(line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{name} ")))


@pytest.mark.parametrize(
    ("loaded", "database", "silent", "status", "says"),
    [
        (True, True, 0, 200, '{"catalogue":"loaded","database":"ok","telegram":"ok"}'),
        (True, False, 60, 200, '{"catalogue":"loaded","database":"degraded","telegram":"ok"}'),
        (True, True, 100, 503, '{"catalogue":"loaded","database":"ok","telegram":"unreachable"}'),
        (False, True, 0, 503, '{"catalogue":"missing","database":"ok","telegram":"ok"}'),
    ],
)
async def test_ready_says_what_is_wrong(loaded: bool, database: bool, silent: float, status: int, says: str) -> None:
    """Without its database the bot still answers questions; without Telegram it cannot."""
    clock, base = Clock(), Base()
    base.up = database
    tally = Tally(clock)
    clock.now += silent
    async with serving(Status(tally, base, loaded=loaded, clock=clock)) as url:
        assert await get(f"{url}/ready") == (status, says)
        assert await get(f"{url}/health") == (200, "ok\n")


async def test_metrics_are_sums(tmp_path: object) -> None:
    """Every count there is, with no label but the classes of time."""
    clock, base = Clock(), Base()
    tally = Tally(clock)
    for seconds in (0.004, 0.02, 0.02, 3.0, 1000.0):
        tally.answered(seconds)
    tally.failed, tally.skipped, tally.repeated, tally.at_risk, tally.refused, tally.running = 1, 2, 3, 4, 5, 6
    clock.now += 7
    async with serving(Status(tally, base, loaded=True, clock=clock)) as url:
        status, text = await get(f"{url}/metrics")
    assert status == 200
    for name, wanted in {
        "unspoken_updates_handled_total": 5,
        "unspoken_updates_failed_total": 1,
        "unspoken_updates_skipped_total": 2,
        "unspoken_updates_repeated_total": 3,
        "unspoken_updates_at_risk_total": 4,
        "unspoken_webhook_refused_total": 5,
        "unspoken_updates_running": 6,
        "unspoken_database_up": 1,
        "unspoken_last_poll_age_seconds": 7,
        "unspoken_answer_seconds_count": 5,
        "unspoken_answer_seconds_sum": 1003.044,
        'unspoken_answer_seconds_bucket{le="0.01"}': 1,
        'unspoken_answer_seconds_bucket{le="0.025"}': 3,
        'unspoken_answer_seconds_bucket{le="5.0"}': 4,
        'unspoken_answer_seconds_bucket{le="+Inf"}': 5,
    }.items():
        assert value(text, name) == pytest.approx(wanted), name
    labelled = [line for line in text.splitlines() if "{" in line]
    assert len(labelled) == len(BOUNDS) + 1
    assert all(line.startswith("unspoken_answer_seconds_bucket{le=") for line in labelled)


async def test_the_database_is_not_asked_each_time() -> None:
    """Whoever watches often is no burden, and sees a change within seconds."""
    clock, base = Clock(), Base()
    async with serving(Status(Tally(clock), base, loaded=True, clock=clock)) as url:
        for _ in range(5):
            await get(f"{url}/metrics")
        assert base.asked == 1
        base.up = False
        clock.now += 2
        assert value((await get(f"{url}/metrics"))[1], "unspoken_database_up") == 0


@pytest.mark.parametrize("path", ["/", "/metrics/x", "/docs"])
async def test_nothing_else_is_answered(path: str) -> None:
    """No other path leads anywhere."""
    async with serving(Status(Tally(), Base(), loaded=True)) as url:
        assert (await get(url + path))[0] == 404
