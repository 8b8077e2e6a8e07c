"""A calm bar chart as a PNG picture; needs the extra `charts`, and says nothing where that is missing."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

_INK = "#3b4a54"
_SOFT = "#7d8b94"
_BAR = "#8fb3c1"
_WIDTH = 8.0
_FOOT_CHARACTERS = 112
_DPI = 120


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    label: str
    value: int


def draw_bars(title: str, bars: Sequence[Bar], footnote: str) -> bytes | None:
    """Return lying bars, the first on top, as PNG; None where matplotlib is not installed. One bar at least."""
    try:
        # Figures of their own, not pyplot: that keeps every figure in a global list, and wants the main thread.
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    foot = textwrap.wrap(footnote, _FOOT_CHARACTERS)
    above, below = 0.7, 0.25 + 0.2 * len(foot)
    height = above + 0.42 * len(bars) + 0.1 + below
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.36, below / height, 0.58, 1 - (above + below) / height))
    drawn = axes.barh(range(len(bars)), [bar.value for bar in bars], height=0.62, color=_BAR)
    axes.bar_label(drawn, padding=4, color=_INK, fontsize=10)
    # Labels are words, no formulas, even where one holds a dollar sign.
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars], color=_INK, fontsize=10, parse_math=False)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, max(bar.value for bar in bars) * 1.12)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.spines["left"].set(visible=True, color=_SOFT, linewidth=0.8)
    figure.text(0.03, 1 - 0.4 / height, title, color=_INK, fontsize=13, parse_math=False)
    figure.text(0.03, 0.15 / height, "\n".join(foot), color=_SOFT, fontsize=8.5, linespacing=1.5, parse_math=False)
    out = io.BytesIO()
    # No name of a program in it, so that the same numbers give the same bytes.
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
