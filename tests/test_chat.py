"""The chat over a pipe: a message a line, and the same replies as in Telegram."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from bot import cli
from bot.chat import Conversation, plain_text, run_plain
from bot.content.render import Renderer
from bot.content.reply import Button, Reply, Target
from bot.core.engine import Engine
from bot.core.values import Context

QUESTION = "is texting my ex micro-cheating?"
Converse = Callable[..., list[str]]


@pytest.fixture
def conversation(engine: Engine, renderer: Renderer) -> Conversation:
    """Return a fresh conversation."""
    return Conversation(engine, renderer)


@pytest.fixture
def converse(conversation: Conversation) -> Converse:
    """Return what types lines and gives back the replies, cut at the empty lines."""

    def run(*lines: str) -> list[str]:
        out = io.StringIO()
        run_plain(conversation, iter(lines), out)
        text = out.getvalue()
        assert text == "" or (text.endswith("\n\n") and not text.endswith("\n\n\n"))
        return text.split("\n\n")[:-1]

    return run


def number_of(reply: str, label: str) -> str:
    """Return the number that stands before a button's label."""
    return reply.split(f"] {label}")[0].rpartition("[")[2]


@pytest.mark.parametrize(
    "line",
    [
        QUESTION,
        "he hit me last night",
        "what is the capital of france",
        "is it bad",
        "/start",
        "/help",
        "/topics",
        "/privacy",
        "/nonsense",
        "1",
        "99999999999999999999",
        "²",
        "🙂",
        "\u200b\u202e",
        "a" * 4096,
        "<b>x</b> {{ y }} {emergency}",
        "a\x0bb\u2028c",
    ],
    ids=ascii,
)
def test_each_reply_is_followed_by_one_empty_line(converse: Converse, line: str) -> None:
    """A reader of the pipe can tell where a reply ends: no empty line inside, exactly one after."""
    replies = converse(line, QUESTION)
    assert len(replies) == 2
    for reply in replies:
        assert reply
        assert all(part.strip() for part in reply.split("\n"))
        assert "<b>" not in reply


def test_the_reply_is_the_card_as_in_telegram(converse: Converse, conversation: Conversation) -> None:
    """The same decision and the same card, without markup."""
    [reply] = converse(QUESTION)
    card = conversation.renderer.decide(conversation.engine.decide(QUESTION), Context())
    assert reply == plain_text(card)


def test_empty_lines_are_no_messages(converse: Converse) -> None:
    """Nothing is answered where nothing was said, and spaces around a message do not count."""
    assert converse("", "   ", "\t") == []
    assert converse(f"  {QUESTION}  \r") == converse(QUESTION)


def test_the_end_of_input_ends_it(converse: Converse) -> None:
    """Without a line there is no reply and no error."""
    assert converse() == []


def test_a_number_presses_a_button(converse: Converse, conversation: Conversation) -> None:
    """Numbers are those of the last reply, and the new reply's are counted from one again."""
    [first] = converse(QUESTION)
    [topics] = converse(number_of(first, "Topics"))
    assert topics == plain_text(conversation.renderer.topics())
    assert "[1] " in topics
    group = conversation.buttons[0]
    assert group.target is not None
    [shown] = converse("1")
    assert shown == plain_text(conversation.renderer.press(group.target))


def test_a_number_without_a_button_is_a_message(converse: Converse, conversation: Conversation) -> None:
    """Zero, too large a number and other scripts' digits are read as text."""
    converse(QUESTION)
    count = len(conversation.buttons)
    for line in ("0", str(count + 1), "२", "-1", "1.5"):
        [reply] = converse(QUESTION, line)[1:]
        assert reply


def test_link_and_copy_buttons_show_what_they_hold(conversation: Conversation) -> None:
    """What Telegram would open or copy is written out."""
    conversation.buttons = (Button("Site", url="https://a.example/?x=1&y=2"), Button("Copy 999", copy="999"))
    assert plain_text(conversation.answer("2")) == "999"
    conversation.buttons = (Button("Site", url="https://a.example/?x=1&y=2"),)
    assert plain_text(conversation.answer("1")) == "https://a.example/?x=1&y=2"


@pytest.mark.parametrize("command", ["start", "help", "privacy"])
def test_a_command_opens_its_page(converse: Converse, conversation: Conversation, command: str) -> None:
    """Commands are those of Telegram."""
    assert converse(f"/{command}") == [plain_text(conversation.renderer.page(command))]


def test_start_begins_a_blank_session(converse: Converse, conversation: Conversation) -> None:
    """After /start nothing of before is known."""
    conversation.answer("i am 14 and my boyfriend hits me")
    conversation._press(Button("x", Target("topics", country="PK")))
    assert conversation.context != Context()
    converse("/start")
    assert conversation.context == Context()


def test_buttons_are_numbered_across_rows() -> None:
    """Numbers run on from row to row, links are shown, and empty lines of a card are left out."""
    reply = Reply(
        "<b>One</b>\n\n\nTwo &amp; three",
        ((Button("A", Target("a")), Button("B", url="https://b.example")), (Button("C", copy="1"),)),
    )
    assert plain_text(reply) == "One\nTwo & three\n[1] A  [2] B https://b.example\n[3] C"


def test_the_command_reads_any_bytes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """`unspoken chat` over a pipe answers each line, even one that is not UTF-8, and ends well."""
    monkeypatch.setattr(cli, "make_engine", lambda *_, **__: engine)
    for command in ("chat", "run"):
        result = CliRunner().invoke(cli.app, [command], input=b"/start\n\n\xff\xfe\nhe hit me\n1")
        assert result.exit_code == 0
        assert result.stdout.count("\n\n") == 4
        assert "999" in result.stdout
