"""`unspoken bench load`: all runs one after the other, as tables, JSON and plots."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.bench.growth import Crowd, Size, catalogue_size, crowd, postgres, replicas
from bot.bench.load import Figures, Load, median_of
from bot.bench.program import Plan, echo, unspoken
from bot.content.paths import content_root, sentences_root
from bot.errors import UnspokenError
from bot.quality.bench import test_texts

_RUNS = 3
_SLOW_DELAY = 0.05
_SLOW_SHARE = 4
"""a slow API gets this part of the messages only: the stock bot takes them one after the other"""
_STEADY_RATE = 100.0
_STEADY_SECONDS = 8
_CHATS = 500
_REPLICAS = (1, 2, 4)
_CHAT_COUNTS = (10, 100, 1_000, 10_000)
_SHARES = (0.1, 0.25, 0.5, 1.0)
Step = Callable[..., None]
PARTS = ("bots", "slow", "steady", "replicas", "chats", "catalogue")


@dataclass(slots=True)
class LoadReport:
    """What was measured, by part; a part that was not asked for stays empty."""

    machine: str = ""
    bots: list[Figures] = field(default_factory=list)
    slow: list[Figures] = field(default_factory=list)
    steady: list[Figures] = field(default_factory=list)
    replicas: list[tuple[int, Figures]] = field(default_factory=list)
    chats: list[Crowd] = field(default_factory=list)
    catalogue: list[Size] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """parts that were not measured to their end, and why"""

    def as_json(self) -> str:
        """Return all of it as JSON."""
        return json.dumps(asdict(self), indent=1)


@dataclass(frozen=True, slots=True)
class Order:
    """What to run."""

    data: Path
    """the data folder with the fitted matcher"""
    messages: int = 2000
    parts: tuple[str, ...] = PARTS
    database: str | None = None
    """a PostgreSQL for the replicas; None starts one"""


def steps_of(order: Order) -> int:
    """Return how many runs an order takes, for a progress bar."""
    each = {
        "bots": _RUNS * 5, "slow": 4, "steady": 5,
        "replicas": len(_REPLICAS), "chats": len(_CHAT_COUNTS), "catalogue": len(_SHARES),
    }  # fmt: skip
    return sum(each[part] for part in order.parts)


def run_load(order: Order, step: Step = lambda steps=1: None) -> LoadReport:
    """Run everything that is asked for; `step` is told of each run that ended.

    Where a bot does not start or does not answer, the part says so in `failed` and the next one goes on.
    """
    texts = test_texts(sentences_root())[::7] or ["is texting my ex micro-cheating?"]
    report = LoadReport(f"{os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        for part in order.parts:
            try:
                _PARTS[part](order, report, Path(name), texts, step)
            except UnspokenError as error:  # what was measured before is worth keeping
                report.failed[part] = str(error)
    return report


def _run_bots(order: Order, report: LoadReport, folder: Path, texts: Sequence[str], step: Step) -> None:
    report.bots = _in_turns(_bots(order.data, folder), Load(order.messages, _CHATS), texts, _RUNS, step)


def _run_slow(order: Order, report: LoadReport, folder: Path, texts: Sequence[str], step: Step) -> None:
    load = Load(max(100, order.messages // _SLOW_SHARE), _CHATS, delay=_SLOW_DELAY)
    bots = [b for b in _bots(order.data, folder) if b.name != "ptb-aiohttp"]
    report.slow = _in_turns(bots, load, texts, 1, step)


def _run_steady(order: Order, report: LoadReport, folder: Path, texts: Sequence[str], step: Step) -> None:
    load = Load(int(_STEADY_RATE * _STEADY_SECONDS), _CHATS, rate=_STEADY_RATE)
    report.steady = _in_turns(_bots(order.data, folder), load, texts, 1, step)


def _run_replicas(order: Order, report: LoadReport, folder: Path, texts: Sequence[str], step: Step) -> None:
    for count in _REPLICAS:
        with postgres(order.database) as address:
            found = asyncio.run(replicas(order.data, count, order.messages, texts, address))
        report.replicas.append((count, found))
        step()


def _run_chats(order: Order, report: LoadReport, folder: Path, texts: Sequence[str], step: Step) -> None:
    for count in _CHAT_COUNTS:
        report.chats.append(asyncio.run(crowd(order.data, count, texts, folder)))
        step()


def _run_catalogue(order: Order, report: LoadReport, folder: Path, texts: Sequence[str], step: Step) -> None:
    for share in _SHARES:
        report.catalogue.append(catalogue_size(content_root(), share, texts))
        step()


_PARTS: dict[str, Callable[[Order, LoadReport, Path, Sequence[str], Step], None]] = {
    "bots": _run_bots, "slow": _run_slow, "steady": _run_steady,
    "replicas": _run_replicas, "chats": _run_chats, "catalogue": _run_catalogue,
}  # fmt: skip


def _bots(data: Path, folder: Path) -> list[Plan]:
    kinds = ["ptb", "ptb-aiohttp", *(["aiogram"] if importlib.util.find_spec("aiogram") else [])]
    ours = [
        unspoken(name, data, f"sqlite+aiosqlite:///{folder / name}.sqlite3", lexical=name != "unspoken")
        for name in ("unspoken lexical", "unspoken")
    ]
    return [*map(echo, kinds), *ours]


def _in_turns(bots: Sequence[Plan], load: Load, texts: Sequence[str], runs: int, step: Step) -> list[Figures]:
    """Return a figure for each bot, each measured `runs` times."""
    found = []
    for bot in bots:
        found.append(asyncio.run(median_of(runs, [bot], load, texts)))
        step(runs)
    return found


def tables(report: LoadReport) -> Iterator[str]:
    """Yield the report as Markdown, table by table."""
    titles = (
        ("bots", "All messages at once, an API that answers at once"),
        ("slow", f"All messages at once, an API that takes {_SLOW_DELAY * 1000:.0f} ms to send"),
        ("steady", f"{_STEADY_RATE:.0f} messages a second"),
    )
    for part, title in titles:
        rows = getattr(report, part)
        if rows:
            yield _table(title, "bot", [(f.name, f) for f in rows])
    if report.replicas:
        yield _table("Replicas on one PostgreSQL, webhooks, without the encoder", "replicas", report.replicas)
    if report.chats:
        rows = [(f"{c.chats:,}", c.figures) for c in report.chats]
        stored = ", ".join(f"{c.stored / 1024:,.0f} KiB after {c.chats:,}" for c in report.chats)
        yield _table("Chats, two messages each, without the encoder", "chats", rows) + f"\n\nDatabase: {stored}."
    if report.catalogue:
        head = "| phrasings | fit, s | load, s | one message understood, ms |\n|---|---|---|---|"
        lines = [f"| {s.phrasings:,} | {s.fit_s} | {s.load_s} | {s.turn_ms} |" for s in report.catalogue]
        yield "\n".join(["**Phrasings, without the encoder**", "", head, *lines])
    yield from (f"{part}: not measured to its end: {why}" for part, why in report.failed.items())


def _table(title: str, first: str, rows: Sequence[tuple[Any, Figures]]) -> str:
    head = f"| {first} | messages a second | p50, ms | p99, ms | CPU, ms a message | memory, MB | start, s |"
    lines = [
        f"| {name} | {f.a_second:,} | {f.p50_ms:,} | {f.p99_ms:,} | {f.cpu_ms} | {f.memory_mb:.0f} | {f.start_s} |"
        for name, f in rows
    ]
    return "\n".join([f"**{title}**", "", head, "|---" * 7 + "|", *lines])


def draw_load(report: LoadReport, folder: Path) -> list[Path]:
    """Write one PNG for each part that was measured; needs the extra `charts`. Return the paths."""
    with _pyplot() as pyplot:
        paths: list[Path] = []

        def save(figure: Any, name: str) -> None:
            figure.tight_layout()
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(folder / name, dpi=90)
            pyplot.close(figure)
            paths.append(folder / name)

        if report.bots:
            figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.2), sharey=True)
            names = [f.name for f in report.bots]
            axes[0].barh(names, [f.a_second for f in report.bots])
            axes[0].set_xlabel("messages a second")
            axes[1].barh(names, [f.cpu_ms for f in report.bots], color="tab:orange")
            axes[1].set_xlabel("processor ms a message")
            save(figure, "load_bots.png")
        if report.steady:
            figure, only = pyplot.subplots(figsize=(7, 3.2))
            names = [f.name for f in report.steady]
            only.barh(names, [f.p99_ms for f in report.steady], color="lightgrey", label="99 of 100 within")
            only.barh(names, [f.p50_ms for f in report.steady], label="half within")
            only.set_xscale("log")
            only.set_xlabel(f"ms to the reply at {_STEADY_RATE:.0f} messages a second")
            only.legend()
            save(figure, "load_steady.png")
        if report.replicas or report.chats:
            figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.2))
            for part, which in ((report.replicas, 0), ([(c.chats, c.figures) for c in report.chats], 1)):
                axes[which].plot([n for n, _ in part], [f.a_second for _, f in part], marker="o")
                axes[which].set_ylim(bottom=0)
            axes[0].set_xlabel("replicas")
            axes[0].set_ylabel("messages a second")
            axes[1].set_xlabel("chats")
            axes[1].set_xscale("log")
            save(figure, "load_growth.png")
        return paths


@contextmanager
def _pyplot() -> Iterator[Any]:
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        raise UnspokenError("plots need the extra: pip install -e '.[charts]'") from None
    yield pyplot
