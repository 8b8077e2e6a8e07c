"""`unspoken preview`: cards as Telegram would show them, in the terminal or as one HTML page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from jinja2 import Environment
from rich.console import Console

from bot.chat import print_reply
from bot.content.catalogue import Catalogue
from bot.content.reply import Reply
from bot.quality.cards import Shown, all_cards

_PAGE = Path(__file__).with_name("preview.html.j2")


def chosen(catalogue: Catalogue, name: str | None) -> Iterator[Shown]:
    """Yield the cards of one intent, category or page, or all; of those that look alike only the first."""
    seen: set[tuple[str, str]] = set()
    for card in all_cards(catalogue):
        if name is not None and card.name != name:
            continue
        looks = (card.name, card.reply if isinstance(card.reply, str) else card.reply.html)
        if looks not in seen:
            seen.add(looks)
            yield card


def title(card: Shown) -> str:
    """Return what stands above a card: name, direction, language, hour."""
    direction = "" if card.direction.value == "none" else f" · {card.direction.value}"
    return f"{card.name}{direction} · {card.lang} · {card.hour}"


def print_cards(cards: Iterable[Shown], console: Console) -> int:
    """Print cards as the terminal chat does; return how many."""
    count = 0
    for count, card in enumerate(cards, start=1):  # noqa: B007, RUF100 - the count is what is returned
        console.rule(title(card), align="left", style="dim")
        print_reply(console, card.reply if isinstance(card.reply, Reply) else Reply(escape(card.reply)))
    return count


def write_page(cards: Iterable[Shown], out: Path) -> int:
    """Write cards as one HTML page in Telegram's look; return how many."""
    shown = [
        {
            "title": title(card),
            "html": _folded(card.reply.html),
            "rows": [[{"label": b.label, "kind": _kind(b.url, b.copy)} for b in row] for row in card.reply.rows],
        }
        for card in cards
        if isinstance(card.reply, Reply)
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_PAGE.read_text("utf-8"))
    out.write_text(page.render(cards=shown), encoding="utf-8")
    return len(shown)


def _folded(html: str) -> str:
    """Return Telegram's markup as a browser's: what can be unfolded stands open."""
    return re.sub(r"<blockquote[^>]*>", "<blockquote>", html)


def _kind(url: str | None, copy: str | None) -> str:
    return "url" if url is not None else "copy" if copy is not None else "plain"
