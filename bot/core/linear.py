"""The fitted lexical model: one sparse feature space, several linear heads over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Ids, extract, scale

Floats = NDArray[np.float32]
_MAX_WORDS = 300
"""words of a message that are scored: of a longer one its beginning and its end"""
_LARGEST = 7
_ZERO = 8


@dataclass(frozen=True, slots=True)
class Head:
    """One softmax classifier: which columns of the weight table are its classes."""

    labels: tuple[str, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights by feature (rows) and class of every head (columns)."""

    keys: Ids
    """feature ids, sorted, shape (features,)"""
    idf: Floats
    """inverse document frequency, shape (features,)"""
    weights: NDArray[np.uint8]
    """quantised as `quantise` does it, shape (features, half of the classes of all heads)"""
    steps: NDArray[np.float16]
    """size of one quantisation step of each feature, shape (features,)"""
    bias: Floats
    """shape (classes of all heads,)"""
    heads: Mapping[str, Head]

    def vector(self, tokens: Sequence[str]) -> tuple[NDArray[np.intp], Floats, float]:
        """Return (rows, values, share): the known features, scaled, and the share 0..1 of known weight."""
        if len(tokens) > _MAX_WORDS:
            tokens = (*tokens[: _MAX_WORDS // 2], *tokens[-_MAX_WORDS // 2 :])
        ids, counts = extract(tokens)
        if not len(ids) or not len(self.keys):
            return np.empty(0, np.intp), np.empty(0, np.float32), 0.0
        rows = self.keys.searchsorted(ids)
        rows[rows == len(self.keys)] = 0
        known = np.flatnonzero(self.keys[rows] == ids)
        rows = rows[known]
        return rows, scale(ids[known], counts[known] * self.idf[rows]), len(known) / len(ids)

    def logits(self, tokens: Sequence[str]) -> tuple[Mapping[str, Floats], float]:
        """Return the logits of every head for one message, and the share of its features that is known."""
        rows, values, share = self.vector(tokens)
        scores = self.bias
        if len(rows):
            values = values * self.steps[rows]
            packed = self.weights.take(rows, axis=0)
            halves = [values @ half.astype(np.float32) for half in (packed & 15, packed >> 4)]
            scores = scores + np.concatenate(halves)[: len(scores)] - _ZERO * values.sum()
        return {name: scores[head.start : head.stop] for name, head in self.heads.items()}, share


def quantise(weights: Floats) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Return (weights as whole steps -7..7, two to a byte; size of a step by feature): an eighth of the memory.

    A byte holds a class of the first half in its low bits and the one as far into the second half in its high ones,
    each step with _ZERO added. A feature's largest weight has the finest steps that four bits allow: what is rounded
    away are small weights of rare features, which even out over the hundreds of a message.
    """
    steps = np.maximum(np.abs(weights).max(axis=1), 1e-4).astype(np.float16) / np.float16(_LARGEST)
    whole = np.clip(np.rint(weights / steps[:, None].astype(np.float32)), -_LARGEST, _LARGEST) + _ZERO
    half = (weights.shape[1] + 1) // 2
    low, high = whole[:, :half].astype(np.uint8), np.full((len(weights), half), _ZERO, np.uint8)
    high[:, : weights.shape[1] - half] = whole[:, half:]
    return low | (high << 4), steps


def softmax(logits: Floats) -> Floats:
    """Return probabilities along the last axis."""
    # The ufuncs themselves: for a handful of classes the way through the methods takes longer than the sums.
    shifted = np.exp(logits - np.maximum.reduce(logits, axis=-1, keepdims=True))
    return np.asarray(shifted / np.add.reduce(shifted, axis=-1, keepdims=True), dtype=np.float32)
