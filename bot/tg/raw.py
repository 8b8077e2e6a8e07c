"""Calls of the Bot API whose answer is left as it came: making the library's objects costs more than the call."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from telegram import Bot
from telegram.error import EndPointNotFound, InvalidToken
from telegram.request import BaseRequest

# The library advises against raw calls of what it has methods for.
warnings.filterwarnings("ignore", message="Please use 'Bot.")


async def call_raw(bot: Bot, method: str, values: Mapping[str, Any], read_timeout: float | None = None) -> Any:
    """Return what the Bot API answers as plain values; raises the library's errors.

    Values that are None are left out.
    """
    patience: Any = BaseRequest.DEFAULT_NONE if read_timeout is None else read_timeout
    try:
        return await bot.do_api_request(method, api_kwargs=dict(values), read_timeout=patience)
    except EndPointNotFound:  # how the library reports a 401 to a raw call
        raise InvalidToken from None
