"""Updates are confirmed when they were answered, in order per chat, whatever the network does."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, Update

from bot.errors import DeafError, TokenError
from bot.storage.database import Database
from bot.storage.handled import Handled
from bot.tg import intake as intake_module
from bot.tg.deliver import deliver
from bot.tg.intake import Intake
from bot.tg.tally import Tally
from bot.tg.transport import AiohttpRequest
from tests.bot_api import BotApiServer, Person
from tests.tg.recording import TOKEN

TEXT = "canarywordinthetext"
ODD = (b'{"ok":true,"result":{"id":[]}}', b'{"ok":true,"result":"x"}', b'{"ok":true,"description":"no result"}')
Handle = Callable[[Update], Awaitable[None]]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "_ERROR_WAIT", 0.02)
    monkeypatch.setattr(intake_module, "_ERROR_WAIT_MAX", 0.1)


class Answers:
    """A handler that notes what it has finished; texts that begin with `hold` wait for the door."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.door = asyncio.Event()
        self._changed = asyncio.Condition()

    async def __call__(self, update: Update) -> None:
        text = update.effective_message.text if update.effective_message is not None else None
        self.begun.append(text or "")
        await self._ring()
        if (text or "").startswith("hold"):
            await self.door.wait()
        await asyncio.sleep(0)
        self.done.append(text or "")
        await self._ring()

    async def until(self, look: Callable[[], bool], seconds: float = 5) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(look)

    async def _ring(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Clock:
    """The loop's own time, which a test may move forward."""

    shift = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.shift


@asynccontextmanager
async def polling(bot: Bot, handle: Handle, **more: Any) -> AsyncIterator[Intake]:
    """Run an intake, and stop it at the end."""
    intake = Intake(bot, handle, **more)
    task = asyncio.create_task(intake.run())
    try:
        yield intake
    finally:
        intake.stop()
        async with asyncio.timeout(15):
            await task


async def test_an_update_is_confirmed_only_when_it_was_answered(api: BotApiServer, bot: Bot) -> None:
    """While the handler works, Telegram still holds the update; then it is confirmed."""
    answers = Answers()
    async with polling(bot, answers):
        await api.person().say("hold on")
        await answers.until(lambda: answers.begun == ["hold on"])
        await api.wait_for_polls(api.polls + 3)
        assert len(api.unconfirmed) == 1
        answers.door.set()
        await api.wait_until_taken()
        assert answers.done == ["hold on"]


async def test_order_is_kept_in_a_chat_while_chats_run_at_once(api: BotApiServer, bot: Bot) -> None:
    """One reader's slow message holds up their next one and nobody else's."""
    answers, alice, bob = Answers(), api.person("A"), api.person("B")
    async with polling(bot, answers):
        await alice.say("hold 1")
        await alice.say("a2")
        for number in range(5):
            await bob.say(f"b{number}")
        await answers.until(lambda: len(answers.done) == 5)
        assert answers.done == ["b0", "b1", "b2", "b3", "b4"]
        assert answers.begun.count("a2") == 0
        assert [update["message"]["text"] for update in api.unconfirmed][:2] == ["hold 1", "a2"]
        answers.door.set()
        await answers.until(lambda: len(answers.done) == 7)
        assert answers.done[5:] == ["hold 1", "a2"]
        await api.wait_until_taken()


async def test_many_chats_are_answered_once_each(api: BotApiServer, bot: Bot) -> None:
    """Three hundred queued messages of many people: each once, each chat in order."""
    people = [api.person() for _ in range(30)]
    for number in range(10):
        for person in people:
            await person.say(f"{person.id}:{number}")
    answers = Answers()
    async with polling(bot, answers):
        await answers.until(lambda: len(answers.done) == 300, 15)
        await api.wait_until_taken()
    assert len(set(answers.done)) == 300
    for person in people:
        mine = [text for text in answers.done if text.startswith(f"{person.id}:")]
        assert mine == [f"{person.id}:{number}" for number in range(10)]


async def test_a_known_update_is_not_answered_twice(api: BotApiServer, bot: Bot) -> None:
    """What Telegram sends again while an older update is at hand is known."""
    answers, alice, bob = Answers(), api.person("A"), api.person("B")
    async with polling(bot, answers):
        await alice.say("hold")
        await bob.say("once")
        await answers.until(lambda: answers.done == ["once"])
        await api.wait_for_polls(api.polls + 4)
        answers.door.set()
        await api.wait_until_taken()
    assert sorted(answers.begun) == ["hold", "once"]


@pytest.mark.parametrize(
    "poison",
    [
        {"message": {"no": "date", "text": TEXT}},
        {"message": {"message_id": 1, "chat": {"id": 1, "type": "private"}, "text": TEXT}},
        {"message": TEXT},
        {"callback_query": {"id": "1", "data": TEXT}},
        {"message": None},
        {"kind_to_come": {"text": TEXT}},
        {},
    ],
    ids=ascii,
)
async def test_a_poison_update_is_skipped_and_blocks_nobody(
    api: BotApiServer, bot: Bot, poison: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """One update that does not parse is passed over; those around it are answered, and no text is logged."""
    answers, alice = Answers(), api.person()
    with caplog.at_level(logging.DEBUG, "bot"):
        await alice.say("before")
        api.push_raw(poison)
        await alice.say("after")
        async with polling(bot, answers):
            await answers.until(lambda: {"before", "after"} <= set(answers.done))
            await api.wait_until_taken()
            polls = api.polls
            await asyncio.sleep(0.3)
            assert api.polls - polls <= 2, "no hot loop"
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    assert len(ours) <= 1
    assert not any(TEXT in record.getMessage() for record in ours)


async def test_a_handler_that_raises_is_done_with(
    api: BotApiServer, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    """Even an error that got through confirms the update, so that it cannot come back for ever."""

    async def fail(update: Update) -> None:
        raise RuntimeError(TEXT)

    with caplog.at_level(logging.DEBUG, "bot"):
        async with polling(bot, fail):
            await api.person().say("x")
            await api.wait_until_taken()
    assert [r.getMessage() for r in caplog.records if r.name.startswith("bot.")] == ["an update could not be answered"]


@pytest.mark.parametrize(
    "fault", ["409", "500", "502", "403", "400", "429", "drop", "html", "[]", '{"ok":true,"result":5}']
)
async def test_a_fault_of_polling_is_survived(api: BotApiServer, bot: Bot, fault: str) -> None:
    """Whatever a poll brings instead of updates, the next question is answered."""
    if fault == "429":
        api.faults.next("getUpdates", status=429, retry_after=1, times=1)
    elif fault.isdigit():
        api.faults.next("getUpdates", status=int(fault), times=3)
    elif fault == "drop":
        api.faults.drop_connection("getUpdates", times=3)
    else:
        api.faults.malformed("getUpdates", times=3, body=fault.encode())
    answers = Answers()
    async with polling(bot, answers):
        await api.person().say("still there?")
        await answers.until(lambda: answers.done == ["still there?"])
        await api.wait_until_taken()


async def test_an_answer_lost_on_the_way_is_not_answered_twice(api: BotApiServer, bot: Bot) -> None:
    """A poll whose answer got lost had moved nothing."""
    api.faults.drop_connection("getUpdates", times=2, effect=True)
    await api.person().say("once")
    answers = Answers()
    async with polling(bot, answers):
        await api.wait_until_taken()
    assert answers.done == ["once"]


async def test_another_poller_is_waited_out(api: BotApiServer, bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    """Two programs with one token conflict; when the other ends, this one goes on."""
    answers = Answers()
    with caplog.at_level(logging.DEBUG, "bot"):
        async with polling(bot, answers):
            await api.wait_for_polls()
            async with Bot(TOKEN, f"{api.url}/bot", get_updates_request=AiohttpRequest()) as other:
                await other.get_updates(timeout=0)
            await api.person().say("hello")
            await answers.until(lambda: answers.done == ["hello"])
    assert "another program polls with this token; waiting" in [record.getMessage() for record in caplog.records]


async def test_an_outage_is_waited_out(api: BotApiServer, bot: Bot) -> None:
    """What was written meanwhile is answered afterwards."""
    answers, alice = Answers(), api.person()
    async with polling(bot, answers):
        await api.wait_for_polls()
        await api.stop()
        await alice.say("during the outage")
        await asyncio.sleep(0.2)
        await api.start()
        await answers.until(lambda: answers.done == ["during the outage"])
        await api.wait_until_taken()


@pytest.mark.parametrize("status", [401, 404])
async def test_a_token_that_telegram_no_longer_knows_ends_it(api: BotApiServer, bot: Bot, status: int) -> None:
    """The program ends and says why, rather than stay up and deaf."""
    api.faults.next("getUpdates", status=status)
    with pytest.raises(TokenError, match="UNSPOKEN_TOKEN") as caught:
        async with asyncio.timeout(5):
            await Intake(bot, Answers()).run()
    assert TOKEN not in str(caught.value)


async def test_stop_drains(api: BotApiServer, bot: Bot) -> None:
    """Asked to stop, the updates at hand are finished and confirmed, and nothing new is begun."""
    answers, alice = Answers(), api.person()
    intake = Intake(bot, answers)
    task = asyncio.create_task(intake.run())
    await alice.say("hold 1")
    await alice.say("2")
    await answers.until(lambda: answers.begun == ["hold 1"])
    await api.wait_for_polls(api.polls + 1)
    intake.stop()
    await asyncio.sleep(0.3)
    assert not task.done()
    answers.door.set()
    async with asyncio.timeout(5):
        await task
    assert answers.done == ["hold 1", "2"]
    assert api.unconfirmed == []
    await alice.say("for the next start")
    assert len(api.unconfirmed) == 1


async def test_stop_ends_a_waiting_poll_at_once(api: BotApiServer, bot: Bot) -> None:
    """Nobody waits for a long poll to run out."""
    intake = Intake(bot, Answers())
    task = asyncio.create_task(intake.run())
    await api.wait_for_polls()
    intake.stop()
    async with asyncio.timeout(2):
        await task


async def test_what_stop_cannot_finish_comes_again(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that hangs is cut off after a while, and its update is not confirmed."""
    monkeypatch.setattr(intake_module, "_DRAIN_SECONDS", 0.2)
    answers, alice, bob = Answers(), api.person("A"), api.person("B")
    await bob.say("done before")
    await alice.say("hold for ever")
    intake = Intake(bot, answers)
    task = asyncio.create_task(intake.run())
    await answers.until(lambda: answers.done == ["done before"] and len(answers.begun) == 2)
    intake.stop()
    async with asyncio.timeout(5):
        await task
    assert [update["message"]["text"] for update in api.unconfirmed] == ["hold for ever"]
    again = Answers()
    again.door.set()
    async with polling(bot, again):
        await api.wait_until_taken()
    assert again.done == ["hold for ever"]


async def test_only_what_is_handled_is_asked_for(api: BotApiServer, bot: Bot) -> None:
    """Edits, reactions, channel posts and the like are never sent to us."""
    alice: Person = api.person()
    async with polling(bot, Answers()):
        await api.wait_for_polls()
        said = await alice.say("x")
        await alice.edit(said, "y")
        await api.wait_until_taken()
    assert api.world.updates.allowed == frozenset({"message", "callback_query", "my_chat_member"})


async def test_a_send_held_by_telegram_does_not_hold_up_others(api: BotApiServer, bot: Bot) -> None:
    """One chat is told to wait; the 150 behind it are fetched and answered, and the held one is counted as at risk."""
    alice, bob, clock, tally = api.person("A"), api.person("B"), Clock(), Tally()
    api.faults.for_chat(alice.chat).next("sendMessage", status=429, retry_after=2)
    done: list[str] = []

    async def answer(update: Update) -> None:
        message = update.effective_message
        assert message is not None
        await deliver(lambda: bot.send_message(message.chat_id, f"to {message.text}"), "reply")
        done.append(message.text or "")

    await alice.say("held")
    for number in range(150):
        await bob.say(str(number))
    async with polling(bot, answer, tally=tally, clock=clock):
        async with asyncio.timeout(10):
            while len(done) < 99:  # noqa: ASYNC110 - no event is worth its lines here
                await asyncio.sleep(0.01)
            assert len(api.unconfirmed) == 151, "nothing may be forgotten yet"
            clock.shift = 11
            while len(done) < 150:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.01)
        assert "held" not in done
        await api.wait_until_taken()
        assert tally.at_risk == 1
        assert (await alice.next_reply()).text == "to held"
    assert (tally.handled, tally.failed, tally.running) == (151, 0, 0)


async def test_a_stuck_update_lets_more_than_a_hundred_pass(api: BotApiServer, bot: Bot) -> None:
    """Telegram shows the first hundred only: one that hangs holds those behind up for ten seconds, not for ever."""
    answers, clock, tally = Answers(), Clock(), Tally()
    people = [api.person() for _ in range(130)]
    await people[0].say("hold for ever")
    for person in people[1:]:
        await person.say("x")
    async with polling(bot, answers, tally=tally, clock=clock):
        await answers.until(lambda: len(answers.done) == 99)
        clock.shift = 11
        await answers.until(lambda: len(answers.done) == 129)
        assert tally.at_risk == 1
        answers.door.set()
        await api.wait_until_taken()
    assert answers.done[-1] == "hold for ever"


async def test_what_takes_over_a_minute_is_counted_as_at_risk(api: BotApiServer, bot: Bot) -> None:
    """Until then Telegram keeps it."""
    answers, clock, tally = Answers(), Clock(), Tally()
    async with polling(bot, answers, tally=tally, clock=clock):
        await api.person().say("hold")
        await answers.until(lambda: answers.begun == ["hold"])
        clock.shift = 55
        await api.wait_for_polls(api.polls + 3)
        assert (len(api.unconfirmed), tally.at_risk) == (1, 0)
        clock.shift = 61
        await api.wait_until_taken()
        assert tally.at_risk == 1
        answers.door.set()


async def test_what_waits_for_its_chat_is_at_risk_with_it(api: BotApiServer, bot: Bot) -> None:
    """Somebody's many messages behind a held one hold up nobody, and are answered in order."""
    answers, clock, alice = Answers(), Clock(), api.person()
    async with polling(bot, answers, clock=clock):
        for number in range(5):
            await alice.say(f"hold {number}")
        await answers.until(lambda: answers.begun == ["hold 0"])
        clock.shift = 61
        await api.wait_until_taken()
        await api.person().say("after")
        await answers.until(lambda: answers.done == ["after"])
        answers.door.set()
        await answers.until(lambda: len(answers.done) == 6)
    assert answers.done[1:] == [f"hold {number}" for number in range(5)]


async def test_what_hangs_for_good_is_given_up(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a quarter of an hour its chat can be answered again."""
    monkeypatch.setattr(intake_module, "_WATCH_SECONDS", 0.02)
    answers, clock, tally, alice = Answers(), Clock(), Tally(), api.person()
    with caplog.at_level(logging.DEBUG, "bot"):
        async with polling(bot, answers, tally=tally, clock=clock):
            await alice.say("hold for ever")
            await answers.until(lambda: answers.begun == ["hold for ever"])
            clock.shift = 1000
            await alice.say("next")
            await answers.until(lambda: answers.done == ["next"])
            await api.wait_until_taken()
    assert (tally.failed, tally.handled) == (1, 2)
    assert [r.getMessage() for r in caplog.records if r.name.startswith("bot.")] == [
        "an update has been at work for over a minute",
        "an update was given up: it had been at work for 15 minutes",
    ]


async def test_no_more_is_taken_than_fits(api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs may pile up so far and no further; what was not taken stays with Telegram."""
    monkeypatch.setattr(intake_module, "_MOST_AT_HAND", 20)
    answers, clock = Answers(), Clock()
    async with polling(bot, answers, clock=clock):
        for _ in range(30):
            await api.person().say("hold")
        await answers.until(lambda: len(answers.begun) == 20)
        clock.shift = 61
        polls = api.polls
        await asyncio.sleep(0.4)
        assert len(answers.begun) == 20
        assert len(api.unconfirmed) == 10
        assert api.polls - polls <= 4, "no hot loop"
        answers.door.set()
        await answers.until(lambda: len(answers.done) == 30)
        await api.wait_until_taken()


async def test_the_next_program_skips_what_was_answered_but_not_confirmed(
    api: BotApiServer, bot: Bot, tmp_path: Path
) -> None:
    """As after a kill between sending and confirming: the database knows, and all is confirmed."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite3")
    await database.open()
    people = [api.person() for _ in range(5)]
    for person in people:
        await person.say(f"of {person.id}")
    before = Handled(database)
    for update in api.unconfirmed[1:4]:
        before.add(update["update_id"])
    await before.close()
    answers, tally = Answers(), Tally()
    async with polling(bot, answers, handled=Handled(database), tally=tally):
        await api.wait_until_taken()
        await people[0].say("new")
        await api.wait_until_taken()
    assert sorted(answers.done) == ["new", f"of {people[0].id}", f"of {people[4].id}"]
    assert (tally.repeated, tally.handled) == (3, 3)
    await database.close()


async def test_a_poller_that_took_over_leaves_nothing_to_double(api: BotApiServer, bot: Bot, tmp_path: Path) -> None:
    """What another program on the same database answered meanwhile is not answered again."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite3")
    await database.open()
    answers, tally, other = Answers(), Tally(), Handled(database)
    async with polling(bot, answers, handled=Handled(database), tally=tally):
        await api.person().say("first")
        await api.wait_until_taken()
        async with Bot(TOKEN, f"{api.url}/bot", get_updates_request=AiohttpRequest()) as rival:
            await rival.get_updates(timeout=0)
        number = api.world.updates._next_id
        other.add(number)
        await other.close()
        await api.person().say("answered by the other")
        await api.person().say("new")
        await api.wait_until_taken()
    assert answers.done == ["first", "new"]
    await database.close()


async def test_counting_may_begin_anew(api: BotApiServer, bot: Bot) -> None:
    """After a quiet week Telegram's numbers begin anywhere, also below the last ones."""
    answers = Answers()
    async with polling(bot, answers):
        await api.person().say("before")
        await api.wait_until_taken()
        wire = {"message_id": 5, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "after"}
        api.push_raw({"update_id": 1000, "message": wire})
        await answers.until(lambda: answers.done == ["before", "after"])


@pytest.mark.parametrize("junk", [[5], [None], [{"update_id": "5"}], [{"update_id": True}], [{}], [{"update_id": -1}]])
async def test_what_is_no_update_costs_nothing(api: BotApiServer, bot: Bot, junk: list[object]) -> None:
    """Elements that are none are passed over without a hot loop."""
    body = json.dumps({"ok": True, "result": junk}).encode()
    api.faults.malformed("getUpdates", times=None, body=body)
    async with polling(bot, Answers()):
        await asyncio.sleep(0.3)
        assert len(api.calls_to("getUpdates")) <= 4


async def test_updates_a_hundred_deep_are_answered(api: BotApiServer, bot: Bot) -> None:
    """Replies to replies to replies."""
    message: dict[str, object] = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "deep"}
    for number in range(100):
        message = {**message, "message_id": number + 2, "reply_to_message": message}
    api.push_raw({"message": message})
    answers = Answers()
    async with polling(bot, answers):
        await answers.until(lambda: answers.done == ["deep"])


async def test_polls_that_bring_nothing_end_it(api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram answers other calls, and for a minute no poll: the program ends and says why."""
    monkeypatch.setattr(intake_module, "_WATCH_SECONDS", 0.02)
    clock = Clock()
    api.faults.next("getUpdates", status=502, times=None)
    task = asyncio.create_task(Intake(bot, Answers(), tally=Tally(clock), clock=clock).run())
    await asyncio.sleep(0.1)
    clock.shift = 50
    await api.wait_for_call("getMe", count=len(api.calls_to("getMe")) + 2)
    assert not task.done()
    clock.shift = 61
    with pytest.raises(DeafError, match="a restart mends it") as caught:
        async with asyncio.timeout(5):
            await task
    assert "\n" not in str(caught.value)


async def test_an_hour_without_telegram_ends_nothing(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no call goes through a restart would mend nothing: the outage is waited out."""
    monkeypatch.setattr(intake_module, "_WATCH_SECONDS", 0.02)
    answers, clock = Answers(), Clock()
    async with polling(bot, answers, tally=Tally(clock), clock=clock):
        await api.wait_for_polls()
        await api.stop()
        for _ in range(4):
            clock.shift += 900
            await asyncio.sleep(0.05)
        await api.person().say("still there?")
        await api.start()
        await answers.until(lambda: answers.done == ["still there?"])
        await api.wait_until_taken()


@pytest.mark.parametrize("body", ODD)
async def test_an_odd_answer_of_telegram_ends_nothing(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    """JSON that answers neither a poll nor getMe is an outage like any other."""
    monkeypatch.setattr(intake_module, "_WATCH_SECONDS", 0.02)
    answers, clock = Answers(), Clock()
    async with polling(bot, answers, tally=Tally(clock), clock=clock):
        await api.wait_for_polls()
        for method in ("getUpdates", "getMe"):
            api.faults.malformed(method, times=None, body=body)
        await api.person().say("still there?")
        for _ in range(3):
            clock.shift += 900
            await asyncio.sleep(0.1)
        api.faults.clear()
        await answers.until(lambda: answers.done == ["still there?"])
        await api.wait_until_taken()


async def test_two_pollers_ends_nothing_and_is_said_once(
    api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line, longer and longer pauses, and no exit, however long it lasts."""
    monkeypatch.setattr(intake_module, "_WATCH_SECONDS", 0.02)
    clock = Clock()
    api.faults.next("getUpdates", status=409, times=None)
    with caplog.at_level(logging.DEBUG, "bot"):
        async with polling(bot, Answers(), tally=Tally(clock), clock=clock):
            for _ in range(15):
                await asyncio.sleep(0.05)
                clock.shift += 20
            assert len(api.calls_to("getUpdates")) < 15
            api.faults.clear()
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("bot.")]
    assert ours == ["another program polls with this token; waiting"]


async def test_a_webhook_that_is_still_set_is_removed(api: BotApiServer, bot: Bot) -> None:
    """Back from webhook mode: nothing of what waits is dropped."""
    await bot.set_webhook("http://127.0.0.1:9/nobody")
    await api.person().say("while it was set")
    answers = Answers()
    async with polling(bot, answers):
        await answers.until(lambda: answers.done == ["while it was set"])
        await api.wait_until_taken()
    assert api.calls_to("deleteWebhook")[0].params.get("drop_pending_updates") != "true"


async def test_one_thinks_while_many_wait_for_telegram(api: BotApiServer, bot: Bot) -> None:
    """A backlog does not think all at once; whoever calls Telegram, or thinks too long, makes room."""
    api.faults.delay("sendMessage", 0.3)
    thinking = most = 0
    sent: list[int] = []

    async def answer(update: Update) -> None:
        nonlocal thinking, most
        assert update.effective_chat is not None
        thinking += 1
        most = max(most, thinking)
        await asyncio.sleep(0.001)
        thinking -= 1
        await bot.send_message(update.effective_chat.id, "x")
        sent.append(update.update_id)

    for _ in range(20):
        await api.person().say("x")
    began = time.monotonic()
    async with polling(bot, answer):
        await api.wait_until_taken()
    assert most == 1
    assert len(sent) == 20
    assert time.monotonic() - began < 3, "the calls themselves are at once"


async def test_one_that_thinks_too_long_makes_room(api: BotApiServer, bot: Bot) -> None:
    """Such as for a database that hangs: it holds up nobody else."""
    answers = Answers()
    async with polling(bot, answers):
        for _ in range(3):
            await api.person().say("hold")
        await api.person().say("quick")
        await answers.until(lambda: answers.done == ["quick"], 2)
        answers.door.set()
        await answers.until(lambda: len(answers.done) == 4)
