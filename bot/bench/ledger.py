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
from bot.storage.database import Database
from bot.storage.ledger import Ledger

_TOKEN = "1:bench"  # noqa: S105 - no token of anybody
_QUESTION = "is texting my ex micro-cheating?"
_WARM_UP = 50
_ROUNDS = 6
_CHATS = 500


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
            data = await request.post()
            chat = {"id": int(str(data["chat_id"])), "type": "private"}
            result = {"message_id": self._number, "date": int(time.time()), "chat": chat, "text": str(data["text"])}
        return web.json_response({"ok": True, "result": result})


class _NoLedger(Ledger):
    """Notes nothing; what a turn costs without the ledger."""

    async def note(self, *_: Any, **__: Any) -> None:
        """Do nothing."""


async def bench_ledger(engine: Engine, catalogue: Catalogue, turns: int) -> str:
    """Return JSON: median ms of a turn over HTTP with and without the ledger, in turns, and the overhead as a share."""
    stub = Stub()
    await stub.start()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            token=SecretStr(_TOKEN), secret=SecretStr("b" * 32), data_dir=Path(folder), api_base_url=stub.url
        )
        database = Database(settings.resolved_database_url)
        await database.open()
        desk = make_desk(settings, engine, catalogue, database)
        with_ledger = desk.post
        bare = make_desk(settings, engine, catalogue, database)
        object.__setattr__(bare.post, "ledger", _NoLedger(database, with_ledger.ledger._seal))
        async with build_application(settings, desk) as on, build_application(settings, bare) as off:
            await _turns(on, _WARM_UP, 0)
            await _turns(off, _WARM_UP, _WARM_UP)
            taken: dict[str, list[float]] = {"on": [], "off": []}
            for number in range(_ROUNDS):
                part = max(1, turns // _ROUNDS)
                taken["on"] += await _turns(on, part, 1000 + number * part)
                taken["off"] += await _turns(off, part, 1000 + number * part)
        await database.close()
    await stub.stop()
    on_ms, off_ms = (statistics.median(taken[name]) * 1000 for name in ("on", "off"))
    return json.dumps(
        {"turn_ms": round(on_ms, 3), "without_ledger_ms": round(off_ms, 3), "overhead": round(on_ms / off_ms - 1, 3)}
    )


async def _turns(application: App, count: int, first: int) -> list[float]:
    taken: list[float] = []
    for number in range(first, first + count):
        chat = 10_000_000 + number % _CHATS
        message = {
            "message_id": number + 1, "date": int(time.time()), "text": _QUESTION,
            "chat": {"id": chat, "type": "private"}, "from": {"id": chat, "is_bot": False, "first_name": "B"},
        }  # fmt: skip
        update = {"update_id": number, "message": message}
        began = time.perf_counter()
        await handle_raw(application, update)
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(0)
    return taken
