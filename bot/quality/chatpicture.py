"""A chat as a PNG picture, drawn from the very texts and buttons that are sent; needs the extra `charts`."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from bot.errors import UnspokenError
from bot.quality.chattext import Line, Run, broken, read_lines

_WIDTH = 420.0
_SCALE = 1.6
"""pixels of the picture for one of the units used here, which are about those of a phone's screen"""
_SIDE, _GAP, _PAD = 14.0, 10.0, 11.0
_WIDEST = 310.0
_LINE, _SIZE, _NAME = 18.0, 12.5, 11.0
_QUOTE = 10.0
_BUTTON, _BUTTON_GAP, _BUTTON_SIZE = 30.0, 4.0, 11.5
_HEAD = 40.0
_ROUND = 9.0
_INK, _SOFT, _ACCENT = "#22303a", "#6f8089", "#3f7d93"
_BACK, _BUBBLE, _MINE, _KEY = "#e4eaed", "#ffffff", "#dff0d8", "#c8d8df"
_PER_INCH = 100.0
_COLOURS = 48


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message."""

    html: str
    """in Telegram's HTML"""
    who: str = ""
    """name above the text"""
    buttons: tuple[tuple[str, ...], ...] = ()
    mine: bool = False
    """written by whoever holds the phone"""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture."""

    title: str
    """of the chat, in the line on top"""
    bubbles: tuple[Bubble, ...]


def draw_scene(scene: Scene, comment: str = "") -> bytes:
    """Return a scene as PNG with `comment` in it; raises UnspokenError where matplotlib is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UnspokenError("pictures of chats need the extra: pip install -e '.[charts]'") from None
    ruler = _Ruler(FigureCanvasAgg(Figure(dpi=_PER_INCH * _SCALE)))
    laid = [(bubble, _laid(bubble, ruler)) for bubble in scene.bubbles]
    height = _HEAD + _GAP + sum(_height(bubble, lines) + _GAP for bubble, lines in laid)
    figure = Figure(figsize=(_WIDTH / _PER_INCH, height / _PER_INCH), dpi=_PER_INCH * _SCALE, facecolor=_BACK)
    canvas = FigureCanvasAgg(figure)
    pen = _Pen(figure, height, ruler)
    pen.box(0, 0, _WIDTH, _HEAD, _BUBBLE, 0)
    pen.text(_SIDE, _HEAD / 2 + 4.5, Run(scene.title, bold=True), _SIZE, _INK)
    top = _HEAD + _GAP
    for bubble, lines in laid:
        _draw_bubble(pen, bubble, lines, top)
        top += _height(bubble, lines) + _GAP
    return _packed(canvas, comment)


def _packed(canvas: Any, comment: str) -> bytes:
    """Return what was drawn as PNG of few colours, a quarter of the size."""
    from PIL import Image, PngImagePlugin  # comes with matplotlib

    canvas.draw()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", comment)
    image = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
    out = io.BytesIO()
    image.quantize(_COLOURS).save(out, "png", optimize=True, pnginfo=info)
    return out.getvalue()


def _laid(bubble: Bubble, ruler: _Ruler) -> list[Line]:
    lines = read_lines(bubble.html)
    return [
        piece
        for line in lines
        for piece in broken(line, _WIDEST - (_QUOTE if line.quoted else 0), lambda run: ruler.wide(run, _SIZE))
    ]


def _height(bubble: Bubble, lines: list[Line]) -> float:
    name = _LINE if bubble.who else 0
    return 2 * _PAD - 4 + name + _LINE * len(lines) + (_BUTTON + _BUTTON_GAP) * len(bubble.buttons)


def _draw_bubble(pen: _Pen, bubble: Bubble, lines: list[Line], top: float) -> None:
    widths = [sum(pen.ruler.wide(r, _SIZE) for r in line.runs) + (_QUOTE if line.quoted else 0) for line in lines]
    wide = _WIDEST if bubble.buttons else max([*widths, pen.ruler.wide(Run(bubble.who, bold=True), _NAME)])
    box = wide + 2 * _PAD
    left = _WIDTH - _SIDE - box if bubble.mine else _SIDE
    text = 2 * _PAD - 4 + (_LINE if bubble.who else 0) + _LINE * len(lines)
    pen.box(left, top, box, text, _MINE if bubble.mine else _BUBBLE, _ROUND)
    y = top + _PAD + 9
    if bubble.who:
        pen.text(left + _PAD, y, Run(bubble.who, bold=True), _NAME, _ACCENT)
        y += _LINE
    for line in lines:
        x = left + _PAD
        if line.quoted:
            pen.box(x, y - 13, 2.5, _LINE, _ACCENT, 0)
            x += _QUOTE
        for run in line.runs:
            pen.text(x, y, run, _SIZE, _INK)
            x += pen.ruler.wide(run, _SIZE)
        y += _LINE
    y = top + text + _BUTTON_GAP
    for row in bubble.buttons:
        each = (box - _BUTTON_GAP * (len(row) - 1)) / len(row)
        for number, label in enumerate(row):
            x = left + number * (each + _BUTTON_GAP)
            pen.box(x, y, each, _BUTTON, _KEY, 6)
            shown = Run(_fitting(label, each - 8, pen.ruler))
            pen.text(x + (each - pen.ruler.wide(shown, _BUTTON_SIZE)) / 2, y + 19, shown, _BUTTON_SIZE, _INK)
        y += _BUTTON + _BUTTON_GAP


def _fitting(label: str, width: float, ruler: _Ruler) -> str:
    """Return a label cut as Telegram cuts it where the button is narrow."""
    shown = label
    while ruler.wide(Run(shown), _BUTTON_SIZE) > width:
        shown = shown.rstrip("…")[:-1].rstrip() + "…"
    return shown


def _font(run: Run, size: float) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(
        family="DejaVu Sans", size=size * 72 / _PER_INCH, weight="bold" if run.bold else "normal",
        style="italic" if run.italic else "normal",
    )  # fmt: skip


class _Ruler:
    """Measures text."""

    def __init__(self, canvas: Any) -> None:
        self._renderer = canvas.get_renderer()

    def wide(self, run: Run, size: float) -> float:
        """Return the width of a run, spaces at its ends too, which alone have no width."""
        with_bars, bars = self._raw(Run(f"|{run.text}|", run.bold, run.italic), size), Run("||", run.bold, run.italic)
        return with_bars - self._raw(bars, size)

    def _raw(self, run: Run, size: float) -> float:
        wide, _, _ = self._renderer.get_text_width_height_descent(run.text, _font(run, size), ismath=False)
        return float(wide) / _SCALE


class _Pen:
    """Draws in the units used here, downwards from the top."""

    def __init__(self, figure: Any, height: float, ruler: _Ruler) -> None:
        self.ruler = ruler
        self._axes = figure.add_axes((0, 0, 1, 1))
        self._axes.set_xlim(0, _WIDTH)
        self._axes.set_ylim(height, 0)
        self._axes.axis("off")

    def box(self, x: float, y: float, wide: float, high: float, color: str, radius: float) -> None:
        """Draw a box with round corners."""
        from matplotlib.patches import FancyBboxPatch

        style = f"round,pad=0,rounding_size={radius}" if radius else "square,pad=0"
        self._axes.add_patch(FancyBboxPatch((x, y), wide, high, boxstyle=style, facecolor=color, linewidth=0))

    def text(self, x: float, y: float, run: Run, size: float, color: str) -> None:
        """Draw a run on a baseline; a dollar sign is one."""
        self._axes.text(x, y, run.text, color=color, fontproperties=_font(run, size), va="baseline", parse_math=False)
