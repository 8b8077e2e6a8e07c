"""The program as a process: a conversation over a kill, a clean stop, and errors in one line."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.bot_api import BotApiServer, Button, Message
from tests.e2e.program import READY_SECONDS, TOKEN, Program, Start

FIRST_NAME = "Canaryfirstname"
USERNAME = "canary_username"
CANARY = "canarywordinthetext"
QUESTION = "is texting my ex micro-cheating?"
DANGER = f"he hit me last night {CANARY}"


async def begun(api: BotApiServer, count: int) -> None:
    """Wait until so many messages are on their way."""
    async with asyncio.timeout(10):
        while len(api.calls_to("sendMessage")) < count:  # noqa: ASYNC110 - the server tells of answered calls only
            await asyncio.sleep(0.02)


def kept_in(folder: Path) -> bytes:
    """Return all that the database's files hold."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("unspoken.sqlite3*")))


def data_of(message: Message, label: str) -> str:
    """Return what a button with a label would send."""
    button: Button | None = message.find_button(label)
    assert button is not None, message.labels
    assert button.callback_data is not None
    return button.callback_data


async def test_a_conversation_survives_a_kill(start: Start, api: BotApiServer, data_dir: Path) -> None:
    """After kill -9 old buttons and queued messages are answered; nothing of the reader is logged or kept."""
    alice, bob = api.person(FIRST_NAME, username=USERNAME), api.person("Bob")
    first = await start()
    await first.until("ready")

    await alice.start()
    hello = await alice.next_reply()
    assert "Topics" in hello.labels
    assert hello.disable_notification

    await alice.say(QUESTION)
    card = await alice.next_reply()
    assert "ex" in card.text
    await (await alice.press(card, "Not what I meant")).answered()
    assert len((await alice.next_reply()).labels) >= 3

    await alice.send_voice()
    assert "only read text" in (await alice.next_reply()).text

    await alice.say(DANGER)
    care = await alice.next_reply()
    assert "999" in care.text
    assert not re.search(r"\d|abuse", care.text.splitlines()[0])
    await (await alice.press(care, "More places that help")).answered()
    lines = await alice.next_reply()
    old_button = data_of(lines, "Back")
    await api.wait_until_taken()

    # A reply is on its way when the power fails, and more is written before it comes back.
    api.faults.delay("sendMessage", 60, times=1)
    sent = len(api.calls_to("sendMessage"))
    await alice.say(f"{QUESTION} {CANARY}")
    await begun(api, sent + 1)
    first.process.send_signal(signal.SIGKILL)
    assert await first.ended() == -signal.SIGKILL
    assert len(api.unconfirmed) == 1
    await bob.say("is it okay to like his photos?")
    await alice.press_data(lines, old_button)
    alice.chat.skip_replies()

    second = await start()
    await second.until("ready")
    again, back = await alice.next_reply(10), await alice.next_reply(10)
    assert again.text == card.text
    assert back.text == care.text
    assert (await bob.next_reply(10)).text
    await (await alice.press(care, "More places that help")).answered()
    await api.wait_until_taken(10)

    second.process.send_signal(signal.SIGTERM)
    assert await second.ended() == 0
    assert "stopped" in second.written
    assert api.unconfirmed == []

    for program in (first, second):
        for secret in (TOKEN, TOKEN.split(":")[1], FIRST_NAME, USERNAME, CANARY, str(alice.id), str(bob.id), QUESTION):
            assert secret not in program.written
        assert "Traceback" not in program.written
        assert "ERROR" not in program.written
    kept = kept_in(data_dir)
    assert b"texting_ex" in kept
    for secret in (CANARY, FIRST_NAME, USERNAME, str(alice.id), TOKEN):
        assert secret.encode() not in kept
    assert (data_dir / "secret").stat().st_mode & 0o077 == 0


async def test_commands_are_set_by_scope(start: Start, api: BotApiServer) -> None:
    """Private chats are shown two bland commands, group members three, admins one more; nobody else any."""
    program = await start()
    await program.until("ready")
    await api.wait_for_call("setMyCommands", count=9, timeout=10)
    private = [command["command"] for command in api.commands["all_private_chats", ""]]
    assert private == ["start", "help"]
    for code in ("", "hi", "ur"):
        assert [command["command"] for command in api.commands["all_group_chats", code]] == ["ask", "help", "privacy"]
        assert api.commands["all_chat_administrators", code][-1]["command"] == "settings"


async def test_a_start_renews_the_menus_of_groups(start: Start, api: BotApiServer) -> None:
    """What an admin has switched off is in no menu of the group, also after an upgrade that brought other words."""

    def of_groups() -> dict[tuple[str, str], list[dict[str, str]]]:
        return {key: commands for key, commands in api.commands.items() if key[0].startswith("chat")}

    program = await start()
    await program.until("ready")
    admin = api.person(FIRST_NAME)
    group = api.group(owner=admin)
    await admin.say("/settings", chat=group)
    link = str((await group.next_reply()).buttons[0].wire["url"])
    await admin.start(link.split("start=")[1])
    await admin.press(await admin.next_reply(), "/ask: on")
    await admin.next_edit()
    scope = f"chat:{group.id}"
    shown = [command["command"] for command in api.commands[scope, ""]]
    assert shown == ["help", "privacy"]
    await program.kill()
    before = of_groups()
    for code in ("", "hi", "ur"):
        api.commands[scope, code] = [{"command": "ask", "description": "an earlier word"}]
    program = await start()
    await program.until("ready")
    async with asyncio.timeout(10):
        while of_groups() != before:  # noqa: ASYNC110 - the server tells of answered calls only
            await asyncio.sleep(0.05)


async def test_a_sigterm_waits_for_the_reply_at_hand(start: Start, api: BotApiServer) -> None:
    """Asked to stop while it answers, it finishes the answer, and ends within ten seconds."""
    program = await start()
    await program.until("ready")
    alice = api.person()
    api.faults.delay("sendMessage", 1, times=1)
    await alice.say(QUESTION)
    await begun(api, 1)
    program.process.terminate()
    assert (await alice.next_reply()).text
    assert await program.ended() == 0
    assert api.unconfirmed == []


async def test_a_group_gets_one_neutral_line(start: Start, api: BotApiServer) -> None:
    """In a group the bot speaks when commanded, in one line."""
    program = await start()
    await program.until("ready")
    alice = api.person(FIRST_NAME)
    group = api.group(members=[alice])
    await alice.say(f"chatter {CANARY}", chat=group)
    await alice.say("/help", chat=group)
    reply = await group.next_reply()
    assert len(reply.text.splitlines()) == 1
    await api.wait_until_taken()
    assert len(group.from_bot) == 1


async def test_a_database_that_cannot_be_used_stops_nobody(start: Start, api: BotApiServer, tmp_path: Path) -> None:
    """The bot starts, answers and ends without its database, and says so once."""
    (tmp_path / "file").touch()
    program = await start(DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/file/x.sqlite3")
    await program.until("ready")
    alice = api.person()
    await alice.say(DANGER)
    assert "999" in (await alice.next_reply()).text
    program.process.terminate()
    assert await program.ended() == 0
    assert program.written.count("database unusable") == 1
    assert "Traceback" not in program.written


async def one_line(program: Program) -> str:
    """Return the one line that a program wrote before it ended with status 2."""
    assert await program.ended(READY_SECONDS) == 2, program.written
    lines = program.written.splitlines()
    assert len(lines) == 1, program.written
    assert TOKEN not in program.written
    assert lines[0].startswith("unspoken: ")
    return lines[0]


async def test_a_start_without_telegram_waits_for_it(start: Start, api: BotApiServer) -> None:
    """What was written meanwhile is answered when the network is there; the log says both, once."""
    await api.stop()
    alice = api.person()
    program = await start(module="tests.e2e.lexical", LOG_LEVEL="INFO")
    await program.until("Telegram cannot be reached")
    await alice.say(DANGER)
    await asyncio.sleep(1.5)
    await api.start()
    await program.until("ready")
    assert "999" in (await alice.next_reply()).text
    program.process.terminate()
    assert await program.ended() == 0
    assert [program.written.count(line) for line in ("cannot be reached", "Telegram answers now")] == [1, 1]


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_sigterm_ends_the_wait_for_telegram(start: Start, api: BotApiServer, hangs: bool) -> None:
    """At once, between two tries and in the middle of one, with nothing left open."""
    if hangs:
        api.faults.delay("getMe", 30)
    else:
        await api.stop()
    program = await start(LOG_LEVEL="INFO")
    if hangs:
        async with asyncio.timeout(READY_SECONDS):
            while not api.calls_to("getMe"):  # noqa: ASYNC110 - the call log tells of answered calls only
                await asyncio.sleep(0.02)
    else:
        await program.until("Telegram cannot be reached")
    program.process.terminate()
    assert await program.ended(3) == 0
    assert "stopped" in program.written
    assert "Unclosed" not in program.written
    assert "Traceback" not in program.written


@pytest.mark.parametrize("token", ["7000000001:AAwrongtokenwrongtokenwrongtokenwr", "nonsense", "1:2/../x?y"])
async def test_a_wrong_token_is_one_line(start: Start, token: str) -> None:
    """The line says what to set, and does not repeat the token."""
    line = await one_line(await start(TOKEN=token, LOG_LEVEL="ERROR"))
    assert "UNSPOKEN_TOKEN" in line
    assert token not in line


async def test_a_token_taken_back_ends_the_program(start: Start, api: BotApiServer) -> None:
    """When Telegram no longer knows the token, the program ends with status 2 rather than stay up and deaf."""
    program = await start(LOG_LEVEL="ERROR")
    await api.wait_for_polls(timeout=READY_SECONDS)
    api.faults.next("getUpdates", status=401, times=None)
    await api.person().say("hello")
    assert "UNSPOKEN_TOKEN" in await one_line(program)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET", "short"), ("COUNTRY", "XX"), ("DATABASE_URL", "mysql://user:pw@host/x"), ("API_BASE_URL", "nonsense")],
)
async def test_a_wrong_setting_is_one_line(start: Start, name: str, value: str) -> None:
    """Each wrong setting is named before anything is started."""
    line = await one_line(await start(**{name: value}))
    assert line.startswith(f"unspoken: UNSPOKEN_{name}: ")


async def test_a_newer_schema_is_one_line(start: Start, data_dir: Path) -> None:
    """A database of a newer version is not touched, and the program ends rather than hang."""
    with closing(sqlite3.connect(data_dir / "unspoken.sqlite3")) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    assert "newer version" in await one_line(await start(LOG_LEVEL="ERROR"))


async def test_a_secret_file_that_is_empty_is_one_line(start: Start, data_dir: Path) -> None:
    """A start that was cut off leaves nothing that could sign buttons with an empty key."""
    (data_dir / "secret").touch()
    assert "delete the file" in await one_line(await start(LOG_LEVEL="ERROR"))
