"""The checks at Telegram: token, webhook, privacy mode, inline mode; and the clock beside Telegram's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.doctor.finding import Finding, fail, ok, warn
from bot.errors import TokenError
from bot.settings import Settings
from bot.tg.lookup import Account, ask_account, measure_drift

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_DRIFT_SECONDS = 5.0
"""what a header of whole seconds and a slow line explain"""
_WRONG_SECONDS = 300.0
"""from here on questions are taken for late ones, and clearing comes too early or too late"""
_RECENT_SECONDS = 3600.0


async def check_account(settings: Settings, clock: Callable[[], float]) -> list[Finding]:
    """Check what Telegram says about the bot; offline one line says so."""
    token = settings.token.get_secret_value() if settings.token is not None else ""
    if not token:
        return [warn("token", "UNSPOKEN_TOKEN is not set: only the terminal chat runs; BotFather gives one")]
    if not _TOKEN.fullmatch(token):
        return [fail("token", "UNSPOKEN_TOKEN does not look like one; copy it from BotFather anew, nothing around it")]
    try:
        account = await ask_account(token, settings.api_base_url)
    except TokenError as error:
        return [fail("token", str(error))]
    except ConnectionError as error:
        return [
            fail(
                "telegram",
                f"cannot be reached ({error}); token, webhook and privacy mode were not looked at. Check the network",
            )
        ]
    return list(_judge(settings, account, clock()))


def _judge(settings: Settings, account: Account, now: float) -> Iterator[Finding]:
    yield ok("token", f"Telegram knows it as @{account.username}")
    wanted = urlsplit(settings.webhook_url).hostname if settings.webhook_url is not None else ""
    if account.webhook and not wanted:
        yield warn(
            "webhook",
            f"updates are delivered to {account.webhook}, not fetched: stop whatever runs there, or set "
            "UNSPOKEN_WEBHOOK_URL; two programs with one token take each other's updates",
        )
    elif account.webhook != wanted:
        now_at = account.webhook or "nowhere"
        yield warn("webhook", f"updates are delivered to {now_at}; the bot sets UNSPOKEN_WEBHOOK_URL when it starts")
    elif wanted and account.waiting and now - account.failed_at < _RECENT_SECONDS:
        yield fail(
            "webhook",
            f"Telegram could not deliver within the last hour, {account.waiting} updates wait; check the proxy, its "
            "certificate and UNSPOKEN_WEBHOOK_LISTEN",
        )
    else:
        how = f"updates are delivered to {wanted}" if wanted else "none, updates are fetched"
        yield ok("webhook", f"{how}; {account.waiting} wait")
    if account.reads_groups:
        yield warn(
            "privacy mode",
            "is off: every message of its groups is sent to the bot; turn it on at BotFather with /setprivacy",
        )
    else:
        yield ok("privacy mode", "is on: in groups the bot sees commands to it alone, unless it is an admin")
    if settings.inline and not account.offers_inline:
        yield warn("inline mode", "UNSPOKEN_INLINE is true, but BotFather has it off; /setinline there")


async def check_clock(settings: Settings, clock: Callable[[], float]) -> Finding:
    """Check the clock against the Date header of the Bot API server, and show which hour the bot takes it to be."""
    now = dt.datetime.fromtimestamp(clock(), ZoneInfo(settings.timezone))
    here = f"it is {now:%H:%M} in {settings.timezone}"
    try:
        drift = await measure_drift(settings.api_base_url, clock)
    except ConnectionError as error:
        return warn("clock", f"{here}; Telegram cannot be reached ({error}), so nothing to compare it with")
    if drift is None:
        return warn("clock", f"{here}; {settings.api_base_url} sends no date to compare it with")
    if abs(drift) <= _DRIFT_SECONDS:
        return ok("clock", f"{here}, as Telegram has it")
    way = f"{abs(drift):.0f} s {'fast' if drift > 0 else 'slow'}"
    if abs(drift) <= _WRONG_SECONDS:
        return warn("clock", f"{here}, {way}; let the machine set its clock (NTP)")
    return fail(
        "clock", f"{here}, {way}: messages would be cleared at a wrong time; let the machine set its clock (NTP)"
    )
