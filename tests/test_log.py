"""The log as the program sets it up."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.log import setup_logging

CANARY = "canarywordinthetext"


@pytest.fixture
def as_started(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Set the log up at DEBUG, and take all of it back."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict}
    setup_logging("DEBUG")
    yield
    root.setLevel(level)
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))


@pytest.mark.parametrize(
    "name", ["telegram.ext.Application", "httpx", "asyncpg.pool", "a.library.of.tomorrow", "botany"]
)
def test_no_library_is_let_through(as_started: None, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """At no level and whatever its name, also one that sets its own level, or the one after the next upgrade."""
    library = logging.getLogger(name)
    for level in (logging.DEBUG, logging.WARNING, logging.CRITICAL):
        library.log(level, "%s", CANARY)
    library.setLevel(logging.DEBUG)
    library.critical(CANARY)
    logging.getLogger("bot.app").info("ready")
    written = capsys.readouterr().err
    assert "ready" in written
    assert CANARY not in written
