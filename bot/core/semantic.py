"""The sentence encoder's side of the core: how a message becomes pieces, and logits become heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.linear import Floats

MAX_PIECES = 144
"""word pieces that are read of a message: the first and the last, where people put what they ask"""
_HEAD = 72


def clip_pieces(ids: Sequence[int]) -> list[int]:
    """Return at most MAX_PIECES ids, special ones included: the beginning and the end of a long message."""
    return list(ids) if len(ids) <= MAX_PIECES else [*ids[:_HEAD], *ids[_HEAD - MAX_PIECES :]]


def split_heads(logits: Floats, sizes: Mapping[str, int]) -> dict[str, Floats]:
    """Return one row of logits cut into its heads, in the order of `sizes`."""
    out: dict[str, Floats] = {}
    start = 0
    for name, size in sizes.items():
        out[name] = logits[start : start + size]
        start += size
    return out
