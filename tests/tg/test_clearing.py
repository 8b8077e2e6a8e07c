"""Clearing over the Bot API server: both sides, in time, after crashes, and with nothing left behind."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import build_application, make_desk, make_seal
from bot.content.catalogue import Catalogue
from bot.core.engine import Engine
from bot.core.values import Context
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.ledger import Ledger
from bot.storage.schema import ledger
from bot.tg.clearing import Cleared, Clearer
from bot.tg.intake import Intake
from tests.bot_api import BotApiServer, Person
from tests.broken import full_disk, led_astray
from tests.tg.conftest import FIRST_NAME
from tests.tg.live import Live, until, write_at_length

QUESTION = "is texting my ex micro-cheating?"


async def _talk(person: Person, count: int) -> None:
    for _ in range(count):
        await person.say(QUESTION)
        await person.next_reply()


async def _until_noted(live: Live, person: Person, count: int) -> None:
    async def noted() -> bool:
        return len(await live.desk.personal.ledger.of_chat(person.id)) >= count

    await until(noted)


def _bytes_of(folder: Path) -> bytes:
    """Return all that lies in any file of a folder."""
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


async def test_tidy_clears_both_sides_and_its_own_line(live: Live, alice: Person, api: BotApiServer) -> None:
    """Thirty messages, one press, one bland line that goes too."""
    await _talk(alice, 15)
    await _until_noted(live, alice, 30)
    await alice.press(alice.chat.from_bot[-1], "Tidy")
    receipt = await alice.next_reply()
    assert "30 of 30" in receipt.text
    assert alice.chat.messages == [receipt]
    await _until_noted(live, alice, 1)
    api.clock.advance(minutes=2)
    assert await live.sweep() == 1
    assert alice.chat.messages == []
    assert await live.desk.personal.ledger.of_chat(alice.id) == []


@pytest.mark.parametrize("typed", ["/clear", "Milk and  EGGS"])
async def test_a_command_or_the_code_word_clears(live: Live, alice: Person, typed: str) -> None:
    """The word itself never stays on the screen, and neither does the line that it was kept."""
    await _talk(alice, 2)
    await alice.say("/word milk and eggs")
    await alice.next_reply()
    assert not any("milk" in m.text for m in alice.chat.messages if not m.from_bot)
    await alice.say(typed)
    receipt = await alice.next_reply()
    assert alice.chat.messages == [receipt]


@pytest.mark.parametrize(
    "word",
    [
        *("/start", "ok", "please", "topics", "hi hi", "x" * 80),
        *("Thank you", "good night", "yes please", "he hit me", "help me", "talk to someone", "delete everything"),
    ],
)
async def test_a_word_that_would_go_off_by_accident_is_refused(live: Live, alice: Person, word: str) -> None:
    """Kindly, and nothing is kept: what is said to the bot anyhow, and danger, which must never clear instead."""
    await alice.say(f"/word {word}")
    assert "too easily" in (await alice.next_reply()).text
    assert (await live.desk.personal.ledger.reader(alice.id)).word is None


async def test_the_timer_clears_without_a_sound(live: Live, alice: Person, api: BotApiServer) -> None:
    """Twelve hours unless chosen otherwise; nothing is sent."""
    await _talk(alice, 3)
    await _until_noted(live, alice, 6)
    sent = len(api.calls_to("sendMessage"))
    api.clock.advance(hours=11)
    assert await live.sweep() == 0
    api.clock.advance(hours=1, minutes=1)
    assert await live.sweep() == 6
    assert alice.chat.messages == []
    assert len(api.calls_to("sendMessage")) == sent


async def test_the_timer_can_be_chosen_and_turned_off(live: Live, alice: Person, api: BotApiServer) -> None:
    """What is noted already follows; off means that only Tidy clears."""
    await alice.start()
    first = await alice.next_reply()
    await alice.press(first, "Clear this chat after 1 hour")
    card = await alice.next_edit()
    assert "after 1 h" in card.text
    await _until_noted(live, alice, 2)
    api.clock.advance(minutes=61)
    assert await live.sweep() == 2
    await alice.say("/timer")
    await alice.press(await alice.next_reply(), "Not by itself")
    await alice.next_edit()
    await _until_noted(live, alice, 2)
    api.clock.advance(hours=47)
    assert await live.sweep() == 0
    await alice.say("/clear")
    assert "3 of 3" in (await alice.next_reply()).text


async def test_what_is_older_than_telegram_allows_is_said_and_struck_out(
    live: Live, alice: Person, api: BotApiServer
) -> None:
    """Two days later."""
    await _talk(alice, 1)
    await _until_noted(live, alice, 2)
    await live.desk.personal.ledger.choose(alice.id, hours=0)
    api.clock.advance(hours=49)
    await alice.say("/clear")
    receipt = await alice.next_reply()
    assert "1 of 1" in receipt.text
    assert "older than 48 h: 2" in receipt.text


async def test_what_was_due_while_the_bot_was_down_is_cleared_at_start(
    live_settings: Settings, engine: Engine, catalogue: Catalogue, api: BotApiServer, live: Live, alice: Person
) -> None:
    """Another process, the same database and secret; nothing but the file is shared."""
    await _talk(alice, 2)
    await _until_noted(live, alice, 4)
    api.clock.advance(hours=13)
    database = Database(live_settings.resolved_database_url)
    assert await database.open()
    desk = make_desk(live_settings, engine, catalogue, database, api.clock.now)
    async with build_application(live_settings, desk) as application:
        assert await desk.personal.clearer.sweep(application.bot) == 4
    await database.close()
    assert alice.chat.messages == []


async def test_two_clearers_never_take_the_same_message(
    live_settings: Settings, live: Live, alice: Person, api: BotApiServer
) -> None:
    """What one has claimed the other does not see."""
    await _talk(alice, 3)
    await _until_noted(live, alice, 6)
    now = int(api.clock.now()) + 13 * 3600
    ledger = live.desk.personal.ledger
    first, second = await asyncio.gather(ledger.claim_due(now, 300), ledger.claim_due(now, 300))
    assert len(first) + len(second) == 6
    assert len(await ledger.claim_due(now + 301, 300)) == 6


@pytest.mark.parametrize("fault", ["already gone", "429", "blocked", "refused"])
async def test_clearing_bears_what_telegram_does(live: Live, alice: Person, api: BotApiServer, fault: str) -> None:
    """Deleted by hand, a pause asked for, a blocked bot, one message that may not be deleted."""
    await _talk(alice, 2)
    await _until_noted(live, alice, 4)
    if fault == "already gone":
        await alice.delete(alice.chat.messages[0])
    elif fault == "429":
        api.faults.next("deleteMessages", status=429, retry_after=1)
    elif fault == "blocked":
        api.faults.next("deleteMessages", status=403)
    else:
        api.faults.next("deleteMessages", status=400)
    api.clock.advance(hours=13)
    assert await live.sweep() == 4
    assert await live.desk.personal.ledger.of_chat(alice.id) == []
    if fault not in {"blocked"}:
        assert alice.chat.messages == []


async def test_blocking_erases_every_row(live: Live, alice: Person) -> None:
    """At once, choices included."""
    await _talk(alice, 1)
    await alice.say("/word milk and eggs")
    await alice.next_reply()
    await alice.block_bot()

    async def erased() -> bool:
        return await live.desk.personal.ledger.held(alice.id) == {"messages": 0, "due": 0, "choices": 0}

    await until(erased)


async def test_proof_lists_rows_and_no_content(live: Live, alice: Person) -> None:
    """Whoever picks up the phone learns that numbers are held, and nothing else."""
    await _talk(alice, 2)
    await _until_noted(live, alice, 4)
    await alice.say("/proof")
    text = (await alice.next_reply()).text.lower()
    assert "4 messages" in text
    assert "ex" not in text.split()
    assert "micro" not in text


async def test_forget_leaves_nothing_in_any_file(
    live_settings: Settings, live: Live, alice: Person, tmp_path: Path
) -> None:
    """Neither the hash nor the box nor the number, in the database, its log, or anything else in the folder."""
    await _talk(alice, 3)
    await alice.say("/word milk and eggs")
    await alice.next_reply()
    seal = make_seal([b"s" * 32])
    hashes = [seal.chat(alice.id), seal.word(alice.id, "milk and eggs")]
    before = await asyncio.to_thread(_bytes_of, tmp_path)
    assert all(h in before for h in hashes)
    await alice.say("/forget")
    last = await alice.next_reply()
    assert alice.chat.messages == [last]
    await asyncio.sleep(0.05)
    after = await asyncio.to_thread(_bytes_of, tmp_path)
    for trace in (*hashes, str(alice.id).encode(), alice.id.to_bytes(8, "big"), b"milk", FIRST_NAME.encode()):
        assert trace not in after


async def test_a_stolen_database_tells_nothing(
    live_settings: Settings, live: Live, alice: Person, tmp_path: Path
) -> None:
    """Trying every likely number and word against what lies there leads nowhere without the key; with it, it would."""
    await _talk(alice, 2)
    await alice.say("/word milk and eggs")
    await alice.next_reply()
    await _until_noted(live, alice, 5)
    stolen = await asyncio.to_thread(_bytes_of, tmp_path)
    guesses = range(alice.id - 500, alice.id + 500)
    right, wrong = make_seal([b"s" * 32]), make_seal([b"w" * 32])
    assert right.chat(alice.id) in stolen
    assert right.word(alice.id, "milk and eggs") in stolen
    for guess in guesses:
        words = [str(guess), f"chat {guess}", f"{guess} milk and eggs", f"word {guess} milk and eggs"]
        plain = [*(w.encode() for w in words), *(guess.to_bytes(8, order, signed=True) for order in ("big", "little"))]
        assert not any(p in stolen for p in plain)
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256"):
            assert not any(hashlib.new(name, p).digest()[:12] in stolen for p in plain)
        assert wrong.chat(guess) not in stolen
        assert wrong.word(guess, "milk and eggs") not in stolen
    assert hashlib.sha256(b"milk and eggs").digest()[:12] not in stolen


async def test_a_lost_secret_drops_the_ledger_and_goes_on(
    live_settings: Settings, live: Live, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """One line says what is lost; nothing crashes."""
    await _talk(alice, 1)
    await _until_noted(live, alice, 2)
    other = Ledger(live.desk.database, make_seal([b"x" * 32]))
    with caplog.at_level(logging.WARNING, "bot"):
        assert await other.drop_lost() == 2
    assert [r.getMessage()[:33] for r in caplog.records if r.name.startswith("bot")] == [
        "2 messages will not be cleared: t"
    ]
    assert await other.claim_due(int(1e11), 300) == []


async def test_rows_survive_a_change_of_keys(live: Live, alice: Person, api: BotApiServer) -> None:
    """Messages are still cleared, the code word still works, and nothing of the old key's hashes is left."""
    await _talk(alice, 1)
    await alice.say("/word milk and eggs")
    await alice.next_reply()
    await _until_noted(live, alice, 3)
    both = make_seal([b"n" * 32, b"s" * 32])
    ledger = Ledger(live.desk.database, both)
    assert await ledger.reseal(both) == (3, 0)
    assert len(await ledger.of_chat(alice.id)) == 3
    assert ledger.is_word(alice.id, await ledger.reader(alice.id), "milk and eggs")
    assert len(await Ledger(live.desk.database, make_seal([b"n" * 32])).claim_due(int(1e11), 300)) == 3


async def test_a_question_from_before_an_outage_gets_a_bland_line(live: Live, alice: Person, api: BotApiServer) -> None:
    """Danger included; the answer is one press away."""
    live.intake.stop()
    await live.task
    await alice.say("he hit me last night")
    api.clock.advance(minutes=20)
    again = Intake(live.application.bot, live.application.process_update)
    task = asyncio.create_task(again.run())
    late = await alice.next_reply()
    assert "Sorry for the wait" in late.text
    assert "999" not in late.text
    await alice.press(late, "Open")
    assert "999" in (await alice.next_reply()).text
    again.stop()
    await task


async def test_the_veil_covers_all_but_the_first_line(live: Live, alice: Person) -> None:
    """Until it is taken off again."""
    await alice.say("/veil")
    await alice.next_reply()
    await alice.say(QUESTION)
    reply = await alice.next_reply()
    spoilers = [e for e in reply.wire["entities"] if e["type"] == "spoiler"]
    assert len(spoilers) == 1
    assert spoilers[0]["offset"] == reply.text.index("\n") + 1


async def test_the_veil_covers_cards_that_change_in_place(live: Live, alice: Person, api: BotApiServer) -> None:
    """The steps of a tool as well; and no link is shown as a preview there either."""
    await alice.say("/veil")
    await alice.next_reply()
    await alice.say("/topics")
    await alice.press(await alice.next_reply(), "What it all means")
    card = await alice.next_edit()
    assert [e["type"] for e in card.wire["entities"]].count("spoiler") == 1
    assert api.calls_to("editMessageText")[-1].params["link_preview_options"] == {"is_disabled": True}


async def test_a_broken_database_clears_what_memory_knows(live: Live, alice: Person) -> None:
    """Notes wait in memory, Tidy works on them."""
    async with led_astray(live.desk.database):
        await _talk(alice, 2)
        await alice.say("/clear")
        receipt = await alice.next_reply()
        assert "5 of 5" in receipt.text
        assert alice.chat.messages == [receipt]


async def test_a_full_disk_stops_no_answer_and_is_written_to_again(
    live: Live, alice: Person, api: BotApiServer
) -> None:
    """Every question is answered meanwhile; with room again all that waited is noted on disk."""
    notes = live.desk.personal.ledger
    people = [alice, *(api.person() for _ in range(80))]  # one chat alone would wait for its budget of messages
    async with full_disk(live.desk.database):
        for person in people:
            await _talk(person, 1)
        assert notes._waiting
        live.desk.database.count("care")
    await _talk(alice, 1)

    async def noted() -> bool:
        rows = await live.desk.database.rows(select(ledger.c.message))
        return len(rows) == sum(len(person.chat.messages) for person in people) == 2 * len(people) + 2

    await until(noted)
    assert await live.desk.database.flush()
    assert not notes._waiting


async def test_a_choice_that_could_not_be_kept_is_said(live: Live, alice: Person) -> None:
    """In one line, and nothing has changed: neither a word, nor the veil, nor the timer."""
    await alice.say("/word milk and eggs")
    await alice.next_reply()
    await alice.say("/timer")
    card = await alice.next_reply()
    async with led_astray(live.desk.database):
        await alice.say("/word bread and butter")
        assert "could not keep that" in (await alice.next_reply()).text
        assert not any("bread" in m.text for m in alice.chat.messages)
        await alice.say("/veil")
        assert "could not keep that" in (await alice.next_reply()).text
        await alice.press(card, "After 1 h")
        edited = await alice.next_edit()
        assert "could not keep that" in edited.text
        assert "After 1 h" in edited.labels
    ledger = live.desk.personal.ledger
    reader = await Ledger(live.desk.database, make_seal([b"s" * 32])).reader(alice.id)
    assert reader == await ledger.reader(alice.id)
    assert (reader.hours, reader.veil) == (12, False)
    assert ledger.is_word(alice.id, reader, "milk and eggs")
    await alice.press(edited, "After 1 h")
    assert "after 1 h" in (await alice.next_edit()).text


async def test_a_veil_stays_while_the_database_is_away(live: Live, alice: Person) -> None:
    """What was read before goes on: nobody's cover falls since a disk is full."""
    await alice.say("/veil")
    await alice.next_reply()
    await alice.say(QUESTION)
    await alice.next_reply()
    async with led_astray(live.desk.database):
        live.desk.personal.ledger._cache = type(live.desk.personal.ledger._cache)(
            {chat: (-1e9, reader) for chat, (_, reader) in live.desk.personal.ledger._cache.items()}
        )
        await alice.say(QUESTION)
        assert any(e["type"] == "spoiler" for e in (await alice.next_reply()).wire["entities"])


async def test_what_cannot_be_seen_or_erased_is_said(live: Live, alice: Person) -> None:
    """Neither /proof nor /clear nor /forget tells of more than was done; each works once the database is back."""
    await _talk(alice, 2)
    await _until_noted(live, alice, 4)
    async with led_astray(live.desk.database):
        await alice.say("/proof")
        assert "could not look" in (await alice.next_reply()).text
        await alice.say("/clear")
        assert "as far as I can see: 3 of 3" in (await alice.next_reply()).text
        await alice.say("/forget")
        assert "/forget again" in (await alice.next_reply()).text
    assert await live.desk.personal.ledger.held(alice.id) != {"messages": 0, "due": 0, "choices": 0}
    await alice.say("/forget")
    assert "nothing is held" in (await alice.next_reply()).text
    assert await live.desk.personal.ledger.held(alice.id) == {"messages": 0, "due": 0, "choices": 0}


async def test_who_blocks_while_the_database_is_away_is_forgotten_later(live: Live, alice: Person) -> None:
    """With the first round after it is back."""
    await alice.say("/word milk and eggs")
    await alice.next_reply()
    personal = live.desk.personal

    async def owed() -> bool:
        return bool(personal.owed)

    async with led_astray(live.desk.database):
        await alice.block_bot()
        await until(owed)
        await personal.erase_owed()
        assert personal.owed
    await personal.erase_owed()
    assert not personal.owed
    assert await personal.ledger.held(alice.id) == {"messages": 0, "due": 0, "choices": 0}


@pytest.mark.parametrize("how", ["tidy", "timer"])
async def test_what_was_cleared_lies_in_no_file(
    live: Live, alice: Person, api: BotApiServer, tmp_path: Path, how: str
) -> None:
    """Neither in the database nor in its log: clearing leaves no trace that there was anything to clear."""
    await _talk(alice, 3)
    await _until_noted(live, alice, 6)
    trace = make_seal([b"s" * 32]).chat(alice.id)
    assert trace in await asyncio.to_thread(_bytes_of, tmp_path)
    if how == "tidy":
        await alice.say("/clear")
        await alice.next_reply()
        await _until_noted(live, alice, 1)
        api.clock.advance(minutes=2)
    else:
        api.clock.advance(hours=13)
    await live.sweep()
    assert alice.chat.messages == []
    assert trace not in await asyncio.to_thread(_bytes_of, tmp_path)
    if how == "tidy":
        assert live.desk.memory.get(alice.id) == Context()


async def test_a_long_chat_is_cleared_by_the_hundred(live: Live, alice: Person, api: BotApiServer) -> None:
    """As many as Telegram takes in one call."""
    await write_at_length(live, alice, api)
    assert await live.desk.personal.clearer.tidy(live.application.bot, alice.id) == Cleared(230, 230, 0)
    assert alice.chat.messages == []
    assert len(api.calls_to("deleteMessages")) == 3


def _ahead(live: Live, api: BotApiServer, seconds: float) -> Clearer:
    """Return what clears by a clock that is so many seconds ahead of Telegram's."""
    return Clearer(live.desk.personal.ledger, lambda: api.clock.now() + seconds)


@pytest.mark.parametrize("how", ["tidy", "timer"])
async def test_a_clock_three_days_ahead_clears_early_and_forgets_nothing(
    live: Live, alice: Person, api: BotApiServer, how: str
) -> None:
    """By the hundred as ever: what seems too old is Telegram's to refuse."""
    await write_at_length(live, alice, api)
    wrong = _ahead(live, api, 3 * 86_400)
    if how == "tidy":
        assert await wrong.tidy(live.application.bot, alice.id) == Cleared(230, 230, 0)
    else:
        assert await wrong.sweep(live.application.bot) == 230
    assert alice.chat.messages == []
    assert len(api.calls_to("deleteMessages")) == 3


async def test_by_a_clock_ahead_nothing_is_struck_out_while_telegram_is_away(
    live: Live, alice: Person, api: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the clock is right, Tidy clears it as ever."""
    await _talk(alice, 2)
    await _until_noted(live, alice, 4)
    monkeypatch.setattr("bot.tg.deliver._TRIES", 1)
    api.faults.next("deleteMessages", status=502)
    assert await _ahead(live, api, 3 * 86_400).sweep(live.application.bot) == 0
    assert len(await live.desk.personal.ledger.of_chat(alice.id)) == 4
    assert await live.desk.personal.clearer.tidy(live.application.bot, alice.id) == Cleared(4, 4, 0)


async def test_what_is_too_old_does_not_spoil_the_others(
    live: Live, alice: Person, api: BotApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Tried by itself, refused, struck out, without a warning."""
    await _talk(alice, 1)
    await _until_noted(live, alice, 2)
    api.clock.advance(hours=49)
    await _talk(alice, 1)
    await _until_noted(live, alice, 4)
    with caplog.at_level(logging.WARNING, "bot"):
        assert await live.desk.personal.clearer.tidy(live.application.bot, alice.id) == Cleared(2, 2, 2)
    assert [len(call.params["message_ids"]) for call in api.calls_to("deleteMessages")] == [2, 2, 1, 1]
    assert await live.desk.personal.ledger.of_chat(alice.id) == []
    assert not [r for r in caplog.records if r.name.startswith("bot")]


async def test_without_a_timer_a_clock_some_minutes_ahead_clears_nothing(
    live: Live, alice: Person, api: BotApiServer
) -> None:
    """What is to stay is struck out only once Telegram surely refuses."""
    await _talk(alice, 1)
    await _until_noted(live, alice, 2)
    await live.desk.personal.ledger.choose(alice.id, hours=0)
    fast = _ahead(live, api, 5 * 60)
    api.clock.advance(hours=47, minutes=56)
    assert await fast.sweep(live.application.bot) == 0
    api.clock.advance(minutes=10)
    assert await fast.sweep(live.application.bot) == 2
    assert len(alice.chat.messages) == 2
