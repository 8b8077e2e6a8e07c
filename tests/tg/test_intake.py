"""Updates are confirmed when they were answered, in order per chat, whatever the network does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from telegram import Bot, Update

from bot.errors import TokenError
from bot.tg import intake as intake_module
from bot.tg.intake import Intake
from bot.tg.transport import AiohttpRequest
from tests.bot_api import BotApiServer, Person
from tests.tg.recording import TOKEN

TEXT = "canarywordinthetext"
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


@asynccontextmanager
async def polling(bot: Bot, handle: Handle) -> AsyncIterator[Intake]:
    """Run an intake, and stop it at the end."""
    intake = Intake(bot, handle)
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
