"""The fitted matcher as one file, keyed by a hash of content and code."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.core.linear import Head, LinearModel
from bot.core.safety import CATEGORIES
from bot.errors import ModelError


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting makes, and what the model file keeps."""

    counts: dict[str, int]
    """known words and how often the examples hold them"""
    model: LinearModel


_MAGIC = b"UNSPOKEN1\n"
_ALIGN = 64
_CORE = Path(__file__).resolve().parents[1] / "core"


def content_key(root: Path) -> str:
    """Return a hash of everything the fit depends on: the files of `root`/intents and the code of the core."""
    digest = hashlib.sha256()
    for path in _inputs(root):
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]


def _inputs(root: Path) -> Iterator[Path]:
    # What only judges or reads the fit afterwards is left out, so that tuning does not force a refit.
    later = {"calibration.yaml", "guards.yaml", "emergency.yaml", "facts.yaml", "words.yaml"}
    later |= {"names.txt", "places.txt", "identify.yaml"}
    later |= {f"{category}.yaml" for category in CATEGORIES}
    examples = root / "intents" / "safety" / "examples"
    yield from sorted(
        p
        for p in (root / "intents").rglob("*")
        if p.suffix in {".yaml", ".txt"} and (p.name not in later or p.parent == examples)
    )
    for name in (
        "unicode",
        "scripts",
        "language",
        "normalize",
        "negation",
        "fold",
        "lexicon",
        "patterns",
        "repair",
        "features",
        "linear",
        "fitlinear",
    ):
        yield _CORE / f"{name}.py"
    yield Path(__file__).with_name("fit.py")


def model_path(folder: Path, key: str) -> Path:
    """Return where the model for `key` lies."""
    return folder / f"matcher-{key}.bin"


def save_model(path: Path, fitted: Fitted) -> None:
    """Write `fitted` to `path` in one step; older models beside it are removed."""
    model = fitted.model
    arrays: list[NDArray[np.generic]] = [model.keys, model.idf, model.weights, model.steps, model.bias]
    header = {
        "arrays": [{"dtype": str(a.dtype), "shape": list(a.shape)} for a in arrays],
        "heads": {n: {"labels": list(h.labels), "start": h.start, "stop": h.stop} for n, h in model.heads.items()},
        "counts": fitted.counts,
    }
    head = json.dumps(header, ensure_ascii=True).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(_MAGIC + len(head).to_bytes(8, "little") + head)
        for array in arrays:
            file.write(b"\0" * (-file.tell() % _ALIGN))
            file.write(np.ascontiguousarray(array).tobytes())
    os.replace(file.name, path)
    for old in path.parent.glob("matcher-*.bin"):
        if old != path:
            old.unlink(missing_ok=True)


def load_model(path: Path) -> Fitted:
    """Read a model into memory: once started, no disk is needed any more. Raises ModelError when it cannot be used."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ModelError(f"{path.name}: not a matcher file; run `unspoken fit`")
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
            offset = file.tell()
        arrays: list[NDArray[Any]] = []
        for spec in header["arrays"]:
            offset += -offset % _ALIGN
            count = int(np.prod(spec["shape"]))
            array = np.fromfile(path, dtype=spec["dtype"], count=count, offset=offset).reshape(spec["shape"])
            arrays.append(array)
            offset += array.nbytes
        keys, idf, weights, steps, bias = arrays
        heads = {n: Head(tuple(h["labels"]), h["start"], h["stop"]) for n, h in header["heads"].items()}
        model = LinearModel(keys, idf, weights, steps, bias, heads)
        return Fitted(header["counts"], model)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path.name}: cannot be read ({type(error).__name__}); run `unspoken fit`") from None
