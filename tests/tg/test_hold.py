"""How long Telegram's limits hold an update: waits add up, those at once count once, and nobody else's count."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from telegram.error import NetworkError, RetryAfter

from bot.tg import deliver as deliver_module
from bot.tg.deliver import deliver
from bot.tg.hold import Hold, at_hand, held
from bot.tg.lanes import CHAT_BURST, Lanes


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_waits_add_up() -> None:
    """The present one included."""
    clock = Clock()
    hold = Hold(clock)
    at_hand(hold)
    with held():
        clock.now += 4
        assert hold.seconds() == 4
    clock.now += 50
    with held():
        clock.now += 3
        assert hold.seconds() == 7
    assert hold.seconds() == 7


async def test_waits_at_once_count_once() -> None:
    """Two sends of one update that wait side by side."""
    clock = Clock()
    hold = Hold(clock)
    at_hand(hold)
    go = asyncio.Event()

    async def wait() -> None:
        with held():
            await go.wait()

    both = [asyncio.create_task(wait()) for _ in range(2)]
    await asyncio.sleep(0)
    clock.now += 5
    go.set()
    await asyncio.gather(*both)
    assert hold.seconds() == 5


async def test_each_update_has_its_own() -> None:
    """What one task waits says nothing on another, and where no update is at hand nothing is counted."""
    clock = Clock()
    first, second = Hold(clock), Hold(clock)

    async def wait(hold: Hold, seconds: float) -> None:
        at_hand(hold)
        with held():
            await asyncio.sleep(0)
            clock.now += seconds

    await asyncio.create_task(wait(first, 2))
    await asyncio.create_task(wait(second, 3))
    assert (first.seconds(), second.seconds()) == (2, 3)
    with held():
        clock.now += 9
    assert (first.seconds(), second.seconds()) == (2, 3)


async def test_a_full_lane_and_telegrams_pause_hold_and_a_fault_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A broken network is no limit of Telegram's: those tries count as work."""
    clock, lanes = Clock(), Lanes()
    hold = Hold(clock)
    at_hand(hold)
    for _ in range(CHAT_BURST):
        await lanes.turn(1, care=False)
    turn = asyncio.create_task(lanes.turn(1, care=False))
    await asyncio.sleep(0)
    clock.now += 6
    turn.cancel()
    await asyncio.wait({turn})
    assert hold.seconds() == 6

    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock.now += seconds

    errors = [RetryAfter(7), NetworkError("x"), None]

    async def call() -> str:
        error = errors.pop(0)
        if error is not None:
            raise error
        return "sent"

    monkeypatch.setattr(deliver_module, "asyncio", SimpleNamespace(sleep=pause))
    assert await deliver(call, "reply") == "sent"
    assert pauses[0] == 7
    assert hold.seconds() == 13
