"""Whoever picks up the phone: nothing is left behind by faults, outages or drafts, and no line says more than was done.

Over the Bot API server, with the real application.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from telegram import Update
from telegram.ext import TypeHandler

from bot.content.catalogue import Catalogue
from bot.tg import deliver as deliver_module
from bot.tg.clearing import Cleared
from bot.tg.intake import Intake
from tests.bot_api import BotApiServer, Message, Person
from tests.tg.live import Live, until, write_at_length

QUESTION = "is texting my ex micro-cheating?"
DANGER = "he hit me last night"
NOTHING = {"messages": 0, "due": 0, "choices": 0}


async def ask(person: Person, text: str = QUESTION) -> Message:
    """Say something; return the reply."""
    await person.say(text)
    return await person.next_reply()


async def noted(live: Live, person: Person, count: int) -> None:
    """Wait until so many messages of a chat are noted."""

    async def are() -> bool:
        return len(await live.desk.personal.ledger.of_chat(person.id)) == count

    await until(are)


@asynccontextmanager
async def outage(live: Live) -> AsyncIterator[None]:
    """Be down meanwhile, and up again for what comes after this block."""
    live.intake.stop()
    await live.task
    yield
    live.intake = Intake(live.application.bot, live.application.process_update)
    live.task = asyncio.create_task(live.intake.run())


async def test_a_question_that_could_not_be_answered_is_cleared_too(live: Live, alice: Person) -> None:
    """A fault of ours must not leave it standing alone in a chat that says it is tidy."""

    async def fail(*_: object) -> None:
        raise RuntimeError

    broken = TypeHandler(Update, fail)
    live.application.handlers[0].insert(0, broken)
    assert "went wrong" in (await ask(alice)).text
    live.application.handlers[0].remove(broken)
    receipt = await ask(alice, "/clear")
    assert "3 of 3" in receipt.text
    assert alice.chat.messages == [receipt]


async def test_what_telegram_itself_writes_is_cleared_too(live: Live, alice: Person) -> None:
    """Such as that somebody set a timer of the app's own."""
    await alice.set_auto_delete(86_400)
    await noted(live, alice, 1)
    receipt = await ask(alice, "/clear")
    assert "2 of 2" in receipt.text
    assert alice.chat.messages == [receipt]


async def test_the_hours_of_a_question_begin_when_it_is_sent(live: Live, alice: Person, api: BotApiServer) -> None:
    """Not when it is answered at last: what the timer promised was over before."""
    async with outage(live):
        await alice.say(QUESTION)
        api.clock.advance(hours=20)
    late = await alice.next_reply()
    await noted(live, alice, 2)
    assert await live.sweep() == 1
    assert alice.chat.messages == [late]


async def test_a_late_draft_is_not_shown_to_whoever_holds_the_phone_by_now(
    live: Live, alice: Person, api: BotApiServer
) -> None:
    """The words of it stay off the screen as those of an answer do."""
    live.desk.box.drafts.begin(alice.id, -1_001_234_567_890, "en").writing = True
    async with outage(live):
        await alice.say("the neighbour borrowed our ladder again")
        api.clock.advance(minutes=20)
    late = await alice.next_reply()
    assert "Sorry for the wait" in late.text
    assert "ladder" not in late.text


@pytest.mark.parametrize("typed", ["/clear", "/start"])
async def test_a_draft_ends_with_the_session(live: Live, alice: Person, typed: str) -> None:
    """Who types next may be somebody else: it is read as a question, and /proof knows of no draft."""
    live.desk.box.drafts.begin(alice.id, -1_001_234_567_890, "en").writing = True
    await ask(alice, typed)
    assert "leaves this chat" not in (await ask(alice, "the neighbour borrowed our ladder again")).text
    assert "draft" not in (await ask(alice, "/proof")).text


async def test_the_receipt_counts_only_what_is_gone(live: Live, alice: Person, api: BotApiServer) -> None:
    """A message that Telegram does not let go is no message cleared."""
    await ask(alice)
    api.faults.next("deleteMessages", status=400, times=2)  # all at once, then the first of them alone
    assert "2 of 3" in (await ask(alice, "/clear")).text
    assert len(alice.chat.messages) == 2


async def test_a_card_past_48_hours_is_not_called_cleared(live: Live, alice: Person, api: BotApiServer) -> None:
    """Its Tidy button works still, and says how it is."""
    card = await ask(alice)
    await noted(live, alice, 2)
    await live.desk.personal.ledger.choose(alice.id, hours=0)
    api.clock.advance(hours=49)
    assert await live.sweep() == 2
    await alice.press(card, "Tidy")
    receipt = await alice.next_reply()
    assert "0 of 0" in receipt.text
    assert "older than 48 h: 1" in receipt.text


@pytest.mark.parametrize("typed", ["/clear", "/word milk and eggs"])
async def test_what_was_to_go_at_once_goes_after_an_outage(
    live: Live, alice: Person, api: BotApiServer, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    """Also where the timer is off, and the word itself, which was never noted."""
    await live.desk.personal.ledger.choose(alice.id, hours=0)
    await ask(alice)
    monkeypatch.setattr(deliver_module, "_TRIES", 1)
    api.faults.next("deleteMessages", status=502)
    await ask(alice, typed)
    assert any(m.text == typed for m in alice.chat.messages)
    await noted(live, alice, 4)
    api.clock.advance(minutes=6)
    await live.sweep()
    assert len(alice.chat.messages) == (0 if typed == "/clear" else 2)
    assert not any(m.text == typed for m in alice.chat.messages)


async def test_all_that_an_outage_left_due_is_cleared_at_once(live: Live, api: BotApiServer) -> None:
    """However much it is: nobody's turn comes minutes later."""
    live.intake.stop()
    await live.task
    people = [api.person() for _ in range(15)]
    now = int(api.clock.now())
    for person in people:
        await person.say("hello")
        await live.desk.personal.ledger.note(person.id, range(1, 101), now - 3600, now - 1)
    clearing = asyncio.create_task(live.desk.personal.clearer.run(live.application.bot))

    async def none_left() -> bool:
        return [await live.desk.personal.ledger.held(person.id) for person in people] == [NOTHING] * len(people)

    await until(none_left)
    clearing.cancel()
    assert len(api.calls_to("deleteMessages")) == len(people)


async def test_who_blocked_unheard_is_forgotten_when_that_is_found_out(
    live: Live, alice: Person, api: BotApiServer
) -> None:
    """Such as while the program was down for days: the choices go with the rest."""
    await ask(alice, "/word milk and eggs")
    await ask(alice)
    await noted(live, alice, 3)
    api.faults.next("deleteMessages", status=403, description="Forbidden: bot was blocked by the user")
    api.clock.advance(hours=13)
    assert await live.sweep() == 3
    assert await live.desk.personal.ledger.held(alice.id) == NOTHING


async def test_a_pause_in_the_middle_of_clearing_loses_nothing(live: Live, alice: Person, api: BotApiServer) -> None:
    """The first hundred are gone, then Telegram wants to be left alone for a second."""
    await write_at_length(live, alice, api)
    api.faults.delay("deleteMessages", 0.2, times=1)
    clearing = asyncio.create_task(live.desk.personal.clearer.tidy(live.application.bot, alice.id))
    async with asyncio.timeout(5):
        while not api.calls_to("deleteMessages"):  # noqa: ASYNC110 - the server tells nobody that a call came
            await asyncio.sleep(0.01)
    api.faults.next("deleteMessages", status=429, retry_after=1)
    assert await clearing == Cleared(230, 230, 0)
    assert alice.chat.messages == []
    assert len(api.calls_to("deleteMessages")) == 4


async def test_the_line_after_forgetting_goes_too_and_is_held_in_no_row(
    live: Live, alice: Person, api: BotApiServer
) -> None:
    """Nothing tells the next person that there was anything to forget."""
    await ask(alice)
    last = await ask(alice, "/forget")
    assert alice.chat.messages == [last]

    async def fading() -> bool:
        return bool(live.desk.personal.clearer._fading)

    await until(fading)
    assert await live.desk.personal.ledger.held(alice.id) == NOTHING
    api.clock.advance(seconds=61)
    await live.sweep()
    assert alice.chat.messages == []
    assert await live.desk.personal.ledger.held(alice.id) == NOTHING


async def test_the_line_after_forgetting_goes_with_the_rest(live: Live, alice: Person) -> None:
    """Tidy within that minute leaves nothing else."""
    await ask(alice, "/forget")
    receipt = await ask(alice, "/clear")
    assert alice.chat.messages == [receipt]


@pytest.mark.parametrize(("typed", "hours"), [("6", 6), ("1", 1), ("47", 47), ("0", 0), ("48", 12), ("six", 12)])
async def test_any_number_of_hours_may_be_typed(live: Live, alice: Person, typed: str, hours: int) -> None:
    """From 1 to 47, and 0 for never; another one changes nothing."""
    reply = await ask(alice, f"/timer {typed}")
    assert (f"after {hours} h" if hours else "stay until") in reply.text
    assert (await live.desk.personal.ledger.reader(alice.id)).hours == hours


async def test_numbers_can_be_copied_and_personal_answers_not_passed_on(
    live: Live, alice: Person, catalogue: Catalogue
) -> None:
    """All of it without a sound."""
    answer = await ask(alice)
    care = await ask(alice, DANGER)
    await alice.press(await ask(alice, "can i talk to a person"), "More places that help")
    lines = await alice.next_reply()
    assert "116 123" in lines.text
    assert [m.protect_content for m in (answer, care, lines)] == [True, False, False]
    assert any("copy_text" in b.wire for b in care.buttons)
    assert all(m.disable_notification for m in alice.chat.from_bot)
