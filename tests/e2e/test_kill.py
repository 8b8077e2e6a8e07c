"""The program killed under load, again and again: every question is answered, and hardly any twice."""

from __future__ import annotations

import asyncio
import random
import signal
import socket

import aiohttp
import pytest

from tests.bot_api import BotApiServer
from tests.e2e.load import LOADED_SECONDS, SAYINGS, Load
from tests.e2e.program import Start, free_port, run_ready

MOST_DOUBLED = 0.02
SETTLED_SECONDS = 60


async def survive(start: Start, api: BotApiServer, kills: int, seed: int, **settings: str) -> tuple[int, int, int]:
    """Kill the program under load so many times, let the last one settle; return what Load.count returns."""
    moments, load = random.Random(seed), Load(api)
    program = await run_ready(start, **settings)
    await load.learn()
    for _ in range(kills):
        asking = asyncio.create_task(load.ask())
        await asyncio.sleep(moments.uniform(0, LOADED_SECONDS))
        program.process.send_signal(signal.SIGKILL)
        assert await program.ended() == -signal.SIGKILL
        await asking
        program = await run_ready(start, **settings)
    await load.ask()
    await api.wait_until_taken(SETTLED_SECONDS)
    program.process.terminate()
    assert await program.ended() == 0
    assert "Traceback" not in program.written
    return load.count()


def webhook_settings() -> dict[str, str]:
    """Return settings for webhook mode on a free port."""
    port = free_port()
    return {
        "WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
        "WEBHOOK_LISTEN": f"127.0.0.1:{port}",
        "SECRET": "s" * 32,
    }


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_no_question_is_lost_over_kills(start: Start, api: BotApiServer, mode: str) -> None:
    """The short form; a kill in the middle of sending may double what was on its way then, and no more."""
    asked, lost, doubled = await survive(start, api, 2, 1, **(webhook_settings() if mode == "webhook" else {}))
    assert asked == 90
    assert lost == 0
    assert doubled <= 6


@pytest.mark.soak
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_no_question_is_lost_over_fifty_kills(
    start: Start, api: BotApiServer, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The long form with the mark for doubles."""
    asked, lost, doubled = await survive(start, api, 50, 2, **(webhook_settings() if mode == "webhook" else {}))
    with capsys.disabled():
        print(f"\n{mode}: {asked} asked, {lost} lost, {doubled} doubled")  # noqa: T201 - the figure is the point
    assert lost == 0
    assert doubled <= MOST_DOUBLED * asked


async def get(url: str) -> tuple[int, str]:
    """Return status and body."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def test_webhook_mode_is_watched_and_drains(start: Start, api: BotApiServer) -> None:
    """The address that is watched tells the state; a SIGTERM waits for the answer at hand; the log tells no path."""
    port, alice = free_port(), api.person()
    settings = {**webhook_settings(), "METRICS_LISTEN": f"127.0.0.1:{port}"}
    program = await run_ready(start, **settings)
    await alice.say(SAYINGS[0])
    assert (await alice.next_reply(10)).text
    await api.wait_until_taken()
    assert await get(f"http://127.0.0.1:{port}/health") == (200, "ok\n")
    assert await get(f"http://127.0.0.1:{port}/ready") == (
        200, '{"catalogue":"loaded","database":"ok","telegram":"ok"}',
    )  # fmt: skip
    text = (await get(f"http://127.0.0.1:{port}/metrics"))[1]
    assert "unspoken_updates_handled_total 1.0" in text
    assert str(alice.id) not in text

    api.faults.delay("sendMessage", 1, times=1)
    sent = len(api.calls_to("sendMessage"))
    await alice.say("/help")
    async with asyncio.timeout(10):
        while len(api.calls_to("sendMessage")) == sent:  # noqa: ASYNC110 - the server tells of answered calls only
            await asyncio.sleep(0.02)
    program.process.terminate()
    assert await program.ended() == 0
    assert (await alice.next_reply()).text
    assert api.unconfirmed == []
    hook = api.world.courier.webhook
    assert hook is not None
    for secret in (hook.url.rpartition("/")[2], hook.secret, str(alice.id)):
        assert secret not in program.written
    assert "Traceback" not in program.written


@pytest.mark.parametrize("name", ["WEBHOOK_LISTEN", "METRICS_LISTEN"])
async def test_an_address_in_use_is_one_line(start: Start, name: str) -> None:
    """Said with the setting's name, and nothing is set at Telegram."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        program = await start(**{**webhook_settings(), name: address, "LOG_LEVEL": "ERROR"})
        assert await program.ended(60) == 2
    assert program.written.startswith(f"unspoken: UNSPOKEN_{name}: cannot listen there")
    assert len(program.written.splitlines()) == 1
