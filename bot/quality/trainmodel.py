"""The networks of `unspoken train` and what they are told: labels, and a larger network's answers. Needs torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel

from bot.errors import UnspokenError
from bot.quality.trainrows import map_pieces

DROPOUT = 0.15
SMOOTHING = {"intent": 0.08}
"""share of a label that is spread over all classes of its head"""
SMOOTHING_ELSE = 0.02
WEIGHTS = {"intent": 1.0, "direction": 0.3, "danger": 1.0, "urgency": 0.2, "explicit": 0.15}
"""how much each head counts in the loss"""
MEAN_OVER = 0.995
"""how much of the mean of the weights stays at each update, once there are enough of them"""
_FIRST_POSITION = {"mpnet": 2}
"""where the positions of a message begin, by kind of network; 0 for others"""
_TEACHER_FILES = ("config.json", "model.safetensors", "vocab.txt")
_PADDED_TO = 8


class Encoder(torch.nn.Module):  # type: ignore[misc]
    """A sentence encoder with one linear layer for all heads over its mean, first and largest states.

    The largest are there since a danger may be one phrase of many.
    """

    def __init__(self, body: Any, classes: int) -> None:
        """Take the network that turns pieces into states, and the number of classes of all heads together."""
        super().__init__()
        self.body = body
        self.drop = torch.nn.Dropout(DROPOUT)
        self.head = torch.nn.Linear(3 * body.config.hidden_size, classes)
        self.first_position = _FIRST_POSITION.get(body.config.model_type)

    def forward(self, ids: Any, mask: Any) -> Any:
        """Return logits of all heads, shape (messages, classes), for ids and mask of shape (messages, pieces)."""
        more = {}
        if self.first_position is not None:
            more["position_ids"] = torch.arange(ids.shape[1], device=ids.device)[None] + self.first_position
        states = self.body(input_ids=ids, attention_mask=mask, **more).last_hidden_state.float()
        weight = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1)
        most = (states - (1.0 - weight) * 1e4).amax(1)
        return self.head(self.drop(torch.cat([mean, states[:, 0], most], dim=-1)))


def load_small(folder: Path, classes: int) -> Encoder:
    """Return the small encoder from a Hugging Face folder, its heads not yet trained."""
    return Encoder(AutoModel.from_pretrained(str(folder), local_files_only=True), classes)


def load_teacher(folder: Path, vocabulary: Sequence[str], classes: int) -> Encoder:
    """Return the larger encoder in `folder`, its heads not yet trained, reading the pieces of `vocabulary`.

    Its embeddings are put into the order of `vocabulary`, word by word. Raises UnspokenError where the folder lacks a
    file or its word pieces are not BERT's.
    """
    for name in _TEACHER_FILES:
        if not (folder / name).is_file():
            raise UnspokenError(f"train: the teacher's folder has no {name}")
    try:
        order = map_pieces(vocabulary, (folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        raise UnspokenError(f"train: the teacher cannot be used: {error}") from None
    body = AutoModel.from_pretrained(str(folder), local_files_only=True)
    table = body.get_input_embeddings().weight.detach()[torch.tensor(order)]
    body.set_input_embeddings(torch.nn.Embedding.from_pretrained(table, freeze=False))
    return Encoder(body, classes)


class MeanWeights:
    """The running mean of a network's weights, steadier than the last ones (Polyak & Juditsky 1992)."""

    def __init__(self, model: Any) -> None:
        """Begin with the weights as they are."""
        self._live = [w for w in model.state_dict().values() if w.dtype.is_floating_point]
        self._mean = [w.detach().clone() for w in self._live]

    def update(self, step: int) -> None:
        """Take the weights after `step` steps into the mean; the first ones are soon forgotten."""
        stays = min(MEAN_OVER, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, live in zip(self._mean, self._live, strict=True):
                mean.lerp_(live, 1 - stays)

    def put(self) -> None:
        """Put the mean into the network."""
        with torch.no_grad():
            for mean, live in zip(self._mean, self._live, strict=True):
                live.copy_(mean)


def label_loss(logits: Any, wanted: Mapping[str, Any]) -> Any:
    """Return the weighted sum of the heads' cross-entropies; a row without a target leaves its head alone.

    `wanted` holds by head, in the order of the logits, what each message means, shape (messages, classes).
    """
    loss = logits.new_zeros(())
    for name, part in _split(logits, wanted).items():
        want = wanted[name]
        spread = SMOOTHING.get(name, SMOOTHING_ELSE)
        smooth = want * (1 - spread) + want.sum(1, keepdim=True) * spread / want.shape[1]
        loss = loss + WEIGHTS[name] * _cross_entropy(part, smooth, want.sum(1) > 0)
    return loss


def teacher_loss(logits: Any, taught: Any, wanted: Mapping[str, Any]) -> Any:
    """Return the same sum against what the teacher's logits `taught` say (Hinton et al. 2015, arXiv:1503.02531).

    The head of danger learns from every message, those of urgency and explicitness also where the teacher finds a
    danger, the others where the message has a label.
    """
    answers = {name: part.softmax(-1) for name, part in _split(taught, wanted).items()}
    danger = answers["danger"][:, -1] < 0.5
    loss = logits.new_zeros(())
    for name, part in _split(logits, wanted).items():
        active = wanted[name].sum(1) > 0
        if name == "danger":
            active = torch.ones_like(active)
        elif name in ("urgency", "explicit"):
            active = active | danger
        loss = loss + WEIGHTS[name] * _cross_entropy(part, answers[name], active)
    return loss


def pad_rows(rows: Sequence[Sequence[int]], device: str) -> tuple[Any, Any]:
    """Return (ids, mask) of messages on `device`, shape (messages, pieces), padded with 0 to a multiple of eight."""
    longest = max(len(r) for r in rows)
    length = -(-longest // _PADDED_TO) * _PADDED_TO
    ids = torch.zeros((len(rows), length), dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids.to(device), mask.to(device)


def _split(logits: Any, heads: Mapping[str, Any]) -> dict[str, Any]:
    sizes = [want.shape[1] for want in heads.values()]
    return dict(zip(heads, logits.split(sizes, dim=1), strict=True))


def _cross_entropy(logits: Any, want: Any, active: Any) -> Any:
    """Return the mean over the active messages, 0 where there is none."""
    each = -(want * logits.log_softmax(-1)).sum(1) * active
    return each.sum() / active.sum().clamp(min=1)
