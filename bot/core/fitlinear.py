"""Fitting the linear model: features of the examples, then softmax regression by Adam on mini-batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bot.core.features import FAMILIES, Ids, extract, family_of, scale
from bot.core.linear import Floats, Head, LinearModel, quantise, softmax

_BATCH = 256
_EPOCHS = 6
_RATE = 0.08
_DECAY = 1e-5
_MIN_STEPS = 300
_SEED = 20_251


@dataclass(frozen=True, slots=True)
class Targets:
    """What one head learns from the examples."""

    labels: tuple[str, ...]
    values: NDArray[np.float32]
    """shape (examples, labels); a row of zeros leaves an example out of this head"""


def fit_linear(
    token_lists: Sequence[Sequence[str]],
    targets: Mapping[str, Targets],
    *,
    min_count: int = 3,
    min_pairs: int = 5,
    threads: int = 1,
    progress: Callable[[float], None] | None = None,
) -> LinearModel:
    """Return a model fitted on examples given as tokens: the same for the same input, with any number of threads.

    A feature must stand in `min_count` examples, a pair of words anywhere in a message in `min_pairs`: pairs are half
    of all features, the rarest of them say nothing, and they fill memory.
    """
    keys, idf, matrix = vectorize(token_lists, min_count, min_pairs)
    heads: dict[str, Head] = {}
    start = 0
    for name, target in targets.items():
        heads[name] = Head(target.labels, start, start + len(target.labels))
        start += len(target.labels)
    wanted = np.concatenate([t.values for t in targets.values()], axis=1)
    # Few examples need more rounds to get as many steps.
    epochs = max(_EPOCHS, round(_MIN_STEPS * _BATCH / max(1, len(token_lists))))
    weights, bias = _train(matrix, wanted, tuple(heads.values()), epochs, threads, progress)
    whole, sizes = quantise(weights)
    return LinearModel(keys, idf, whole, sizes, bias, heads)


def vectorize(
    token_lists: Sequence[Sequence[str]], min_count: int, min_pairs: int
) -> tuple[Ids, Floats, sparse.csr_matrix]:
    """Return (feature ids kept, their idf, examples as a sparse matrix of scaled values)."""
    found = [extract(tokens) for tokens in token_lists]
    keys, documents = np.unique(np.concatenate([ids for ids, _ in found]), return_counts=True)
    keep = documents >= np.where(family_of(keys) == FAMILIES.index("pair"), min_pairs, min_count)
    keys, documents = keys[keep], documents[keep]
    idf = (np.log((1 + len(found)) / (1 + documents)) + 1).astype(np.float32)
    indptr, columns, values = [0], [], []
    for ids, counts in found:
        rows = np.searchsorted(keys, ids)
        rows[rows == len(keys)] = 0
        known = keys[rows] == ids
        columns.append(rows[known])
        values.append(scale(ids[known], counts[known] * idf[rows[known]]))
        indptr.append(indptr[-1] + int(known.sum()))
    matrix = sparse.csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(indptr)), shape=(len(found), len(keys))
    )
    return keys, idf, matrix


def _train(
    matrix: sparse.csr_matrix,
    wanted: NDArray[np.float32],
    heads: tuple[Head, ...],
    epochs: int,
    threads: int,
    progress: Callable[[float], None] | None,
) -> tuple[Floats, Floats]:
    """Minimise the summed cross-entropies of the heads with Adam (Kingma & Ba 2015) and weight decay."""
    rng = np.random.default_rng(_SEED)
    examples, features = matrix.shape
    classes = wanted.shape[1]
    # Each class has a column of its own, so that threads can share them out; numpy and scipy let them run at once.
    # At least two each: of a single column numpy adds up in another order.
    parts = np.array_split(np.arange(classes), max(1, min(threads, classes // 2)))
    shares = [slice(part[0], part[-1] + 1) for part in parts]
    tables = [_Table(np.zeros((features + 1, share.stop - share.start), np.float32)) for share in shares]
    batches = max(1, examples // _BATCH)
    steps = epochs * batches
    step = 0
    with ThreadPoolExecutor(len(shares)) as pool:
        for _ in range(epochs):
            order = rng.permutation(examples)
            for part in np.array_split(order, batches):
                step += 1
                block = matrix[part]
                # Only the features of this batch are touched (lazy Adam), the bias as one more row.
                rows, places = np.unique(block.indices, return_inverse=True)
                small = sparse.csr_matrix((block.data, places, block.indptr), shape=(len(part), len(rows)))
                rows = np.append(rows, features)
                now = list(pool.map(lambda table, rows=rows: table.weights[rows], tables))
                logits = np.concatenate(list(pool.map(lambda w, small=small: small @ w[:-1] + w[-1], now)), axis=1)
                error = _errors(logits, wanted[part], heads)
                rate = _RATE * (1 - step / (steps + 1))
                learn = partial(_learn, small=small, error=error, rows=rows, rate=rate, step=step)
                list(pool.map(learn, tables, shares, now))
                if progress is not None:
                    progress(step / steps)
    weights = np.concatenate([table.weights for table in tables], axis=1)
    return weights[:-1], weights[-1].copy()


def _errors(logits: Floats, wanted: Floats, heads: tuple[Head, ...]) -> Floats:
    """Return the gradient of the heads' summed cross-entropies by logits, a mean over the batch."""
    error = np.zeros_like(logits)
    for head in heads:
        want = wanted[:, head.start : head.stop]
        active = want.sum(axis=1, keepdims=True)
        error[:, head.start : head.stop] = softmax(logits[:, head.start : head.stop]) * active - want
    error /= len(logits)
    return error


def _learn(
    table: _Table,
    share: slice,
    now: Floats,
    *,
    small: sparse.csr_matrix,
    error: Floats,
    rows: NDArray[np.int64],
    rate: float,
    step: int,
) -> None:
    """Move one table's weights of `rows`, whose values are `now`, against their gradient."""
    wrong = np.ascontiguousarray(error[:, share])
    gradient = np.empty_like(now)
    gradient[:-1] = small.T @ wrong + _DECAY * now[:-1]
    gradient[-1] = wrong.sum(axis=0)
    table.update(rows, now, gradient, rate, step)


class _Table:
    """Weights with Adam's two moments, updated by rows."""

    def __init__(self, weights: Floats) -> None:
        self.weights = weights
        self._mean = np.zeros_like(weights)
        self._square = np.zeros_like(weights)

    def update(self, rows: NDArray[np.int64], now: Floats, gradient: Floats, rate: float, step: int) -> None:
        """Move the weights of `rows`, whose values are `now`, against their gradient."""
        mean, square = self._mean[rows], self._square[rows]
        mean *= 0.9
        mean += 0.1 * gradient
        self._mean[rows] = mean
        gradient *= gradient
        square *= 0.99
        square += 0.01 * gradient
        self._square[rows] = square
        square /= 1 - 0.99**step
        np.sqrt(square, out=square)
        square += 1e-6
        mean /= square
        mean *= rate / (1 - 0.9**step)
        now -= mean
        self.weights[rows] = now
