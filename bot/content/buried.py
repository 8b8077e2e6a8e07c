"""Dangers told in passing: examples of danger set between ordinary ones, so that both models learn to find them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_MOST_AROUND = 3


def bury(
    rows: Mapping[int, Sequence[T]],
    dangers: Sequence[int],
    ordinary: Sequence[int],
    share: float,
    longest: int,
    rng: np.random.Generator,
    calm: Sequence[int] = (),
) -> Iterator[tuple[int, tuple[T, ...]]]:
    """Yield (row, words) of a `share` 0..1 of `dangers`, each between one and three `ordinary` rows drawn at random.

    `rows` are messages by number, as words or word pieces; what has `longest` of them stays as it was written. Hard
    negatives are buried like dangers: length alone must not tell. With `calm`, other rows that are no danger, half of
    the dangers have those around them instead: what only alarms does not tell either.
    """
    for row in dangers:
        if rng.random() >= share or len(rows[row]) >= longest:
            continue
        pool = calm if calm and rng.random() < 0.5 else ordinary
        parts = [rows[pool[int(k)]] for k in rng.integers(0, len(pool), rng.integers(1, _MOST_AROUND + 1))]
        parts.insert(int(rng.integers(0, len(parts) + 1)), rows[row])
        while len(parts) > 1 and sum(map(len, parts)) > longest:
            parts.pop(0 if parts[0] is not rows[row] else -1)
        if len(parts) > 1:
            yield row, tuple(word for part in parts for word in part)
