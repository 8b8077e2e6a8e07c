"""The real application over a recording transport: what a reader gets back, and what the log may say."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from telegram import Update
from telegram.ext import TypeHandler

from bot.app import build_application, make_desk
from bot.content.catalogue import Catalogue
from bot.content.reply import Target
from bot.core.engine import Engine
from bot.core.lexicon import Lexicon
from bot.core.values import Context, Decision, Direction
from bot.log import setup_logging
from bot.settings import Settings
from bot.storage.database import Database
from bot.tg import desk as desk_module
from bot.tg.desk import Desk
from bot.tg.payload import Signer
from tests.bot_api import media
from tests.tg.recording import CANARIES, CANARY, GROUP_ID, PERSON_ID, TOKEN, Call, RecordingRequest, Talk

QUESTION = "is texting my ex micro-cheating?"
DANGER = "he hit me last night"


class BrokenEngine:
    """An engine that fails as badly as one can: its error quotes the reader."""

    semantic = None
    lexicon = Lexicon()

    def decide(self, text: str, context: Context) -> Decision:
        """Fail."""
        raise RuntimeError(f"cannot read {text!r} of {PERSON_ID} with {TOKEN}")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with a token, a secret and a folder of their own."""
    return Settings(token=SecretStr(TOKEN), secret=SecretStr("s" * 32), data_dir=tmp_path)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Return an open database."""
    database = Database(settings.resolved_database_url)
    assert await database.open()
    yield database
    await database.close()


@pytest.fixture
def desk(settings: Settings, engine: Engine, catalogue: Catalogue, database: Database) -> Desk:
    """Return the desk on the real engine and content."""
    return make_desk(settings, engine, catalogue, database)


@pytest.fixture
async def talk(settings: Settings, desk: Desk) -> AsyncIterator[Talk]:
    """Return a conversation with the real application."""
    request = RecordingRequest()
    async with build_application(settings, desk, request) as application:
        yield Talk(application, request)


@pytest.fixture
async def broken(settings: Settings, catalogue: Catalogue, database: Database) -> AsyncIterator[Talk]:
    """Return a conversation with an application whose engine always fails."""
    desk = make_desk(settings, cast(Engine, BrokenEngine()), catalogue, database)
    request = RecordingRequest()
    async with build_application(settings, desk, request) as application:
        yield Talk(application, request)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Set the log up as the program does, at DEBUG; return what was written, raw and as shown."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    names = [name for name in logging.root.manager.loggerDict if "." not in name]
    levels = {name: logging.getLogger(name).level for name in names}
    setup_logging("DEBUG")
    shown = root.handlers[0]
    root.addHandler(caplog.handler)

    def read() -> str:
        lines = [shown.format(record) for record in caplog.records]
        return "\n".join([*lines, *(f"{r.getMessage()} {r.args} {r.exc_text}" for r in caplog.records)])

    yield read
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in logging.root.manager.loggerDict:
        if "." not in name:
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))


def discreet(call: Call) -> bool:
    """Say whether a message was sent as all must be: HTML, no preview, silent, to the one reader."""
    params = call.params
    return (
        params["parse_mode"] == "HTML"
        and params["link_preview_options"] == {"is_disabled": True}
        and params["disable_notification"] is True
    )


@pytest.mark.parametrize(
    ("command", "node"),
    [("/start", "start"), ("/help", "help"), ("/privacy", "privacy"), ("/start from-a-link", "start")],
)
async def test_a_command_opens_its_page(talk: Talk, desk: Desk, command: str, node: str) -> None:
    """Each command shows its page, with ways on."""
    reply = await talk.say(command)
    assert reply.params["text"] == desk.renderer.page(node).html
    assert reply.params["chat_id"] == PERSON_ID
    assert reply.buttons
    assert discreet(reply)


async def test_topics_can_be_browsed_by_buttons_alone(talk: Talk, desk: Desk, catalogue: Catalogue) -> None:
    """/topics, a group (shown in place), an intent: answered without a typed word, each press acknowledged."""
    topics = await talk.say("/topics")
    group, (intent, *_) = catalogue.taxonomy.groups[0]
    await talk.press(topics.data(desk.renderer.catalogue.library.texts["groups"][group]))
    edit, answer = talk.request.calls[-2:]
    assert (edit.method, answer.method) == ("editMessageText", "answerCallbackQuery")
    await talk.press(edit.data(catalogue.label(intent)))
    assert talk.request.last.params["text"] == desk.renderer.press(Target(intent)).html
    assert [call.method for call in talk.request.calls].count("answerCallbackQuery") == 2
    assert all(discreet(call) for call in talk.request.sent)


async def test_a_question_is_answered(talk: Talk, desk: Desk, engine: Engine) -> None:
    """Free text gets the card of the intent that was understood."""
    assert engine.decide(QUESTION).intent == "texting_ex"
    reply = await talk.say(QUESTION)
    assert reply.params["text"] == desk.renderer.decide(engine.decide(QUESTION), Context()).html
    assert discreet(reply)


async def test_danger_gets_a_care_card(talk: Talk) -> None:
    """A number comes with the first reply, and a button copies it."""
    reply = await talk.say(DANGER)
    assert "999" in reply.params["text"]
    assert any("copy_text" in button for button in reply.buttons)
    assert discreet(reply)


@pytest.mark.parametrize(
    "command", ["/help me he hit me", "/start he hit me last night", "/topics he hit me", "/sos he hit me"]
)
async def test_a_command_with_words_is_a_message(talk: Talk, command: str) -> None:
    """Nothing typed after a slash hides danger."""
    assert "999" in (await talk.say(command)).params["text"]


async def test_what_is_not_known_is_said(talk: Talk, catalogue: Catalogue) -> None:
    """Below the floor the bot says so and offers topics and people."""
    reply = await talk.say("what is the capital of france")
    assert reply.params["text"].startswith(str(catalogue.library.texts["unsure"]))
    assert {button["text"] for button in reply.buttons} >= {"Topics", "Talk to a person"}


async def test_a_near_tie_is_asked_back(
    settings: Settings, catalogue: Catalogue, database: Database, engine: Engine
) -> None:
    """On Clarify each choice is a button, and pressing one answers."""

    class Torn:
        semantic = None
        lexicon = Lexicon()

        def decide(self, text: str, context: Context) -> Decision:
            decision = engine.decide(text, context)
            choices = ("texting_ex", "flirting", "dating_apps")
            return Decision(type(decision.action).CLARIFY, None, 0.5, decision.alternatives, choices=choices)

    request = RecordingRequest()
    desk = make_desk(settings, cast(Engine, Torn()), catalogue, database)
    async with build_application(settings, desk, request) as application:
        talk = Talk(application, request)
        reply = await talk.say(QUESTION)
        assert reply.params["text"] == catalogue.library.texts["clarify"]
        await talk.press(reply.data(catalogue.label("flirting")))
        assert request.last.params["text"] == desk.renderer.press(Target("flirting")).html


async def test_a_forged_button_opens_the_nearest_safe_card(talk: Talk, desk: Desk) -> None:
    """A care button that does not verify opens help lines, any other the topics; both are acknowledged."""
    stranger = Signer((b"x" * 32,))
    for node, guess in (("care:domestic_abuse", "lines:any"), ("texting_ex", "topics")):
        await talk.press(stranger.pack(Target(node), 1))
        assert talk.request.last.params["text"] == desk.renderer.press(Target(guess)).html
        assert talk.request.calls[-1].method == "answerCallbackQuery"


async def test_a_country_once_tapped_is_kept(talk: Talk, desk: Desk) -> None:
    """Help lines follow the country chosen by a tap."""
    await talk.press(desk.signer.pack(Target("lines:any", country="PK"), 1))
    assert "Pakistan" in talk.request.last.params["text"]
    assert "Pakistan" in (await talk.say(DANGER)).params["text"]
    await talk.say("/start")
    assert "Pakistan" not in (await talk.say(DANGER)).params["text"], "/start begins a blank session"


@pytest.mark.parametrize(
    "content",
    [
        media.photo() | {"caption": "look at this"},
        media.voice(),
        media.sticker(),
        media.document(),
        media.video_note(),
        media.location(),
        media.contact(),
    ],
    ids=lambda content: next(iter(content)),
)
async def test_what_is_not_text_gets_a_kind_request(talk: Talk, catalogue: Catalogue, content: dict[str, Any]) -> None:
    """Whatever is not text is answered with the request to type it."""
    reply = await talk.message(**content)
    assert reply.params["text"] == catalogue.library.texts["please_type"]
    assert discreet(reply)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4096,
        "😀" * 2000,
        "🙂",
        "\u200b\u200c\u200d\ufeff",
        "\u202e\u2066abc\u2069\u202c",
        "<b>bold</b> <script>alert(1)</script> </blockquote> & &amp;",
        "{{ 7 * 7 }} {% raw %} {emergency} {0} %s",
        "'; DROP TABLE counters; --",
        "\x00\x01\x7f",
        "e\u0301\u0300" * 800,
        ("who? " * 800).strip(),
        "/",
        "//start",
        "@unspoken_test_bot",
        "🇬🇧",
        "हिन्दी اردو ਪੰਜਾਬੀ",
        "\ud800",
    ],
    ids=ascii,
)
async def test_bad_input_gets_a_calm_reply(talk: Talk, catalogue: Catalogue, text: str) -> None:
    """No text makes it fail, and nothing of the text comes back."""
    reply = await talk.say(text)
    assert reply.params["text"] != catalogue.library.texts["error"]
    assert 0 < len(reply.params["text"]) <= 4096
    for part in ("<script>", "49 ", "DROP TABLE", "aaaa", "{"):
        assert part not in reply.params["text"]
    assert discreet(reply)


async def test_empty_text_gets_a_calm_reply(talk: Talk, catalogue: Catalogue) -> None:
    """Telegram never sends it; if it does, it is nothing to fail over."""
    reply = await talk.say("")
    assert reply.params["text"] == catalogue.library.texts["please_type"]


async def test_a_failing_handler_is_said_kindly(broken: Talk, catalogue: Catalogue, logged: Callable[[], str]) -> None:
    """The reader gets a kind text with a number; the log gets type and place, and nothing of the reader."""
    reply = await broken.say(f"{CANARY} he hit me")
    assert reply.params["text"].startswith(str(catalogue.library.texts["error"])[:40])
    assert "999" in reply.params["text"]
    assert discreet(reply)
    text = logged()
    assert "RuntimeError at " in text
    assert text.count("a handler failed") >= 1
    for canary in CANARIES:
        assert canary not in text


async def test_the_log_of_a_conversation_names_nobody(talk: Talk, desk: Desk, logged: Callable[[], str]) -> None:
    """At DEBUG, through answers, buttons, refusals and broken updates, no text, name, id or token is logged."""
    talk.request.refusals.append((500, {"description": f"Internal {CANARY}"}))
    desk_module.log.debug("the log is on")
    for text in (f"{CANARY} {QUESTION}", f"{DANGER} {CANARY}", "/start", f"/help {CANARY}"):
        await talk.say(text)
    await talk.press(f"care {CANARY}")
    talk.request.refusals.append((403, {"description": f"Forbidden: {CANARY} blocked"}))
    await talk.update(
        message={"message_id": 1, "date": 1, "chat": {"id": PERSON_ID, "type": "private"}, "text": CANARY}
    )
    talk.request.refusals.append((400, {"description": f"Bad Request: can't parse {CANARY}"}))
    await talk.update(
        message={"message_id": 1, "date": 1, "chat": {"id": PERSON_ID, "type": "private"}, "text": CANARY}
    )
    text = logged()
    assert "the log is on" in text
    assert "trying again" in text
    assert "not wanted" in text
    assert "refused by Telegram" in text
    for canary in CANARIES:
        assert canary not in text


@pytest.mark.parametrize("command", ["/start", "/help", "/start@unspoken_test_bot", "/help he hit me"])
async def test_a_group_gets_one_neutral_line(talk: Talk, desk: Desk, command: str) -> None:
    """In a group a command is answered with one line that says nothing of anyone and leads to the private chat."""
    before = len(talk.request.calls)
    reply = await talk.say(command, group=True)
    assert len(talk.request.calls) == before + 1
    assert "\n" not in reply.params["text"]
    assert "999" not in reply.params["text"]
    assert [button.get("url") for button in reply.buttons] == [desk.in_groups.link(talk.application.bot, GROUP_ID)]
    assert discreet(reply)


@pytest.mark.parametrize("text", [DANGER, "/clear", "/topics", "/start@another_bot"])
async def test_a_group_gets_nothing_else(talk: Talk, text: str) -> None:
    """What people say to each other in a group is none of the bot's business."""
    with pytest.raises(AssertionError, match="no reply"):
        await talk.say(text, group=True)
    assert talk.request.calls == []


async def test_a_failure_in_a_group_stays_quiet(talk: Talk, logged: Callable[[], str]) -> None:
    """What goes wrong is told to a reader in private, never to a group."""

    async def fail(*_: object) -> None:
        raise RuntimeError(CANARY)

    talk.application.handlers[0].insert(0, TypeHandler(Update, fail))
    with pytest.raises(AssertionError, match="no reply"):
        await talk.say("/help", group=True)
    assert "a handler failed: RuntimeError" in logged()


async def test_a_broken_database_is_said_once_and_answers_go_on(
    settings: Settings, engine: Engine, catalogue: Catalogue, tmp_path: Path, logged: Callable[[], str]
) -> None:
    """Without a database the bot answers all the same, care included, and the log says so one time."""
    (tmp_path / "file").write_text("not a folder")
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/file/x.sqlite3")
    assert not await database.open()
    request = RecordingRequest()
    async with build_application(settings, make_desk(settings, engine, catalogue, database), request) as application:
        talk = Talk(application, request)
        assert "999" in (await talk.say(f"{DANGER} {CANARY}")).params["text"]
        assert not await database.flush()
        assert "999" in (await talk.say(DANGER)).params["text"]
        assert not await database.flush()
    await database.close()
    text = logged()
    shown = [line for line in text.splitlines() if line.startswith("20")]
    assert sum("database unusable" in line for line in shown) == 1
    for canary in (*CANARIES, str(tmp_path)):
        assert canary not in text


async def test_a_database_that_breaks_meanwhile_does_not_matter(talk: Talk, desk: Desk, tmp_path: Path) -> None:
    """Counting happens in memory: no reply waits for the disk or fails with it."""
    with closing(sqlite3.connect(tmp_path / "unspoken.sqlite3")) as file:
        file.execute("DROP TABLE counters")
    for _ in range(2):
        assert "999" in (await talk.say(DANGER)).params["text"]
        assert not await desk.database.flush()


async def test_a_reply_to_an_old_card_is_read_with_that_card(talk: Talk, desk: Desk) -> None:
    """By that card's own buttons, whatever was shown since."""
    node = desk.signer.pack(Target("topics:texting_ex", Direction.PARTNER), 29_000_000)
    markup = {
        "inline_keyboard": [[{"text": "Topics", "callback_data": "forged"}, {"text": "Topics", "callback_data": node}]]
    }
    card = {
        "message_id": 5,
        "date": 1,
        "chat": {"id": PERSON_ID, "type": "private"},
        "text": "a card",
        "reply_markup": markup,
    }
    await talk.say("thank you")
    await talk.message(text="what about me?", reply_to_message=card)
    kept = desk.memory.get(PERSON_ID)
    assert (kept.node, kept.direction) == ("texting_ex", Direction.SELF)
