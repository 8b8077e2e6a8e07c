"""The terminal chat: the same decide and render as in Telegram, buttons as numbers."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.text import Text

from bot.content.context import context_after, context_of_press
from bot.content.render import Renderer
from bot.content.reply import Button, Reply
from bot.core.engine import Engine
from bot.core.values import Context

_TAG = re.compile(r"<[^>]+>")
_QUOTE = re.compile(r"<blockquote[^>]*>(.*?)</blockquote>", re.S)
_COMMANDS = {"/start": "page:start", "/help": "page:help", "/privacy": "page:privacy", "/topics": "topics"}
_WIDTH = 78


@dataclass(slots=True)
class Conversation:
    """One chat in a terminal: what the last card was and which buttons it showed."""

    engine: Engine
    renderer: Renderer
    context: Context = field(default_factory=Context)
    buttons: tuple[Button, ...] = ()

    def answer(self, line: str) -> Reply:
        """Return the reply to a typed line: a number presses a button, a slash is a command, the rest is a message."""
        if line.isascii() and line.isdigit() and 0 < int(line) <= len(self.buttons):
            return self._press(self.buttons[int(line) - 1])
        if line in _COMMANDS:
            node = _COMMANDS[line]
            if line == "/start":
                self.context = Context()
            return self._show(
                self.renderer.topics() if node == "topics" else self.renderer.page(node.removeprefix("page:"))
            )
        decision = self.engine.decide(line, self.context)
        self.context = context_after(decision, self.context)
        reply = self.renderer.decide(decision, self.context)
        return self._show(reply)

    def _press(self, button: Button) -> Reply:
        if button.target is not None:
            self.context = context_of_press(button.target, self.context)
            return self._show(self.renderer.press(button.target))
        return Reply(html.escape(button.url or button.copy or ""))

    def _show(self, reply: Reply) -> Reply:
        self.buttons = tuple(b for row in reply.rows for b in row)
        return reply


def run_plain(conversation: Conversation, lines: Iterator[str], out: TextIO) -> None:
    """Speak plain lines: a message a line, each reply followed by an empty line."""
    for line in lines:
        if not line.strip():
            continue
        reply = conversation.answer(line.strip())
        out.write(plain_text(reply) + "\n\n")
        out.flush()


def plain_text(reply: Reply) -> str:
    """Return a reply as text without blank lines inside, buttons numbered."""
    text = html.unescape(_TAG.sub("", reply.html))
    lines = [line for line in text.splitlines() if line.strip()]
    number = 0
    for row in reply.rows:
        parts = []
        for button in row:
            number += 1
            parts.append(f"[{number}] {button.label}" + (f" {button.url}" if button.url else ""))
        lines.append("  ".join(parts))
    return "\n".join(lines)


def run_terminal(conversation: Conversation) -> None:
    """Hold the conversation in a terminal until end of input; nothing is kept, not even a history."""
    from prompt_toolkit import PromptSession  # a terminal needs it; piped lines and the bot do not
    from prompt_toolkit.history import DummyHistory

    console = Console(width=min(_WIDTH, Console().width), highlight=False)
    session: PromptSession[str] = PromptSession(history=DummyHistory())
    print_reply(console, conversation.answer("/start"))
    while True:
        try:
            line = session.prompt("you> ").strip()
        except (EOFError, KeyboardInterrupt):
            console.print("[dim]Nothing of this chat was kept.[/dim]")
            return
        if line in {"/quit", "/exit"}:
            console.print("[dim]Nothing of this chat was kept.[/dim]")
            return
        if line:
            print_reply(console, conversation.answer(line))


def print_reply(console: Console, reply: Reply) -> None:
    """Print a reply with its buttons numbered."""
    console.print()
    console.print(styled(reply.html))
    number = 0
    for row in reply.rows:
        line = Text()
        for button in row:
            number += 1
            line.append(f" {number} ", style="reverse")
            line.append(f" {button.label}   ", style="cyan")
            if button.url:
                line.append(button.url, style="dim")
        console.print(line)
    console.print()


def styled(markup: str) -> Text:
    """Return Telegram's HTML as rich text: bold, italic, and the folded quote indented and dimmed."""
    markup = _QUOTE.sub(lambda m: "\n".join("  │ " + part for part in m.group(1).splitlines()), markup)
    text = Text()
    styles: list[str] = []
    for piece in re.split(r"(<[^>]+>)", markup):
        if piece in {"<b>", "<i>"}:
            styles.append("bold" if piece == "<b>" else "italic")
        elif piece in {"</b>", "</i>"}:
            if styles:
                styles.pop()
        elif not piece.startswith("<"):
            text.append(html.unescape(piece), style=" ".join(styles))
    return text


def read_lines() -> Iterator[str]:
    """Yield the lines of standard input, whatever bytes they hold."""
    for raw in sys.stdin.buffer:
        yield raw.decode("utf-8", errors="replace").rstrip("\n")
