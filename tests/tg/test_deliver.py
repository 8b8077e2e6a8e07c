"""Calls that go through at last, or can never go through, over the real transport."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

import pytest
from telegram import Bot
from telegram.error import RetryAfter, TimedOut

from bot.tg import deliver as deliver_module
from bot.tg.deliver import Outcome, deliver, seconds_to_wait
from bot.tg.hold import Hold, at_hand
from tests.bot_api import BotApiServer, Person


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver_module, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(deliver_module, "_LONGEST_WAIT", 0.02)


async def lost(call: Callable[[], Awaitable[object]], what: str) -> bool:
    """Tell whether a call never went through."""
    return isinstance(await deliver(call, what, lasting=True), Outcome)


@pytest.fixture
async def alice(api: BotApiServer) -> Person:
    """Return someone who has written."""
    person = api.person("Canaryfirstname", username="canary_username")
    await person.say("canarywordinthetext")
    return person


async def test_telegrams_pause_is_kept_to_and_the_message_arrives(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """After 429 the call waits as long as asked, and one message arrives."""
    api.faults.next("sendMessage", status=429, retry_after=1)
    start = time.monotonic()
    assert not await lost(lambda: bot.send_message(alice.id, "hello"), "reply")
    assert time.monotonic() - start >= 0.95
    assert [message.text for message in alice.chat.from_bot] == ["hello"]


@pytest.mark.parametrize("setting", ["0", "1"])
@pytest.mark.filterwarnings("ignore:.*In a future major version")
def test_a_pause_is_read_as_number_and_as_duration(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    """The library gives a number or a duration, as PTB_TIMEDELTA says."""
    monkeypatch.setenv("PTB_TIMEDELTA", setting)
    assert seconds_to_wait(RetryAfter(7)) == 7.0


async def test_who_blocked_the_bot_is_left_alone(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A blocked bot tries once."""
    await alice.block_bot()
    assert await lost(lambda: bot.send_message(alice.id, "hello"), "reply")
    assert len(api.calls_to("sendMessage")) == 1


async def test_what_telegram_refuses_is_not_repeated(
    api: BotApiServer, bot: Bot, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """A bad request stays bad: one try, and a warning without content."""
    with caplog.at_level(logging.DEBUG, "bot"):
        assert await lost(lambda: bot.send_message(alice.id, "<b>canary", parse_mode="HTML"), "reply")
    assert len(api.calls_to("sendMessage")) == 1
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert ours == ["reply: refused by Telegram (BadRequest)"]


async def test_a_group_that_moved_is_not_tried_again(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A group that became a supergroup has another id: nothing fails over it."""
    group = api.group(members=[alice])
    await group.migrate()
    assert await lost(lambda: bot.send_message(group.id, "hello"), "reply")
    assert len(api.calls_to("sendMessage")) == 1


async def test_a_token_that_is_refused_does_not_raise(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Polling finds out and ends the program; a reply on the way just fails."""
    api.faults.next("sendMessage", status=401)
    assert await lost(lambda: bot.send_message(alice.id, "hello"), "reply")


@pytest.mark.parametrize("fault", ["500", "502", "drop", "malformed", "empty", "list", "no result"])
async def test_a_network_fault_is_tried_again(
    api: BotApiServer, bot: Bot, alice: Person, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever comes back instead of an answer, the message arrives in the end, and our log shows no address."""
    bodies = {"malformed": b"<html>Bad Gateway</html>", "empty": b"", "list": b"[1]", "no result": b'{"ok": true}'}
    if fault.isdigit():
        api.faults.next("sendMessage", status=int(fault), times=3)
    elif fault == "drop":
        api.faults.drop_connection("sendMessage", times=3)
    else:
        api.faults.malformed("sendMessage", times=3, body=bodies[fault])
    with caplog.at_level(logging.DEBUG, "bot"):
        assert not await lost(lambda: bot.send_message(alice.id, "hello"), "reply")
    assert len(api.calls_to("sendMessage")) == 4
    assert [message.text for message in alice.chat.from_bot] == ["hello"]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert ours == ["reply: NetworkError, trying again"] * 3


async def test_it_gives_up_after_many_tries(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A fault that stays ends in an outcome, not in an endless loop."""
    api.faults.next("sendMessage", status=500, times=None)
    assert await lost(lambda: bot.send_message(alice.id, "hello"), "reply")
    assert len(api.calls_to("sendMessage")) == 12


async def test_an_update_at_hand_waits_longer(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """Whoever wrote during an outage is answered after it: what is given up would never come again."""
    api.faults.next("sendMessage", status=502, times=40)
    hold = Hold(time.monotonic)
    at_hand(hold)
    assert not await lost(lambda: bot.send_message(alice.id, "hello"), "reply")
    assert [message.text for message in alice.chat.from_bot] == ["hello"]
    assert hold.away > 0
    assert not hold.lost


async def test_an_update_at_hand_is_given_up_in_the_end(
    api: BotApiServer, bot: Bot, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message on which Telegram itself fails for hours must not keep its chat deaf."""
    monkeypatch.setattr(deliver_module, "_PATIENCE_SECONDS", 0.4)
    api.faults.next("sendMessage", status=500, times=None)
    hold = Hold(time.monotonic)
    at_hand(hold)
    assert await lost(lambda: bot.send_message(alice.id, "hello"), "reply")
    assert hold.lost


async def test_an_outage_is_waited_out(api: BotApiServer, bot: Bot, alice: Person) -> None:
    """A refused connection is a network fault like any other."""
    tries = 0

    async def call() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await api.stop()
        if tries == 3:
            await api.start()
        await bot.send_message(alice.id, "hello")

    assert not await lost(call, "reply")
    assert [message.text for message in alice.chat.from_bot] == ["hello"]


async def test_a_timeout_is_tried_again() -> None:
    """Nobody can tell whether a call that timed out was carried out: it is repeated."""
    tries = 0

    async def call() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise TimedOut

    assert not await lost(call, "reply")
    assert tries == 3


async def test_a_mistake_of_ours_is_not_hidden() -> None:
    """An error that is not Telegram's goes on to whoever called."""

    async def call() -> None:
        raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        await deliver(call, "reply")
