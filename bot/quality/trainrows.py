"""What the sentence encoder learns from: rows of the corpus, and rows made of them anew in each epoch. numpy only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.content.buried import bury
from bot.core.fitlinear import Targets

BURIED = 0.85
"""share of the safety examples that are also told in passing, anew in each epoch"""
LONGEST = 140
"""word pieces of a message put together here, without its first and last mark"""
JOINED = 0.25
"""joined calm messages for each calm row: many calm sentences are no danger either"""
SPLICED = 0.35
"""spliced messages for each safety example; only where a teacher says what they mean"""
THINNED = 0.5
"""share of the messages from which pieces are left out, as people leave words out"""
LEFT_OUT = 0.06
"""share of the pieces that are left out of those"""
SHORTEST_THINNED = 9
"""word pieces, marks included: in a shorter message each one counts"""
_PARTS = (2, 5)
_LIKE = 6
"""word pieces by which lengths in a batch may be shuffled, so that it is not the same company in each epoch"""

_OTHER_MARKS = {"[PAD]": "<pad>", "[CLS]": "<s>", "[SEP]": "</s>"}


@dataclass(frozen=True, slots=True)
class Material:
    """Messages as word pieces by row, which rows are used, and what each row means."""

    pieces: Sequence[Sequence[int]]
    """with first and last mark"""
    ordinary: Sequence[int]
    """rows of ordinary examples"""
    dangers: Sequence[int]
    """rows of safety examples, hard negatives among them"""
    calm: Sequence[int]
    """those of both that are no danger"""
    targets: Mapping[str, NDArray[np.float32]]
    """by head, shape (rows + 2, classes): the row `joined` is no danger, the row `spliced` says nothing"""

    @property
    def joined(self) -> int:
        """Return the row that says what joined calm messages are."""
        return len(self.pieces)

    @property
    def spliced(self) -> int:
        """Return the row of messages without a label."""
        return len(self.pieces) + 1


def make_material(
    pieces: Sequence[Sequence[int]],
    ordinary: Sequence[int],
    dangers: Sequence[int],
    targets: Mapping[str, Targets],
) -> Material:
    """Return the material of `pieces` by row of the corpus; the last class of the head `danger` is no danger."""
    values: dict[str, NDArray[np.float32]] = {}
    for name, target in targets.items():
        more = np.zeros((2, target.values.shape[1]), np.float32)
        if name == "danger":
            more[0, -1] = 1.0
        values[name] = np.concatenate([target.values, more])
    calm = [i for i in (*ordinary, *dangers) if values["danger"][i, -1] > 0]
    return Material(pieces, ordinary, dangers, calm, values)


def draw_epoch(
    material: Material, rng: np.random.Generator, *, spliced: float = 0.0
) -> tuple[list[int], list[Sequence[int]]]:
    """Return (rows of the targets, pieces with marks) of one epoch; the same for the same state of `rng`.

    Everything once; BURIED of the safety examples also told in passing, JOINED calm messages, and `spliced` messages
    for each safety example made of the beginning of one and the end of another. Then pieces are left out of some.
    """
    whole = (*material.ordinary, *material.dangers)
    inner = {i: material.pieces[i][1:-1] for i in whole}
    first, last = material.pieces[whole[0]][0], material.pieces[whole[0]][-1]
    around = (*material.ordinary, *material.calm)
    made = [
        *bury(inner, material.dangers, material.ordinary, BURIED, LONGEST, rng, around),
        *((material.joined, pieces) for pieces in _join(inner, material.calm, rng)),
        *((material.spliced, pieces) for pieces in _splice(inner, material.dangers, spliced, rng)),
    ]
    rows = [*whole, *(row for row, _ in made)]
    pieces = [*(material.pieces[i] for i in whole), *((first, *words, last) for _, words in made)]
    return rows, [_thin(p, rng) for p in pieces]


def make_batches(pieces: Sequence[Sequence[int]], most: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return places in `pieces`, each once, in batches of like length and in random order.

    A batch has at most `most` pieces with padding, or one message.
    """
    lengths = np.array([len(p) for p in pieces])
    found: list[list[int]] = [[]]
    longest = 0
    for i in np.argsort(lengths + rng.uniform(0, _LIKE, len(lengths))):
        longest = max(longest, int(lengths[i]))
        if found[-1] and longest * (len(found[-1]) + 1) > most:
            found.append([])
            longest = int(lengths[i])
        found[-1].append(int(i))
    return [np.array(found[int(k)]) for k in rng.permutation(len(found))]


def map_pieces(vocabulary: Sequence[str], other: Sequence[str]) -> list[int]:
    """Return for each piece of `vocabulary` its id in `other`; raises ValueError where `other` is of another kind.

    `other` may name its marks as MPNet does. A piece that it lacks is its unknown one.
    """
    ids = {piece: i for i, piece in enumerate(other)}
    if "[UNK]" not in ids:
        raise ValueError("no [UNK] among its pieces")
    found = [ids.get(_OTHER_MARKS.get(p, p), ids.get(p)) for p in vocabulary]
    if sum(i is None for i in found) * 10 > len(found):
        raise ValueError("its word pieces are others")
    return [ids["[UNK]"] if i is None else i for i in found]


def _join(
    inner: Mapping[int, Sequence[int]], calm: Sequence[int], rng: np.random.Generator
) -> Iterator[tuple[int, ...]]:
    for _ in range(int(JOINED * len(calm))):
        chosen = rng.integers(0, len(calm), rng.integers(*_PARTS))
        pieces = tuple(piece for k in chosen for piece in inner[calm[int(k)]])
        if len(pieces) <= LONGEST:
            yield pieces


def _splice(
    inner: Mapping[int, Sequence[int]], dangers: Sequence[int], share: float, rng: np.random.Generator
) -> Iterator[tuple[int, ...]]:
    for _ in range(int(share * len(dangers))):
        one, two = (inner[dangers[int(k)]] for k in rng.integers(0, len(dangers), 2))
        if not one or not two:
            continue
        pieces = (*one[: int(rng.integers(1, len(one) + 1))], *two[int(rng.integers(0, len(two))) :])
        if len(pieces) <= LONGEST:
            yield pieces


def _thin(pieces: Sequence[int], rng: np.random.Generator) -> Sequence[int]:
    if len(pieces) < SHORTEST_THINNED or rng.random() >= THINNED:
        return pieces
    kept = (p for p, drawn in zip(pieces[1:-1], rng.random(len(pieces) - 2), strict=True) if drawn > LEFT_OUT)
    return (pieces[0], *kept, pieces[-1])
