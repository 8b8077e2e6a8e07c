"""The commands that measure, tune and draw: bench, eval, calibrate, train, picture, screens."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.content.paths import content_root, sentences_root
from bot.errors import UnspokenError
from bot.settings import Settings, load_settings
from bot.start import errors, make_conversation, make_engine, progress_bar

app = typer.Typer()


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help="turn, match, ledger or load")] = "turn",
    turns: Annotated[int, typer.Option(help="messages to time")] = 2000,
    train: Annotated[Path | None, typer.Option(help="match: JSONL of text and intent to fit on")] = None,
    test: Annotated[Path | None, typer.Option(help="match: JSONL to measure on; intent null is out of scope")] = None,
    peers: Annotated[bool, typer.Option(help="match: beside other methods on the same split")] = False,
    lexical: Annotated[bool, typer.Option(help="turn: without the sentence encoder")] = False,
    parts: Annotated[str, typer.Option(help="load: some of bots,slow,steady,replicas,chats,catalogue")] = "",
    plots: Annotated[Path | None, typer.Option(help="load: folder for PNG plots (extra `charts`)")] = None,
) -> None:
    """Measure: `turn` (start-up, one turn, memory), `match` (any data), `ledger` (noting), `load` (beside others)."""
    settings = load_settings()
    if what == "turn":
        from bot.quality.bench import bench_turn

        line = bench_turn(lambda: make_conversation(settings, semantic=not lexical), sentences_root(), turns)
        sys.stdout.write(line + "\n")
    elif what == "ledger":
        from bot.bench.ledger import bench_ledger
        from bot.content.catalogue import require_catalogue

        engine = make_engine(settings, semantic=not lexical)
        line = asyncio.run(bench_ledger(engine, require_catalogue(content_root()), min(turns, 1200)))
        sys.stdout.write(line + "\n")
    elif what == "load":
        sys.stdout.write(_load(settings, turns, parts, plots))
    elif what == "match" and train is not None and test is not None:
        from bot.content.lexicon import load_lexicon
        from bot.quality.matchbench import bench_match, load_labelled

        lexicon, _ = load_lexicon(content_root())
        figures = bench_match(load_labelled(train), load_labelled(test), lexicon, peers=peers)
        sys.stdout.write(json.dumps(figures, indent=1 if peers else None) + "\n")
    else:
        raise UnspokenError("bench: give `turn`, `ledger`, `load`, or `match --train FILE --test FILE`")


def _load(settings: Settings, messages: int, parts: str, plots: Path | None) -> str:
    """Return the tables of `bench load` as Markdown, and JSON below them."""
    from bot.bench.report import PARTS, Order, draw_load, run_load, steps_of, tables

    wanted = tuple(p.strip() for p in parts.split(",") if p.strip()) or PARTS
    unknown = set(wanted) - set(PARTS)
    if unknown:
        raise UnspokenError(f"bench: --parts knows {', '.join(PARTS)}")
    make_engine(settings, semantic=False)  # fitted once, here, so that no bot is found fitting
    given = (settings.database_url or "").startswith("postgresql")
    order = Order(settings.data_dir, messages, wanted, settings.database_url if given else None)
    with progress_bar("load", steps_of(order)) as step:
        report = run_load(order, step)
    if plots is not None:
        draw_load(report, plots)
    return "\n\n".join((*tables(report), report.as_json())) + "\n"


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

    engine = make_engine(load_settings(), semantic=not lexical)
    records = load_records(files, content_root())
    with progress_bar("evaluating", len(records)) as step:
        if safety:
            danger = evaluate_safety(engine, records, step)
            listed: dict[str, object] = {"misses": danger.misses[:misses], "alarms": danger.false[:misses]}
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
        engine = make_engine(settings, semantic=mode == "semantic", tuned=False)
        if mode == "semantic" and engine.semantic is None:
            continue
        with progress_bar(mode, len(records)) as step:
            tunings[mode] = find_tuning(engine, records, step)
    command = "unspoken calibrate " + " ".join(f.as_posix() for f in files)
    write_tuning(content_root(), tunings, command, f"{len(records)} messages, none of them fitted on.")
    sys.stdout.write("intents/calibration.yaml written\n")


@app.command()
def train(
    epochs: Annotated[int, typer.Option(min=1, help="rounds over the examples")] = 8,
    out: Annotated[Path | None, typer.Option(help="where to write; default models/encoder")] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="folder of a larger encoder to learn from, such as all-mpnet-base-v2")
    ] = None,
    teacher_epochs: Annotated[int, typer.Option(min=1, help="rounds of the teacher over the examples")] = 6,
    distil_epochs: Annotated[int, typer.Option(min=1, help="rounds of learning from the teacher")] = 8,
) -> None:
    """Fine-tune the sentence encoder and export it (extra `train`; half a day on two cores, a teacher wants a GPU)."""
    from bot.content.encoder import FOLDER
    from bot.content.fit import load_corpus
    from bot.content.lexicon import load_lexicon
    from bot.quality.train_encoder import train_encoder

    root = content_root()
    lexicon, _ = load_lexicon(root)
    train_encoder(
        load_corpus(root),
        lexicon,
        out or root / FOLDER,
        epochs=epochs,
        teacher=teacher,
        teacher_epochs=teacher_epochs,
        distil_epochs=distil_epochs,
        say=errors.print,
    )


@app.command()
def picture(
    out: Annotated[Path, typer.Argument(help="where to write the SVG")],
    lines: Annotated[list[str], typer.Argument(help="what the reader types, in order")],
) -> None:
    """Draw a conversation as a picture."""
    from bot.quality.picture import draw_conversation

    draw_conversation(make_conversation(load_settings()), lines, out)


@app.command()
def screens(
    folder: Annotated[Path, typer.Argument(help="where to write the PNG files, such as docs/screens")],
) -> None:
    """Draw what members and admins of a group see, as pictures (extra `charts`)."""
    from bot.content.catalogue import require_catalogue
    from bot.quality.screens import draw_screens

    root = content_root()
    for path in draw_screens(require_catalogue(root), root, folder):
        sys.stdout.write(f"{path}\n")
