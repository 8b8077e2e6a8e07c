"""A message's HTML as lines of styled text, broken to a width: what a picture of it is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style."""

    text: str
    bold: bool = False
    italic: bool = False


@dataclass(slots=True)
class Line:
    """A line before it is broken to a width."""

    runs: list[Run] = field(default_factory=list)
    quoted: bool = False


class _Reader(HTMLParser):
    """Telegram's HTML to lines; a quotation is a block of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = [Line()]
        self._open: list[str] = []
        self._after_quote = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if tag == "blockquote":
            if self.lines[-1].runs:
                self.lines.append(Line())
            self.lines[-1].quoted = True

    def handle_endtag(self, tag: str) -> None:
        self._open.remove(tag)
        if tag == "blockquote":
            self.lines.append(Line())
            self._after_quote = True

    def handle_data(self, data: str) -> None:
        if self._after_quote:
            data, self._after_quote = data.removeprefix("\n"), False
        for number, part in enumerate(data.split("\n")):
            if number:
                self.lines.append(Line(quoted="blockquote" in self._open))
            if part:
                self.lines[-1].runs.append(Run(part, "b" in self._open, "i" in self._open))


def read_lines(html: str) -> list[Line]:
    """Return the lines of a message, none of them empty at the end."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    while len(reader.lines) > 1 and not reader.lines[-1].runs:
        reader.lines.pop()
    return reader.lines


def broken(line: Line, width: float, measure: Callable[[Run], float]) -> Iterator[Line]:
    """Yield a line in pieces of at most `width`, broken between words; `measure` tells how wide a run is."""
    piece, used = Line(quoted=line.quoted), 0.0
    for run in line.runs:
        words = run.text.split(" ")
        for number, word in enumerate(words):
            part = Run(word if number == len(words) - 1 else word + " ", run.bold, run.italic)
            if not part.text:
                continue
            wide = measure(Run(part.text.rstrip(" "), run.bold, run.italic))
            if piece.runs and used + wide > width:
                yield piece
                piece, used = Line(quoted=line.quoted), 0.0
            piece.runs.append(part)
            used += measure(part)
    yield piece
