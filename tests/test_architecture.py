"""The house: who may import whom, and what may lie where."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BOT = ROOT / "bot"
MAY_IMPORT = {
    "core": {"core", "errors"},
    "content": {"content", "core", "errors"},
    "storage": {"storage", "errors"},
    "tg": {"tg", "core", "content", "storage", "errors", "log"},
    "doctor": {"doctor", "content", "storage", "tg", "errors", "secret", "settings"},
    "bench": {"bench", "app", "content", "core", "storage", "errors", "log", "quality", "settings", "start", "tg"},
    "quality": {"quality", "core", "content", "errors", "chat", "classify"},
}
IMPURE = {"os", "pathlib", "io", "socket", "time", "datetime", "random", "asyncio", "telegram", "aiohttp", "sqlalchemy",
          "yaml", "jinja2", "logging", "subprocess", "threading", "tempfile", "urllib", "http", "secrets"}  # fmt: skip


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    """core knows nobody, content knows core, storage knows nobody, tg knows all three."""
    for path in (BOT / room).rglob("*.py"):
        ours = {name.split(".")[1] for name in _imports(path) if name.startswith("bot.")}
        assert ours <= MAY_IMPORT[room], f"{path.relative_to(ROOT)} imports {ours - MAY_IMPORT[room]}"


def test_the_core_is_pure() -> None:
    """The core has no disk, clock, network, randomness of the system or Telegram."""
    for path in (BOT / "core").rglob("*.py"):
        first = {name.split(".")[0] for name in _imports(path)}
        assert not first & IMPURE, f"{path.relative_to(ROOT)} imports {first & IMPURE}"


def test_only_tg_and_app_know_telegram() -> None:
    """Whatever else imports the library could not be tried without it."""
    for path in BOT.rglob("*.py"):
        inside = path.relative_to(BOT).parts[0]
        if (
            inside != "tg" and path.name != "app.py" and path != BOT / "bench" / "echo.py"
        ):  # a stock bot to measure beside
            assert not any(name.split(".")[0] == "telegram" for name in _imports(path)), path


@pytest.mark.parametrize("folder", ["intents", "responses", "tests/sentences"])
def test_content_folders_hold_no_python(folder: str) -> None:
    """A writer of content needs no Python, and `responses/__init__.py` would shadow a library."""
    assert not list((ROOT / folder).rglob("*.py"))


def test_nothing_reads_beyond_the_project() -> None:
    """The project stands alone."""
    for path in (*BOT.rglob("*.py"), *(ROOT / "tests").rglob("*.py")):
        if path != Path(__file__):
            assert "../shared" not in path.read_text(encoding="utf-8"), path
