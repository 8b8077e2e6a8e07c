"""The command line: `unspoken run | chat | classify | check | fit | ...`."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.chat import Conversation, read_lines, run_plain, run_terminal
from bot.classify import classify_lines
from bot.content.catalogue import require_catalogue
from bot.content.load import load_engine
from bot.content.paths import content_root, sentences_root
from bot.core.engine import Engine
from bot.errors import ContentError, UnspokenError
from bot.log import setup_logging
from bot.settings import Settings, load_settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Unspoken: an anonymous guide in Telegram for questions people can ask nobody.",
)  # fmt: skip
_error = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def run() -> None:
    """Run the Telegram bot, or the terminal chat where no token is set."""
    settings = load_settings()
    if settings.token is None:
        _chat(settings)
        return
    from bot.app import run_bot  # the library takes half a second to import; the chat needs none of it

    setup_logging(settings.log_level)
    engine = _engine(settings)
    asyncio.run(run_bot(settings, engine, require_catalogue(content_root())))


@app.command()
def chat() -> None:
    """Talk to Unspoken in this terminal; with piped input, a message a line."""
    _chat(load_settings())


@app.command()
def classify() -> None:
    """Read JSONL with `text` on standard input and write what was understood."""
    status = classify_lines(_engine(load_settings()), read_lines(), sys.stdout)
    raise typer.Exit(status)


@app.command()
def check() -> None:
    """Check all content files; prints every problem as `path: problem`."""
    from bot.quality.check import check_content

    settings = load_settings()
    problems = check_content(content_root(), sentences_root(), lambda: _engine(settings))
    for problem in problems:
        sys.stdout.write(problem + "\n")
    sys.stdout.write(f"{len(problems)} problems\n" if problems else "content is sound\n")
    raise typer.Exit(2 if problems else 0)


@app.command()
def fit() -> None:
    """Fit the matcher on the content files, where the stored one is not current."""
    _engine(load_settings())
    sys.stdout.write("the matcher is current\n")


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help="turn: start-up, one turn, memory")] = "turn",
    turns: Annotated[int, typer.Option(help="messages to time")] = 3000,
) -> None:
    """Measure start-up, the time of one turn and memory."""
    from bot.quality.bench import bench_turn

    if what != "turn":
        raise UnspokenError("bench: `turn` is what can be measured")
    settings = load_settings()
    sys.stdout.write(bench_turn(lambda: _conversation(settings), sentences_root(), turns) + "\n")


def _chat(settings: Settings) -> None:
    conversation = _conversation(settings)
    if sys.stdin.isatty():
        run_terminal(conversation)
    else:
        run_plain(conversation, read_lines(), sys.stdout)


def _conversation(settings: Settings) -> Conversation:
    from bot.content.clock import make_renderer

    engine = _engine(settings)
    return Conversation(
        engine, make_renderer(settings.country, settings.operator_contact, require_catalogue(content_root()))
    )


def _engine(settings: Settings) -> Engine:
    """Return the engine; shows progress while the matcher has to be fitted."""
    with Progress(
        TextColumn("fitting the matcher"), BarColumn(), TimeElapsedColumn(),
        console=_error, transient=True, disable=not _error.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("fit", total=1.0, visible=False)
        return load_engine(
            content_root(), settings.data_dir, lambda done: progress.update(task, completed=done, visible=True)
        )


def main() -> None:
    """Run the command line; every error of ours is one line and exit status 2."""
    try:
        app(standalone_mode=True)
    except ContentError as error:
        for problem in error.problems:
            sys.stderr.write(f"unspoken: {problem}\n")
        sys.exit(2)
    except UnspokenError as error:
        sys.stderr.write(f"unspoken: {error}\n")
        sys.exit(2)
    except (KeyboardInterrupt, BrokenPipeError):
        # Nothing more can be written; a reader of the pipe that went away is no error of ours.
        os._exit(130)
