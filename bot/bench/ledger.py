"""`unspoken bench ledger`: what noting messages for clearing costs beside a whole turn over HTTP."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from bot.app import App, build_application, handle_raw, make_desk
from bot.content.catalogue import Catalogue
from bot.core.engine import Engine
from bot.settings import Settings
from bot.storage.choices import Reader
from bot.storage.database import Database
from bot.storage.ledger import Ledger

_TOKEN = "1:bench"  # noqa: S105 - no token of anybody
_QUESTION = "is texting my ex micro-cheating?"
_WARM_UP = 100
_FIRST_CHAT = 10_000_000


class Stub:
    """Answers every call of the Bot API at once, on a free loopback port."""

    def __init__(self) -> None:
        """Take nothing."""
        self._number = 1000
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        self.url = ""

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        result: Any = True
        if method == "getMe":
            result = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
        elif method == "sendMessage":
            self._number += 1
            data = await request.json()
            chat = {"id": int(str(data["chat_id"])), "type": "private"}
            result = {"message_id": self._number, "date": int(time.time()), "chat": chat, "text": str(data["text"])}
        return web.json_response({"ok": True, "result": result})


class _NoLedger(Ledger):
    """Neither notes nor reads; what a turn costs without the ledger."""

    async def note_all(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    async def reader(self, chat_id: int) -> Reader:
        """Return the defaults."""
        return Reader()


async def bench_ledger(engine: Engine, catalogue: Catalogue, turns: int) -> str:
    """Return JSON: ms of a turn over HTTP with and without the ledger (medians), and what the ledger adds, as a share.

    Each turn is of a chat of its own, so that the ledger also reads what was chosen there. With and without take turns,
    and the share is of the median difference between neighbours: a busy machine slows both alike.
    """
    stub = Stub()
    await stub.start()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            token=SecretStr(_TOKEN), secret=SecretStr("b" * 32), data_dir=Path(folder), api_base_url=stub.url
        )
        database = Database(settings.resolved_database_url)
        await database.open()
        desk, bare = (make_desk(settings, engine, catalogue, database) for _ in range(2))
        none = _NoLedger(database, desk.post.ledger._seal)
        for part in (bare.post, bare.personal):
            object.__setattr__(part, "ledger", none)
        on: list[float] = []
        off: list[float] = []
        async with build_application(settings, desk) as noting, build_application(settings, bare) as other:
            for number in range(_WARM_UP + turns):
                on.append(await _turn(noting, 2 * number))
                off.append(await _turn(other, 2 * number + 1))
        await database.close()
    await stub.stop()
    on, off = on[_WARM_UP:], off[_WARM_UP:]
    added = statistics.median(a - b for a, b in zip(on, off, strict=True))
    return json.dumps(
        {
            "turn_ms": round(statistics.median(on) * 1000, 3),
            "without_ledger_ms": round(statistics.median(off) * 1000, 3),
            "overhead": round(added / statistics.median(off), 3),
        }
    )


async def _turn(application: App, number: int) -> float:
    """Return the seconds that one question takes until all is done."""
    chat = _FIRST_CHAT + number
    message = {
        "message_id": number + 1, "date": int(time.time()), "text": _QUESTION,
        "chat": {"id": chat, "type": "private"}, "from": {"id": chat, "is_bot": False, "first_name": "B"},
    }  # fmt: skip
    update = {"update_id": number, "message": message}
    began = time.perf_counter()
    await handle_raw(application, update)
    taken = time.perf_counter() - began
    await asyncio.sleep(0)
    return taken
