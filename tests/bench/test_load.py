"""The bench that sets the bot beside others: what it counts, and that it sees a bot that does not answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from bot.bench import growth, program
from bot.bench import report as reports
from bot.bench.load import Figures, Load, measure
from bot.bench.program import Plan, Program, echo
from bot.bench.report import PARTS, LoadReport, Order, draw_load, run_load, steps_of, tables
from bot.bench.stub import Stub
from bot.errors import UnspokenError


async def test_a_stock_bot_is_measured() -> None:
    """Every message is answered and counted, none of the warming up."""
    found = await measure([echo("ptb-aiohttp")], Load(60, 30), ["hello", "how are you"])
    assert found.unanswered == 0
    assert found.a_second > 0
    assert 0 < found.p50_ms <= found.p99_ms
    assert found.cpu_ms > 0
    assert found.memory_mb > 10


async def test_a_slow_api_is_waited_for() -> None:
    """Half of the replies take at least what the API takes."""
    found = await measure([echo("ptb-aiohttp")], Load(20, 20, delay=0.05), ["hello"])
    assert found.p50_ms >= 50


async def test_a_program_that_ends_is_one_line() -> None:
    """Nothing waits for a bot that cannot start."""
    stub = Stub()
    await stub.start()
    try:
        with pytest.raises(UnspokenError, match="nothing did not start"):
            await Program.start(Plan("nothing", ("this",)), stub)
    finally:
        await stub.stop()


async def test_a_bot_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bench ends although messages are open."""
    monkeypatch.setattr("bot.bench.load._IDLE_SECONDS", 0.05)
    with pytest.raises(UnspokenError, match="got no reply"):
        await measure([echo("ptb-aiohttp")], Load(5, 5, delay=3.0), ["hello"])


def test_the_catalogue_is_thinned_evenly(tmp_path: Path) -> None:
    """A quarter of the phrasings of each list stays, and the file stays what it was otherwise."""
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump({"batches": {"a": {"plain": [{"none": str(i)} for i in range(40)]}}}))
    assert growth._thin(path, 0.25) == 10
    kept = yaml.safe_load(path.read_text())["batches"]["a"]["plain"]
    assert [int(item["none"]) for item in kept] == list(range(3, 40, 4))


def test_tables_name_every_part() -> None:
    """One table for each part that ran, none for the others."""
    one = Figures("ptb", 278.0, 10.0, 20.0, 3.1, 50.0, 0.5, 0)
    report = LoadReport(bots=[one], replicas=[(1, one), (2, one)], catalogue=[growth.Size(0.1, 100, 1.0, 0.2, 1.1)])
    shown = list(tables(report))
    assert len(shown) == 3
    assert "278.0" in shown[0]
    assert steps_of(Order(Path(), parts=PARTS)) > steps_of(Order(Path(), parts=("bots",)))


def test_a_part_that_fails_loses_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured is shown, and the part that was not says why."""

    def fails(*_: object) -> None:
        raise UnspokenError("bench: nothing answers")

    monkeypatch.setitem(reports._PARTS, "bots", fails)
    monkeypatch.setitem(reports._PARTS, "catalogue", lambda _, report, *rest: report.catalogue.append(1))
    report = run_load(Order(Path(), parts=("bots", "catalogue")))
    assert report.failed == {"bots": "bench: nothing answers"}
    assert report.catalogue == [1]


def test_plots_are_pictures(tmp_path: Path) -> None:
    """Each is a PNG."""
    one = Figures("ptb", 278.0, 10.0, 20.0, 3.1, 50.0, 0.5, 0)
    report = LoadReport(bots=[one], steady=[one], replicas=[(1, one)], chats=[growth.Crowd(10, one, 4096)])
    paths = draw_load(report, tmp_path)
    assert len(paths) == 3
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in paths)


def test_programs_run_with_this_python() -> None:
    """No other interpreter, and no settings of the operator's own reach it."""
    plan = program.unspoken("x", Path("data"), "sqlite+aiosqlite:///x", lexical=True, country="GB")
    assert plan.arguments == ("bot.bench.subject", "lexical")
    assert plan.environment["UNSPOKEN_COUNTRY"] == "GB"
    assert sys.executable


def test_numbers_of_updates_go_on() -> None:
    """A bot that kept its database takes a later bench's updates for new ones."""
    first, second = Stub(), Stub()
    first.offer([(1, "a")])
    second.offer([(1, "a")])
    assert second._queue[0]["update_id"] > first._queue[0]["update_id"]
    assert first._queue[0]["update_id"] > 10**12  # milliseconds since 1970: later programs begin higher
