"""What all tests share: the real content, and one engine fitted on it."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from bot.content.catalogue import Catalogue, require_catalogue
from bot.content.load import load_engine
from bot.content.paths import content_root, default_data_dir
from bot.content.render import Renderer
from bot.core.engine import Engine

pytest_plugins = ["tests.operating", "tests.postgres"]
# The library otherwise warns that times will one day be timedeltas.
os.environ.setdefault("PTB_TIMEDELTA", "1")
MORNING = dt.datetime(2026, 1, 7, 10, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings or the data of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("UNSPOKEN_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the checkout."""
    return content_root()


@pytest.fixture(scope="session")
def catalogue(root: Path) -> Catalogue:
    """Return the real content."""
    return require_catalogue(root)


@pytest.fixture(scope="session")
def engine(root: Path) -> Engine:
    """Return the engine on the matcher that `make setup` fitted."""
    return load_engine(root, default_data_dir())


@pytest.fixture
def renderer(catalogue: Catalogue) -> Renderer:
    """Return the writer of replies at a fixed hour."""
    return Renderer(catalogue, lambda: MORNING)
