"""Calls of the Bot API whose answer is left as it came: making the library's objects costs more than the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Bot
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter


async def call_raw(bot: Bot, method: str, values: Mapping[str, Any], read_timeout: float | None = None) -> Any:
    """Return what the Bot API answers as plain values; raises the library's errors.

    `values` are plain too; those that are None are left out.
    """
    data = RequestData([RequestParameter(name, value, None) for name, value in values.items() if value is not None])
    patience: Any = BaseRequest.DEFAULT_NONE if read_timeout is None else read_timeout
    return await bot.request.post(f"{bot.base_url}/{method}", data, read_timeout=patience)
