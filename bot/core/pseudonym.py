"""A name for a question of the box: two neutral words, drawn anew each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def make_pseudonym(first: Sequence[str], second: Sequence[str], draw: Callable[[int], int]) -> str:
    """Return one word of each list; `draw` gives a uniform whole number below its argument."""
    return f"{first[draw(len(first))]} {second[draw(len(second))]}"
