"""The checks of content: cards, help lines, the fitted matcher and the sentence encoder."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from bot.content.catalogue import load_catalogue
from bot.content.checklist import done_on, stale_lines
from bot.content.encoder import FOLDER, load_encoder
from bot.content.load import MODEL_FOLDER
from bot.content.modelfile import content_key, load_model, model_path
from bot.doctor.finding import Finding, fail, ok, warn
from bot.errors import ModelError
from bot.settings import Settings

_ENCODER_FILES = ("made.json", "model.onnx", "vocab.txt")


def check_content(root: Path, today: dt.date) -> Iterator[Finding]:
    """Check that cards and help lines can be read, and that no line is past its date."""
    catalogue, problems = load_catalogue(root)
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        yield fail("content", f"{problems[0]}{more}; `unspoken check` shows all")
        return
    lines = catalogue.resources.lines
    yield ok("content", f"{len(catalogue.taxonomy.intents)} intents, {len(lines)} help lines")
    stale = stale_lines(catalogue.resources, today)
    if stale:
        first = stale[0].split(": ")[1]
        yield warn(
            "help lines", f"{len(stale)} past their check date, the first is {first}; `unspoken check` shows all"
        )


def check_checklist(settings: Settings, root: Path) -> Finding:
    """Check that somebody has gone through the help lines of the country."""
    day = done_on(settings.data_dir, root, settings.country)
    if day is None:
        return warn(
            "help lines",
            f"nobody has gone through those of {settings.country} as they are now; `unspoken resources --checklist`",
        )
    return ok("help lines", f"those of {settings.country} were gone through on {day.isoformat()}")


def check_matcher(settings: Settings, root: Path) -> Iterator[Finding]:
    """Check that the matcher is fitted and the encoder goes with it; fits nothing."""
    path = model_path(settings.data_dir / MODEL_FOLDER, content_key(root))
    fitted = None
    if path.exists():
        with contextlib.suppress(ModelError):
            fitted = load_model(path)
    if fitted is None:
        yield ok("matcher", "is fitted at the next start, in about half a minute; `unspoken fit` does it now")
    else:
        yield ok("matcher", "is current")
    missing = [name for name in _ENCODER_FILES if not (root / FOLDER / name).is_file()]
    without = "understanding rests on words alone"
    if missing:
        yield warn("encoder", f"{FOLDER}/{missing[0]} is missing: {without}; restore it")
    elif importlib.util.find_spec("onnxruntime") is None:
        yield warn("encoder", f"onnxruntime is missing: {without}; pip install onnxruntime")
    elif fitted is None:
        yield ok("encoder", "is there")
    elif load_encoder(root, fitted.model.heads) is None:
        yield warn("encoder", f"cannot be used with these intents: {without}; `unspoken train`, or restore {FOLDER}")
    else:
        yield ok("encoder", "is there and can be used")
