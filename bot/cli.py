"""The command line: `unspoken run | chat | classify | check | fit | ...`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
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
    what: Annotated[str, typer.Argument(help="turn or match")] = "turn",
    turns: Annotated[int, typer.Option(help="turn: messages to time")] = 3000,
    train: Annotated[Path | None, typer.Option(help="match: JSONL of text and intent to fit on")] = None,
    test: Annotated[Path | None, typer.Option(help="match: JSONL to measure on; intent null is out of scope")] = None,
    peers: Annotated[bool, typer.Option(help="match: beside other methods on the same split")] = False,
    lexical: Annotated[bool, typer.Option(help="turn: without the sentence encoder")] = False,
) -> None:
    """Measure: `turn` (start-up, one turn, memory) or `match` (the matcher on any labelled data)."""
    settings = load_settings()
    if what == "turn":
        from bot.quality.bench import bench_turn

        line = bench_turn(lambda: _conversation(settings, semantic=not lexical), sentences_root(), turns)
        sys.stdout.write(line + "\n")
    elif what == "match" and train is not None and test is not None:
        from bot.content.lexicon import load_lexicon
        from bot.quality.matchbench import bench_match, load_labelled

        lexicon, _ = load_lexicon(content_root())
        figures = bench_match(load_labelled(train), load_labelled(test), lexicon, peers=peers)
        sys.stdout.write(json.dumps(figures, indent=1 if peers else None) + "\n")
    else:
        raise UnspokenError("bench: give `turn`, or `match --train FILE --test FILE`")


@app.command("eval")
def evaluate_command(
    files: Annotated[list[Path], typer.Argument(help="JSONL files with text and intent, or folders of sentences")],
    safety: Annotated[bool, typer.Option(help="measure danger instead: recall, false alarms, urgency")] = False,
    plots: Annotated[Path | None, typer.Option(help="folder for PNG plots (extra `charts`)")] = None,
    misses: Annotated[int, typer.Option(help="how many misses or confusions to list")] = 12,
    lexical: Annotated[bool, typer.Option(help="without the sentence encoder")] = False,
) -> None:
    """Measure how well labelled messages are understood; prints JSON."""
    from bot.content.taxonomy import load_taxonomy
    from bot.quality.evaluate import evaluate, evaluate_safety
    from bot.quality.plots import draw_plots
    from bot.quality.records import load_records

    engine = _engine(load_settings(), semantic=not lexical)
    records = load_records(files, content_root())
    with _progress("evaluating", len(records)) as step:
        if safety:
            danger = evaluate_safety(engine, records, step)
            listed: dict[str, object] = {"misses": danger.misses[:misses], "false_alarms": danger.false[:misses]}
            figures = danger.summary()
        else:
            report = evaluate(engine, records, step)
            listed = {"confusions": report.worst(misses)}
            figures = report.summary()
    if plots is not None and not safety:
        draw_plots(report, load_taxonomy(content_root())[0], plots)
    sys.stdout.write(json.dumps({**figures, **listed}, indent=1, ensure_ascii=False) + "\n")


@app.command()
def calibrate(
    files: Annotated[list[Path], typer.Argument(help="labelled messages the matcher was not fitted on")],
) -> None:
    """Find the thresholds of the tiers and of danger, and write intents/calibration.yaml."""
    from bot.content.tuning import write_tuning
    from bot.quality.calibrate import calibrate as find_tuning
    from bot.quality.records import load_records

    settings = load_settings()
    records = load_records(files, content_root())
    tunings = {}
    for mode in ("lexical", "semantic"):
        engine = _engine(settings, semantic=mode == "semantic")
        if mode == "semantic" and engine.semantic is None:
            continue
        with _progress(mode, len(records)) as step:
            tunings[mode] = find_tuning(engine, records, step)
    command = "unspoken calibrate " + " ".join(f.as_posix() for f in files)
    write_tuning(content_root(), tunings, command, f"{len(records)} messages, none of them fitted on.")
    sys.stdout.write("intents/calibration.yaml written\n")


@app.command()
def train(
    epochs: Annotated[int, typer.Option(help="rounds over the examples")] = 4,
    out: Annotated[Path | None, typer.Option(help="where to write; default models/encoder")] = None,
) -> None:
    """Fine-tune the sentence encoder on the examples and export it (extra `train`, about half an hour on two cores)."""
    from bot.content.encoder import FOLDER
    from bot.content.fit import load_corpus
    from bot.content.lexicon import load_lexicon
    from bot.quality.train_encoder import train_encoder

    root = content_root()
    lexicon, _ = load_lexicon(root)
    train_encoder(load_corpus(root), lexicon, out or root / FOLDER, epochs=epochs, say=_error.print)


@app.command()
def picture(
    out: Annotated[Path, typer.Argument(help="where to write the SVG")],
    lines: Annotated[list[str], typer.Argument(help="what the reader types, in order")],
) -> None:
    """Draw a conversation as a picture."""
    from bot.quality.picture import draw_conversation

    draw_conversation(_conversation(load_settings()), lines, out)


def _chat(settings: Settings) -> None:
    conversation = _conversation(settings)
    if sys.stdin.isatty():
        run_terminal(conversation)
    else:
        run_plain(conversation, read_lines(), sys.stdout)


def _conversation(settings: Settings, *, semantic: bool = True) -> Conversation:
    from bot.content.clock import make_renderer

    engine = _engine(settings, semantic=semantic)
    catalogue = require_catalogue(content_root())
    return Conversation(engine, make_renderer(settings.country, settings.operator_contact, catalogue))


def _engine(settings: Settings, *, semantic: bool = True) -> Engine:
    """Return the engine; shows progress while the matcher has to be fitted."""
    with Progress(
        TextColumn("fitting the matcher"), BarColumn(), TimeElapsedColumn(),
        console=_error, transient=True, disable=not _error.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("fit", total=1.0, visible=False)
        return load_engine(
            content_root(),
            settings.data_dir,
            lambda done: progress.update(task, completed=done, visible=True),
            semantic=semantic,
        )


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal; the value given advances it by one."""
    with Progress(
        TextColumn(what), BarColumn(), TimeElapsedColumn(), console=_error, transient=True,
        disable=not _error.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


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
