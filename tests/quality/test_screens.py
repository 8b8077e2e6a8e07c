"""Pictures of chats: those in the docs are of the present texts, small, and made by the command named beside them."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.content.catalogue import Catalogue
from bot.errors import UnspokenError
from bot.quality.chatpicture import Bubble, Scene, draw_scene
from bot.quality.chattext import Line, Run, broken, read_lines
from bot.quality.screens import draw_screens, make_scenes, mark_of

MOST_BYTES = 80_000
AGAIN = "draw it again: unspoken screens docs/screens"


@pytest.fixture(scope="module")
def scenes(catalogue: Catalogue, root: Path) -> Mapping[str, Scene]:
    """Return what is drawn."""
    return make_scenes(catalogue, root)


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG picture."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_pictures_in_the_docs_are_of_the_present_texts(scenes: Mapping[str, Scene], root: Path) -> None:
    """Each holds the hash of what it shows; none is left over, and none is large."""
    folder = root / "docs" / "screens"
    assert {path.name for path in folder.iterdir()} == {f"{name}.png" for name in scenes}
    for name, scene in scenes.items():
        png = (folder / f"{name}.png").read_bytes()
        assert b"Comment\x00" + mark_of(scene).encode() in png, f"docs/screens/{name}.png: {AGAIN}"
        assert len(png) < MOST_BYTES


def test_every_picture_is_on_the_page_for_admins(scenes: Mapping[str, Scene], root: Path) -> None:
    """With words for those who cannot see it, and with the command that made it."""
    page = (root / "docs" / "admins.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[([^\]]+)\]\(screens/(\w+)\.png\)", page)
    assert {name for _, name in shown} == set(scenes)
    assert all(len(words) > 10 for words, _ in shown)
    assert "unspoken screens docs/screens" in page


def test_nothing_in_the_pictures_is_anybodys(scenes: Mapping[str, Scene]) -> None:
    """Invented names alone, and every card of the bot is there whole."""
    for scene in scenes.values():
        assert all(bubble.html for bubble in scene.bubbles)
        assert "{" not in "".join(bubble.html for bubble in scene.bubbles)


def test_they_are_drawn_into_a_folder(catalogue: Catalogue, root: Path, tmp_path: Path) -> None:
    """All of one width, and the same each time."""
    paths = draw_screens(catalogue, root, tmp_path / "new")
    assert len(paths) == len(make_scenes(catalogue, root))
    assert len({size_of(path.read_bytes())[0] for path in paths}) == 1
    name = paths[0].stem
    scene = make_scenes(catalogue, root)[name]
    assert draw_scene(scene, mark_of(scene)) == paths[0].read_bytes()


def test_another_text_has_another_mark() -> None:
    """So that a picture of an earlier text is seen."""
    one, other = (Scene("x", (Bubble(text),)) for text in ("a", "b"))
    assert mark_of(one) != mark_of(other)


def test_html_is_read_as_telegram_shows_it() -> None:
    """Bold and italic, quotations as blocks of their own, entities as letters."""
    lines = read_lines("a <b>b &amp; c</b>\n<blockquote>q\nr</blockquote>\n\n<i>d</i> $x$ &lt;")
    assert [line.quoted for line in lines] == [False, True, True, False, False]
    assert lines[0].runs == [Run("a "), Run("b & c", bold=True)] or "".join(r.text for r in lines[0].runs) == "a b & c"
    assert ["".join(run.text for run in line.runs) for line in lines[1:]] == ["q", "r", "", "d $x$ <"]
    assert lines[4].runs[0].italic
    assert read_lines("") == [Line()]


def test_lines_are_broken_between_words() -> None:
    """No word is lost, none is cut, and a line is too wide only where a single word is."""
    text = "one two three fourfourfourfour five"
    pieces = list(broken(Line([Run(text)], quoted=True), 9, lambda run: len(run.text)))
    assert all(piece.quoted for piece in pieces)
    shown = ["".join(run.text for run in piece.runs) for piece in pieces]
    assert "".join(shown) == text
    assert all(len(line.rstrip()) <= 9 or " " not in line.strip() for line in shown)


def test_odd_texts_are_drawn() -> None:
    """Formula signs, a label wider than its button, a message of one's own, nothing at all."""
    bubble = Bubble(
        "$a_{b$ \\frac <b>x</b>", "Someone", (("A label that is much too wide for half a row",) * 2,), mine=True
    )
    assert size_of(draw_scene(Scene("$t$", (bubble, Bubble("")))))[1] > 100


def test_without_the_extra_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UnspokenError, match="charts"):
        draw_scene(Scene("x", (Bubble("y"),)))
