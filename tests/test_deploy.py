"""What is handed to servers: a unit that systemd reads without a word, and an image file that names what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.cli import app
from bot.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
UNIT = ROOT / "deploy" / "unspoken.service"
EXPOSURE = "20"
"""the most that `systemd-analyze security` may say, in tenths; 96 is a unit without any hardening"""
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze on the unit, with a program that is on this machine."""
    unit = folder / UNIT.name
    unit.write_text(re.sub(r"^ExecStart=.*", f"ExecStart={shutil.which('true')}", UNIT.read_text(), flags=re.M))
    return subprocess.run(
        [shutil.which("systemd-analyze") or "", *arguments, str(unit)], capture_output=True, text=True, check=False
    )


@needs_systemd
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Nothing in it is unknown, and nothing is said."""
    done = analyze(tmp_path, "verify")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
def test_the_unit_takes_away_what_is_not_needed(tmp_path: Path) -> None:
    """By systemd's own count, where this systemd can count without running the unit."""
    if "--offline" not in analyze(tmp_path, "--help").stdout:
        pytest.skip("this systemd-analyze cannot look at a file")
    done = analyze(tmp_path, "security", "--offline=yes", f"--threshold={EXPOSURE}")
    assert done.returncode == 0, done.stdout[-500:]


def test_the_unit_starts_a_command_that_exists_and_sets_what_is_a_setting() -> None:
    """And starts it again whenever it ends; no text goes to a disk."""
    unit = UNIT.read_text()
    (started,) = re.findall(r"^ExecStart=\S+/unspoken (\w+)$", unit, flags=re.M)
    assert started in {c.name or c.callback.__name__ for c in app.registered_commands}  # type: ignore[union-attr]
    for name in re.findall(rf"{PREFIX}(\w+)", unit):
        assert name.lower() in Settings.model_fields
    for line in ("Restart=always", "LimitCORE=0", "MemorySwapMax=0"):
        assert f"\n{line}\n" in unit


def test_the_image_is_made_of_what_is_there() -> None:
    """Every folder that is copied exists, all content among them, and nothing secret can be."""
    lines = (ROOT / "deploy" / "Containerfile").read_text().splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    assert {"bot", "intents", "responses", "models", "pyproject.toml", "constraints.txt"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    assert "USER unspoken" in lines


def test_what_an_operator_types_exists() -> None:
    """Every command, file and setting that docs/operating.md names is there."""
    text = (ROOT / "docs" / "operating.md").read_text()
    commands = {c.name or c.callback.__name__ for c in app.registered_commands}  # type: ignore[union-attr]
    typed = set(re.findall(r"(?:^    |`)unspoken ([a-z-]+)", text, flags=re.M))
    assert typed
    assert typed <= commands
    for name in re.findall(rf"{PREFIX}(\w+)", text):
        assert name.lower() in Settings.model_fields
    for path in re.findall(r"/opt/unspoken/((?:deploy/|\.env)[\w.-]+)", text):
        assert (ROOT / path).exists()
    for path in re.findall(r"\]\(([\w./-]+\.md)\)", text):
        assert (ROOT / "docs" / path).exists()
