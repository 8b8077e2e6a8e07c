"""`unspoken picture`: a conversation as the terminal shows it, as an SVG picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.chat import Conversation, print_reply

_WIDTH = 78


def draw_conversation(conversation: Conversation, lines: Sequence[str], out: Path) -> None:
    """Write the conversation that `lines` start to `out` as SVG."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), highlight=False)
    for line in lines:
        console.print(Text(f"you> {line}", style="bold green"))
        print_reply(console, conversation.answer(line))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(console.export_svg(title="Unspoken"), encoding="utf-8")
