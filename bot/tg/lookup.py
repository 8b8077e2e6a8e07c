"""What Telegram says about the bot, asked once for the doctor; nothing is changed there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from telegram import Bot
from telegram.error import EndPointNotFound, Forbidden, InvalidToken, TelegramError

from bot.errors import TokenError
from bot.tg.transport import AiohttpRequest

_DATE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """The bot as Telegram knows it."""

    username: str
    reads_groups: bool
    """whether every message of its groups is sent to it: its privacy mode is off"""
    offers_inline: bool
    webhook: str
    """host that updates are delivered to; empty for none"""
    waiting: int
    """updates that wait to be fetched or delivered"""
    failed_at: float
    """when a delivery last failed, in seconds since 1970; 0 for never"""


async def ask_account(token: str, base_url: str) -> Account:
    """Return what getMe and getWebhookInfo say.

    Raises TokenError when the token is refused, and ConnectionError with the kind of error when nothing can be asked.
    """
    try:
        bot = Bot(token, base_url=f"{base_url}/bot", request=AiohttpRequest(), get_updates_request=AiohttpRequest())
        async with bot:
            webhook = await bot.get_webhook_info()
            return Account(
                username=bot.bot.username or "",
                reads_groups=bool(bot.bot.can_read_all_group_messages),
                offers_inline=bool(bot.bot.supports_inline_queries),
                webhook=urlsplit(webhook.url).hostname or "",
                waiting=webhook.pending_update_count,
                failed_at=webhook.last_error_date.timestamp() if webhook.last_error_date is not None else 0.0,
            )
    except (InvalidToken, EndPointNotFound, Forbidden):
        raise TokenError("Telegram refuses the token; set UNSPOKEN_TOKEN to the one BotFather gave") from None
    except TelegramError as error:
        raise ConnectionError(type(error).__name__) from None


async def measure_drift(base_url: str, clock: Callable[[], float]) -> float | None:
    """Return by how many seconds `clock` is ahead of the server's Date header; None where it sends none.

    Raises ConnectionError with the kind of error when it cannot be reached. The header has whole seconds.
    """
    timeout = aiohttp.ClientTimeout(total=_DATE_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            before = clock()
            async with session.get(base_url, allow_redirects=False) as response:
                after = clock()
                date = response.headers.get("Date", "")
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectionError(type(error).__name__) from None
    try:
        told = parsedate_to_datetime(date).timestamp() + 0.5
    except ValueError:
        return None
    return (before + after) / 2 - told
