"""Delivers updates to the bot's webhook, again and again until it says 200."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, ClientTimeout

from .clock import Clock
from .refuse import Wire
from .updates import UpdateQueue

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(slots=True)
class Webhook:
    """What setWebhook asked for."""

    url: str
    secret: str = field(default="", repr=False)
    max_connections: int = 40
    ip_address: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt; status 0 when no answer came."""

    update_id: int
    status: int
    detail: str = ""


class Courier:
    """Carries updates out while a webhook is set."""

    def __init__(self, updates: UpdateQueue, clock: Clock) -> None:
        self.webhook: Webhook | None = None
        self.deliveries: list[Delivery] = []
        self.last_error: tuple[int, str] | None = None
        # Telegram waits a second and doubles; tests have no time for that.
        self.first_delay = 0.02
        self.longest_delay = 0.5
        self.answer_seconds = 10.0
        self._updates = updates
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._running = False

    def info(self) -> Wire:
        """Returns the WebhookInfo object."""
        hook = self.webhook
        info: Wire = {
            "url": hook.url if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.pending),
        }
        if hook:
            info |= {"max_connections": hook.max_connections, "ip_address": hook.ip_address or "127.0.0.1"}
        if self.last_error:
            info |= {"last_error_date": self.last_error[0], "last_error_message": self.last_error[1]}
        if self._updates.allowed is not None:
            info["allowed_updates"] = sorted(self._updates.allowed)
        return info

    async def set(self, webhook: Webhook | None) -> None:
        """Takes a new address, or none."""
        await self.stop()
        self.webhook, self.last_error = webhook, None
        self.start()

    def start(self) -> None:
        """Begins to deliver when there is a webhook."""
        if self.webhook is not None and not self._running:
            self._running = True
            self._task = asyncio.create_task(self._run(self.webhook))

    async def stop(self) -> None:
        """Stops delivering; what was not taken stays queued."""
        self._running = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self, hook: Webhook) -> None:
        flying: dict[str, asyncio.Task[None]] = {}
        timeout = ClientTimeout(total=self.answer_seconds)
        async with ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            while True:
                flying = {key: task for key, task in flying.items() if not task.done()}
                for update in self._updates.pending:
                    key = _lane(update)
                    if key not in flying and len(flying) < hook.max_connections:
                        flying[key] = group.create_task(self._deliver(session, hook, update))
                await self._wait(flying)

    async def _wait(self, flying: dict[str, asyncio.Task[None]]) -> None:
        news = asyncio.ensure_future(self._updates.changed.wait(60))
        try:
            await asyncio.wait({news, *flying.values()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

    async def _deliver(self, session: ClientSession, hook: Webhook, update: Wire) -> None:
        delay = self.first_delay
        while not await self._attempt(session, hook, update):
            await asyncio.sleep(delay)
            delay = min(2 * delay, self.longest_delay)
        self._updates.discard(update["update_id"])

    async def _attempt(self, session: ClientSession, hook: Webhook, update: Wire) -> bool:
        headers = {SECRET_HEADER: hook.secret} if hook.secret else {}
        status, problem = 0, ""
        try:
            async with session.post(hook.url, json=update, headers=headers) as response:
                status = response.status
                if not response.ok:
                    problem = f"Wrong response from the webhook: {status} {response.reason}"
        except TimeoutError:
            problem = "Read timeout expired"
        except (ClientError, OSError) as error:
            problem = f"Connection failed: {type(error).__name__}"
        self.deliveries.append(Delivery(update["update_id"], status, problem))
        if problem:
            self.last_error = (self._clock.date(), problem)
        return not problem


def _lane(update: Wire) -> str:
    """Returns what keeps its order: one chat's updates come one after another, chats side by side."""
    for content in update.values():
        if isinstance(content, dict):
            message = content.get("message", content)
            place = message.get("chat") if isinstance(message, dict) else None
            return str((place or content.get("from") or {}).get("id", ""))
    return ""
