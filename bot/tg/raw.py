"""Calls of the Bot API whose answer is left as it came: making the library's objects costs more than the call."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from telegram import Bot
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

T = TypeVar("T")
_ODD = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""what the library raises where an answer is JSON, and other than the Bot API's"""


async def heard(call: Awaitable[T]) -> T:
    """Return what a call gives; raises the library's errors, NetworkError too for an answer that cannot be read.

    A gateway may speak instead of Telegram. Only for calls that may be repeated: whether one took effect is not known.
    """
    try:
        return await call
    except TelegramError:
        raise
    except _ODD:
        # The message of what was raised may quote the answer.
        raise NetworkError("what came back is no answer to this call") from None


async def call_raw(bot: Bot, method: str, values: Mapping[str, Any], read_timeout: float | None = None) -> Any:
    """Return what the Bot API answers as plain values; raises the library's errors.

    `values` are plain too; those that are None are left out.
    """
    data = RequestData([RequestParameter(name, value, None) for name, value in values.items() if value is not None])
    patience: Any = BaseRequest.DEFAULT_NONE if read_timeout is None else read_timeout
    return await bot.request.post(f"{bot.base_url}/{method}", data, read_timeout=patience)
