"""A fault of the program's own: what it says of itself quotes nobody."""

from __future__ import annotations

import logging
import sys
import threading

import pytest

from bot import cli
from bot.log import quiet_crashes, setup_logging
from tests.operating import Command

CANARY = "canarywordinthetext"
TOKEN = "7000000001:AAcanarytokencanarytokencanarytoken"


class Bursting:
    """Something that fails while it is cleared away."""

    def __del__(self) -> None:
        raise RuntimeError(CANARY)


def fail(*_: object, **__: object) -> None:
    """Fail with words of a reader."""
    raise RuntimeError(f"{CANARY} {TOKEN}")


def test_a_fault_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type and place, nothing of the message, and no traceback; the supervisor starts the program again."""
    monkeypatch.setattr(cli, "make_engine", fail)
    done = command("fit")
    assert done.status == 1
    assert done.out == ""
    assert done.err.startswith("unspoken: ended by a fault of its own: RuntimeError at bot/cli.py:")
    assert len(done.err.splitlines()) == 1
    assert CANARY not in done.err
    assert TOKEN not in done.err


def test_what_fails_beside_is_type_and_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a thread, or while something is cleared away."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    level = root.level
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict}
    setup_logging("DEBUG")
    quiet_crashes()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Bursting()
    root.setLevel(level)
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    written = capsys.readouterr().err
    assert written.count("something failed beside: RuntimeError at") == 2
    assert CANARY not in written
    assert TOKEN not in written
