"""Starting the parts that commands share: engine, conversation, progress bars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.chat import Conversation
from bot.content.catalogue import require_catalogue
from bot.content.load import load_engine
from bot.content.paths import content_root
from bot.core.engine import Engine
from bot.settings import Settings

errors = Console(stderr=True, highlight=False, soft_wrap=True)


def make_conversation(settings: Settings, *, semantic: bool = True) -> Conversation:
    from bot.content.clock import make_renderer

    engine = make_engine(settings, semantic=semantic)
    catalogue = require_catalogue(content_root())
    return Conversation(
        engine, make_renderer(settings.country, settings.operator_contact, catalogue, settings.timezone)
    )


def make_engine(settings: Settings, *, semantic: bool = True, tuned: bool = True) -> Engine:
    """Return the engine; shows progress while the matcher has to be fitted."""
    with Progress(
        TextColumn("fitting the matcher"), BarColumn(), TimeElapsedColumn(),
        console=errors, transient=True, disable=not errors.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("fit", total=1.0, visible=False)
        return load_engine(
            content_root(),
            settings.data_dir,
            lambda done: progress.update(task, completed=done, visible=True),
            semantic=semantic,
            tuned=tuned,
        )


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal; the value given advances it by one, or by as many as it is told."""
    with Progress(
        TextColumn(what), BarColumn(), TimeElapsedColumn(), console=errors, transient=True,
        disable=not errors.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task(what, total=total)
        yield lambda steps=1: progress.advance(task, steps)


def today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
