"""A transport that sends nothing: it notes each call and answers as Telegram would."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from telegram import Update
from telegram.ext import Application
from telegram.request import BaseRequest, RequestData

App = Application[Any, Any, Any, Any, Any, Any]
Wire = dict[str, Any]

TOKEN = "7000000001:AAcanarytokencanarytokencanarytoken"
PERSON_ID = 5_551_234_567
GROUP_ID = -4_242_424_242
FIRST_NAME = "Canaryfirstname"
USERNAME = "canary_username"
CANARY = "canarywordinthetext"
CANARIES = (TOKEN, str(PERSON_ID), str(GROUP_ID), FIRST_NAME, USERNAME, CANARY)
"""none of these may be found in a log"""
_PERSON = {"id": PERSON_ID, "is_bot": False, "first_name": FIRST_NAME, "username": USERNAME}
_PRIVATE = {"id": PERSON_ID, "type": "private", "first_name": FIRST_NAME, "username": USERNAME}
_GROUP = {"id": GROUP_ID, "type": "group", "title": "A group"}
_BOT = {"id": 7_000_000_001, "is_bot": True, "first_name": "Unspoken", "username": "unspoken_test_bot"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot."""

    method: str
    params: Wire

    @property
    def buttons(self) -> list[Wire]:
        """Return the inline buttons that were sent along."""
        rows = self.params.get("reply_markup", {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]

    def data(self, label: str) -> str:
        """Return what the button with a label sends back."""
        return str(next(b["callback_data"] for b in self.buttons if b["text"] == label))


@dataclass
class RecordingRequest(BaseRequest):
    """Notes the calls; `refusals` are given out first, one a call, to anything but getMe."""

    calls: list[Call] = field(default_factory=list)
    refusals: deque[tuple[int, Wire]] = field(default_factory=deque)

    @property
    def read_timeout(self) -> float:
        """Return what the library asks for."""
        return 5.0

    async def initialize(self) -> None:
        """Open nothing."""

    async def shutdown(self) -> None:
        """Close nothing."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **more: Any
    ) -> tuple[int, bytes]:
        """Note a call and answer it."""
        name = url.rpartition("/")[2]
        params = dict(request_data.parameters) if request_data is not None else {}
        if name == "getMe":
            return 200, _ok(_BOT)
        self.calls.append(Call(name, params))
        if self.refusals:
            status, body = self.refusals.popleft()
            return status, json.dumps({"ok": False, "error_code": status, **body}).encode()
        if name in {"sendMessage", "editMessageText"}:
            chat = _PRIVATE if params.get("chat_id") == PERSON_ID else _GROUP
            return 200, _ok({"message_id": 10 + len(self.calls), "date": 1, "chat": chat, "text": params["text"]})
        return 200, _ok(True)

    @property
    def sent(self) -> list[Call]:
        """Return the messages sent."""
        return [call for call in self.calls if call.method == "sendMessage"]

    @property
    def last(self) -> Call:
        """Return the message sent last."""
        return self.sent[-1]


def _ok(result: object) -> bytes:
    return json.dumps({"ok": True, "result": result}).encode()


@dataclass
class Talk:
    """One reader's side of a conversation with the application, in process."""

    application: App
    request: RecordingRequest
    _number: int = 0

    async def message(self, *, group: bool = False, **content: Any) -> Call:
        """Send a message with any content; return our last message, which must be new."""
        before = len(self.request.sent)
        chat = _GROUP if group else _PRIVATE
        now = int(time.time())
        await self.update(message={"message_id": 1, "date": now, "chat": chat, "from": _PERSON, **content})
        assert len(self.request.sent) > before, "no reply was sent"
        return self.request.last

    async def say(self, text: str, *, group: bool = False) -> Call:
        """Type a text, with the command marked as Telegram marks it."""
        command = text.split()[0] if text.startswith("/") else ""
        entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if command else []
        return await self.message(text=text, entities=entities, group=group)

    async def press(self, data: str) -> None:
        """Press a button by its data."""
        message = {"message_id": 1, "date": 1, "chat": _PRIVATE, "from": _BOT, "text": "a card"}
        query = {"id": "1", "from": _PERSON, "chat_instance": "1", "message": message, "data": data}
        await self.update(callback_query=query)

    async def update(self, **content: Any) -> None:
        """Hand any update to the application."""
        self._number += 1
        update = Update.de_json({"update_id": self._number, **content}, self.application.bot)
        await self.application.process_update(update)
