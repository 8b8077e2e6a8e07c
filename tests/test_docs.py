"""The docs say what is there."""

from __future__ import annotations

import re
from pathlib import Path

from bot.cli import app
from bot.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]


def test_every_setting_is_in_the_example() -> None:
    """.env.example names each setting once, and nothing else."""
    named = re.findall(rf"^({PREFIX}\w+)=", (ROOT / ".env.example").read_text(), flags=re.M)
    assert sorted(named) == sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)


def test_every_command_is_in_the_readme() -> None:
    """The README shows each command of the program."""
    readme = (ROOT / "README.md").read_text()
    for command in app.registered_commands:
        name = command.name or command.callback.__name__  # type: ignore[union-attr]
        assert f"unspoken {name}" in readme, name


def test_every_decision_is_dated_and_has_a_reason() -> None:
    """A decision without its reason cannot be changed with good sense."""
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        text = path.read_text()
        assert re.search(r"^Date: 20\d\d-\d\d-\d\d$", text, flags=re.M), path.name
        assert "## Why" in text, path.name
