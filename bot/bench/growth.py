"""The benches' three questions of growth: more replicas, more chats, more phrasings."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.bench.load import Figures, Load, measure
from bot.bench.postgres import PostgresServer
from bot.bench.program import Plan, free_port, unspoken
from bot.content.catalogue import require_catalogue
from bot.content.load import load_engine
from bot.content.yamlfile import read_yaml
from bot.errors import UnspokenError

_SPREAD = 500
"""chats that the replicas' load comes from"""
_A_CHAT = 2
"""messages of one chat, below what a chat may send in twenty seconds"""


async def replicas(data: Path, count: int, messages: int, texts: Sequence[str], address: str) -> Figures:
    """Return what `count` replicas on one PostgreSQL at `address` do behind a balancer that takes turns."""
    plans = [_replica(data, address) for _ in range(count)]
    return await measure(plans, Load(messages, _SPREAD), texts)


def _replica(data: Path, address: str) -> Plan:
    place = f"127.0.0.1:{free_port()}"
    return unspoken(
        "unspoken", data, address, lexical=True, webhook_url=f"http://{place}/hook", webhook_listen=place
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crowd:
    """What one process did with the messages of many chats."""

    chats: int
    figures: Figures
    stored: int
    """bytes of the database afterwards, when nothing is cleared yet"""


async def crowd(data: Path, count: int, texts: Sequence[str], folder: Path) -> Crowd:
    """Return what one process does with messages from `count` chats, polling, on a fresh SQLite file in `folder`."""
    path = folder / f"chats{count}.sqlite3"
    plan = unspoken("unspoken", data, f"sqlite+aiosqlite:///{path}", lexical=True)
    figures = await measure([plan], Load(count * _A_CHAT, count), texts)
    return Crowd(count, figures, path.stat().st_size)  # stopped by now: nothing is left in the write-ahead log


@contextmanager
def postgres(address: str | None) -> Iterator[str]:
    """Yield the address of a PostgreSQL: the given one, else a server from the extra's wheel in a temporary folder."""
    if address is not None:
        yield address
        return
    try:
        server = PostgresServer()
    except RuntimeError as error:
        raise UnspokenError(f"bench: no PostgreSQL of its own ({error}); give one by UNSPOKEN_DATABASE_URL") from None
    try:
        yield server.url(server.create())
    finally:
        server.close()


@dataclass(frozen=True, slots=True)
class Size:
    """What a catalogue of some size costs."""

    share: float
    """of the phrasings, 0..1"""
    phrasings: int
    fit_s: float
    load_s: float
    turn_ms: float
    """the median of understanding one message, without the encoder"""


def catalogue_size(root: Path, share: float, texts: Sequence[str]) -> Size:
    """Return the costs of the catalogue at `root` with every n-th phrasing only, fitted anew in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        copy, data = Path(name) / "content", Path(name) / "data"
        for part in ("intents", "responses"):
            shutil.copytree(root / part, copy / part)
        kept = sum(_thin(path, share) for path in sorted((copy / "intents").rglob("*.yaml")))
        began = time.perf_counter()
        load_engine(copy, data, lambda _: None, semantic=False)
        fitted = time.perf_counter()
        engine = load_engine(copy, data, lambda _: None, semantic=False)
        require_catalogue(copy)
        loaded = time.perf_counter()
        taken = []
        for text in texts:
            at = time.perf_counter()
            engine.decide(text)
            taken.append(time.perf_counter() - at)
        taken.sort()
        return Size(
            share, kept, round(fitted - began, 1), round(loaded - fitted, 2), round(taken[len(taken) // 2] * 1000, 3)
        )


def _thin(path: Path, share: float) -> int:
    """Keep a share of the phrasings of one file; return how many it has then, 0 for what holds none."""
    data, _ = read_yaml(path, path.parent)
    if not isinstance(data, dict):
        return 0
    kept = 0
    for lists in _lists(data):
        lists[:] = [item for i, item in enumerate(lists) if int((i + 1) * share) > int(i * share)]
        kept += len(lists)
    if kept and share < 1.0:
        path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return kept


def _lists(data: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield the lists of phrasings in a file of an intent, or of dangers."""
    batches = data.get("batches")
    if isinstance(batches, dict):
        for styles in batches.values():
            yield from styles.values()
    yield from (data[kind] for kind in ("positives", "negatives") if isinstance(data.get(kind), list))
