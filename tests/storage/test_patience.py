"""Waiting for the database: for so long, and not for the time in which this program itself stood still."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.storage.patience import within


async def answer(seconds: float) -> str:
    """Return something after a while."""
    await asyncio.sleep(seconds)
    return "found"


async def test_what_comes_in_time_is_returned() -> None:
    """Or raised."""
    assert await within(answer(0), 1) == "found"
    assert await within(answer(0.05), 0.01, lambda: 1) == "found"
    with pytest.raises(ZeroDivisionError):
        await within(fail(), 1)


async def fail() -> str:
    """Raise something."""
    await asyncio.sleep(0)
    raise ZeroDivisionError


@pytest.mark.parametrize("longer", [0.0, 0.2])
async def test_what_takes_longer_is_given_up(longer: float) -> None:
    """And ended; how much longer it may take is asked late."""
    began = time.monotonic()
    call = asyncio.ensure_future(answer(10))
    with pytest.raises(TimeoutError):
        await within(call, 0.1, lambda: longer)
    assert 0.1 + longer <= time.monotonic() - began < 2
    await asyncio.wait({call})
    assert call.cancelled()


async def test_a_program_that_stood_still_takes_its_own_sleep_for_nobodys_silence() -> None:
    """All timers go off when it wakes, and what came meanwhile is found."""
    waiting = asyncio.create_task(within(answer(0.6), 0.8))
    await asyncio.sleep(0.05)
    time.sleep(1.0)  # noqa: ASYNC251 - as a pause of the process does
    assert await waiting == "found"


async def test_who_is_cut_off_leaves_nothing_running() -> None:
    """As at a stop."""
    call = asyncio.ensure_future(answer(10))
    waiting = asyncio.create_task(within(call, 5))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait({waiting, call})
    assert waiting.cancelled()
    assert call.cancelled()
