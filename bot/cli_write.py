"""The commands for people who write: preview."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.content.catalogue import require_catalogue
from bot.content.paths import content_root
from bot.errors import UnspokenError

app = typer.Typer()


@app.command()
def preview(
    name: Annotated[str | None, typer.Argument(help="an intent, safety category, page or tool; all without it")] = None,
    html: Annotated[Path | None, typer.Option(help="write one HTML page in Telegram's look to this file")] = None,
) -> None:
    """Show cards as Telegram would, for every direction, hour and language."""
    from bot.quality.preview import chosen, print_cards, write_page

    cards = chosen(require_catalogue(content_root()), name)
    count = write_page(cards, html) if html is not None else print_cards(cards, Console(width=78, highlight=False))
    if not count:
        raise UnspokenError(f"preview: there is no card `{name}`; `unspoken preview --html FILE` shows all")
    if html is not None:
        sys.stdout.write(f"{count} cards in {html}\n")
