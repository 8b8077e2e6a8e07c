"""Telegram's limits, and the lane that care has to itself."""

from __future__ import annotations

import asyncio

import pytest

from bot.tg.lanes import CARE_PAUSE, CHAT_BURST, GROUP_MOST, GROUP_SECONDS, Lanes
from bot.tg.window import Window


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def _waits(turn: asyncio.Future[None]) -> bool:
    """Tell whether a turn has not come after the loop went round."""
    for _ in range(5):
        await asyncio.sleep(0)
    return not turn.done()


async def _take(lanes: Lanes, chat: int, *, care: bool = False) -> asyncio.Task[None]:
    return asyncio.create_task(lanes.turn(chat, care=care))


async def test_a_busy_chat_waits_and_others_do_not() -> None:
    """One chat's burst is its own matter."""
    lanes = Lanes()
    for _ in range(CHAT_BURST):
        await asyncio.wait_for(lanes.turn(1, care=False), 1)
    late = await _take(lanes, 1)
    assert await _waits(late)
    await asyncio.wait_for(lanes.turn(2, care=False), 1)
    late.cancel()


async def test_care_overtakes_everything() -> None:
    """With the chat's own budget spent, and ordinary replies waiting before it."""
    lanes = Lanes()
    for _ in range(CHAT_BURST):
        await lanes.turn(77, care=False)
    stuck = [await _take(lanes, 77) for _ in range(50)]
    assert await _waits(stuck[-1])
    await asyncio.wait_for(lanes.turn(77, care=True), 0.5)
    for task in stuck:
        task.cancel()


async def test_only_one_care_card_in_ten_seconds_is_fast() -> None:
    """A flood cannot ride in the fast lane; it is answered all the same, in its turn."""
    clock = Clock()
    lanes = Lanes(clock)
    await lanes.turn(1, care=True)
    for _ in range(CHAT_BURST):
        await lanes.turn(1, care=True)
    slow = await _take(lanes, 1, care=True)
    assert await _waits(slow)
    clock.now += CARE_PAUSE
    await asyncio.wait_for(lanes.turn(1, care=True), 0.5)
    slow.cancel()


async def test_no_minute_of_a_group_has_more_than_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the minute begins, and however often somebody asks; the turns come in order."""
    clock = Clock()
    given: list[float] = []

    async def sleep(seconds: float) -> None:
        given[-1] += seconds

    monkeypatch.setattr("bot.tg.window.asyncio.sleep", sleep)
    window = Window(GROUP_MOST, GROUP_SECONDS, clock)
    for n in range(200):
        clock.now += (n * 7) % 5
        given.append(clock.now)
        room = window.has_capacity()
        await window.acquire()
        assert room == (given[-1] == clock.now)
    assert given == sorted(given)
    for late, early in zip(given[GROUP_MOST:], given, strict=False):
        assert late - early >= GROUP_SECONDS
    assert given[GROUP_MOST - 1] - given[0] < GROUP_SECONDS, "twenty may come at once"


@pytest.mark.parametrize("chats", [25_000])
async def test_what_is_remembered_stays_small(chats: int) -> None:
    """Chats long gone are forgotten."""
    lanes = Lanes()
    for chat in range(chats):
        await lanes.turn(chat, care=True)
    assert len(lanes._cared) <= 10_000
