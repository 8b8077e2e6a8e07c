"""The library's requests over aiohttp: its default client rescans its pool for every queued request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import JSONDict
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.tg.hold import calling

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 20.0
_UPLOAD_SECONDS = 60.0
_POOL = 512
_JSON = {"Content-Type": "application/json"}


class AiohttpRequest(BaseRequest):
    """One pooled aiohttp session as python-telegram-bot's transport, uploads included."""

    def __init__(self) -> None:
        """Take nothing; the session opens with `initialize`."""
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Return how many seconds an ordinary request may take."""
        return _READ_SECONDS

    async def initialize(self) -> None:
        """Open the session."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=_POOL, keepalive_timeout=60)
            # Telegram's address is given; a proxy from the environment must not see what is asked.
            self._session = aiohttp.ClientSession(connector=connector, trust_env=False)

    async def shutdown(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @staticmethod
    def parse_json_payload(payload: bytes) -> JSONDict:
        """Return the answer as an object; raises NetworkError for anything else, since a gateway may speak instead."""
        try:
            data: object = BaseRequest.parse_json_payload(payload)
        except (TelegramError, RecursionError):
            data = None
        if not isinstance(data, dict) or not data.keys() & {"result", "error_code", "description"}:
            raise NetworkError("what came back is no answer of the Bot API")
        return data

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return (HTTP status, body); raises the library's TimedOut or NetworkError, without the address."""
        if self._session is None:
            raise NetworkError("the transport is closed")
        await calling()
        uploads = request_data is not None and request_data.contains_files
        read = _number(read_timeout, _UPLOAD_SECONDS if uploads else _READ_SECONDS)
        timeout = aiohttp.ClientTimeout(total=read + _CONNECT_SECONDS, sock_connect=_CONNECT_SECONDS, sock_read=read)
        try:
            body, headers = _body(request_data)
            async with self._session.request(method, url, data=body, headers=headers, timeout=timeout) as response:
                return response.status, await response.read()
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError) as error:
            # The client's own message may hold the address, and with it the token.
            raise NetworkError(f"{type(error).__name__} on the way to the Bot API") from None


def _number(value: Any, default: float) -> float:
    value = DefaultValue.get_value(value)
    return default if value is None else float(value)


def _body(data: RequestData | None) -> tuple[Any, Mapping[str, str] | None]:
    """Return what is posted and its headers: one JSON object, or a multipart form where there are files."""
    if data is None or not data.parameters:
        return None, None
    if not data.contains_files:
        return json.dumps(data.parameters, separators=(",", ":")).encode(), _JSON
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form, None
