"""Sending within Telegram's limits, with a lane of its own for care.

Telegram asks bots to stay under about one message a second in a chat and 20 a minute in a group
(https://core.telegram.org/bots/faq, "My bot is hitting limits"). Ordinary replies wait for room in their own chat; what
a bot may send in all Telegram tells by 429s, which hold only the call concerned (`deliver`). A care card waits for
nothing. Only a second one to the same chat within ten seconds takes its turn.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from aiolimiter import AsyncLimiter

from bot.tg.hold import held
from bot.tg.window import Window

CHAT_BURST = 20
CHAT_SECONDS = 20.0
GROUP_MOST = 20
GROUP_SECONDS = 60.0
CARE_PAUSE = 10.0
_REMEMBERED = 10_000


class Lanes:
    """Budgets by chat; holds chat numbers in memory only, and only the most recent."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the clock that tells care cards of one chat apart."""
        self._clock = clock
        self._chats: OrderedDict[int, AsyncLimiter | Window] = OrderedDict()
        self._cared: OrderedDict[int, float] = OrderedDict()

    async def turn(self, chat_id: int, *, care: bool) -> None:
        """Return when a message may go to a chat; at once for a care card, but for one that just followed another."""
        if care and self._is_first(chat_id):
            return
        with held():
            await self._chat(chat_id).acquire()

    def has_room(self, chat_id: int) -> bool:
        """Tell whether a message may go to a chat now without waiting."""
        return self._chat(chat_id).has_capacity()

    def _is_first(self, chat_id: int) -> bool:
        now = self._clock()
        last = self._cared.get(chat_id)
        if last is not None and now - last < CARE_PAUSE:
            return False
        self._cared[chat_id] = now
        self._cared.move_to_end(chat_id)
        while len(self._cared) > _REMEMBERED:
            self._cared.popitem(last=False)
        return True

    def _chat(self, chat_id: int) -> AsyncLimiter | Window:
        limiter = self._chats.get(chat_id)
        if limiter is None:
            # Telegram's groups have negative ids; theirs is a limit for any minute, a chat's one for the long run.
            limiter = Window(GROUP_MOST, GROUP_SECONDS) if chat_id < 0 else AsyncLimiter(CHAT_BURST, CHAT_SECONDS)
            self._chats[chat_id] = limiter
        self._chats.move_to_end(chat_id)
        while len(self._chats) > _REMEMBERED:
            self._chats.popitem(last=False)
        return limiter
