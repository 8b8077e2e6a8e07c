"""Calls to Telegram that are tried again until they went through, or can never go through."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter

from bot.tg.hold import held, present

T = TypeVar("T")
log = logging.getLogger(__name__)
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 20.0
_TRIES = 12
_PATIENCE_SECONDS = 7200.0
"""how long an update at hand waits for a Telegram that cannot be reached: nobody's question may be lost in an outage"""


class Outcome(Enum):
    """Why a call did not go through."""

    UNWANTED = "unwanted"
    """the bot was blocked, or the chat is gone"""
    REFUSED = "refused"
    """Telegram will never take this call"""
    GIVEN_UP = "given up"


async def deliver(
    call: Callable[[], Awaitable[T]], what: str, refusal: int = logging.WARNING, *, lasting: bool = False
) -> T | Outcome:
    """Run `call` until it succeeds and return its result; an Outcome when it can never succeed, or after many tries.

    A `lasting` call, a reply to the update at hand, is tried for two hours: an update done with does not come again.
    `refusal` is the level at which a refusal is logged: lower where one is to be expected.
    """
    wait = _FIRST_WAIT
    hold = present() if lasting else None
    tries = 0
    while tries < _TRIES or (hold is not None and hold.away < _PATIENCE_SECONDS):
        tries += 1
        began = time.monotonic()
        try:
            return await call()
        except RetryAfter as error:
            with held():
                await asyncio.sleep(seconds_to_wait(error))
        except (Forbidden, ChatMigrated):
            log.info("%s: not wanted there any more", what)
            return Outcome.UNWANTED
        except (BadRequest, InvalidToken) as error:
            log.log(refusal, "%s: refused by Telegram (%s)", what, type(error).__name__)
            return Outcome.REFUSED
        except NetworkError as error:
            log.info("%s: %s, trying again", what, type(error).__name__)
            await asyncio.sleep(wait)
            if hold is not None:
                hold.away += time.monotonic() - began
            wait = min(_LONGEST_WAIT, wait * 2)
    log.warning("%s: given up after %d tries", what, tries)
    if hold is not None:
        hold.lost = True
    return Outcome.GIVEN_UP


def seconds_to_wait(error: RetryAfter) -> float:
    """Return how long Telegram asks to wait; the library gives a number or a duration, as it is set up."""
    pause = error.retry_after
    return float(pause) if isinstance(pause, (int, float)) else pause.total_seconds()
