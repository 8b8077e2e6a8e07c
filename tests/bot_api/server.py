"""The Bot API server that tests start and talk to."""

from collections.abc import Coroutine, Iterable
from typing import Any, Self

from aiohttp import web

from .calls import Call
from .clock import Clock
from .endpoint import Endpoint
from .faults import Faults
from .groups import Group
from .members import Member
from .people import Person
from .refuse import Wire
from .webhook import Delivery
from .world import BotAccount, World


class BotApiServer:
    """A Bot API on loopback with one bot, simulated people, and everything they do on record."""

    def __init__(
        self,
        token: str = "123:TEST",  # noqa: S107 (no secret: the server is the only one to know it)
        username: str = "unspoken_test_bot",
        *,
        first_name: str = "Unspoken",
        port: int = 0,
        clock: Clock | None = None,
        privacy_mode: bool = True,
        inline_mode: bool = True,
        strict_html: bool = True,
    ) -> None:
        self.token = token
        self.port = port
        self.clock = clock or Clock()
        bot = BotAccount(int(token.split(":")[0]), username, first_name)
        self.world = World(
            bot, clock=self.clock, privacy_mode=privacy_mode, inline_mode=inline_mode, strict_html=strict_html
        )
        self.faults: Faults = self.world.faults
        self._runner: web.AppRunner | None = None
        self._endpoint = Endpoint(self.world, token)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Opens the port: a free one at first, later the same again."""
        self.world.updates.open()
        self._runner = web.AppRunner(self._endpoint.application(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.world.courier.start()

    async def stop(self) -> None:
        """Closes the port and keeps the state, as in an outage; `start` ends the outage."""
        self._endpoint.stop()
        self.world.updates.close()
        await self.world.courier.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        """The root: requests go to `<root>/bot<token>/<method>`."""
        return f"http://127.0.0.1:{self.port}"

    def person(self, first_name: str = "Alex", **user: Any) -> Person:
        """Makes someone with an account, such as `person(first_name="A", language_code="en")`."""
        return self.world.new_person({"first_name": first_name, **user})

    def group(
        self,
        title: str = "Support group",
        *,
        members: Iterable[Person] = (),
        admins: Iterable[Person] = (),
        anonymous_admins: Iterable[Person] = (),
        owner: Person | None = None,
        supergroup: bool = False,
        forum: bool = False,
        username: str = "",
        with_bot: bool = True,
        bot_admin: bool = False,
    ) -> Group:
        """Makes a group, with the bot already in it unless `with_bot` is false."""
        group = self.world.open_group(title, supergroup=supergroup or forum or bool(username), forum=forum)
        group.username = username
        self.world.fill_group(group, owner=owner, members=members, admins=admins, anonymous_admins=anonymous_admins)
        if with_bot:
            bot = self.world.bot
            group.members[bot.id] = Member(bot.wire(), "administrator" if bot_admin else "member")
        return group

    @property
    def calls(self) -> list[Call]:
        """Every call of the bot, in order."""
        return self.world.calls.calls

    def calls_to(self, method: str) -> list[Call]:
        """The calls of one method."""
        return self.world.calls.to(method)

    def wait_for_call(self, method: str, count: int = 1, timeout: float = 5) -> Coroutine[Any, Any, Call]:
        """Waits until a method was called (so many times) since the start."""
        return self.world.calls.wait(method, count, timeout)

    @property
    def unconfirmed(self) -> list[Wire]:
        """The updates not yet confirmed by an offset or taken by the webhook."""
        return list(self.world.updates.pending)

    @property
    def polls(self) -> int:
        """How often the bot called getUpdates with success so far."""
        return self.world.updates.polls

    @property
    def deliveries(self) -> list[Delivery]:
        """The attempts to deliver to the webhook."""
        return self.world.courier.deliveries

    def push_raw(self, update: Wire) -> int:
        """Queues any update, however odd; returns its update_id."""
        return self.world.updates.push_raw(update)

    def wait_for_polls(self, count: int = 1, timeout: float = 5) -> Coroutine[Any, Any, int]:
        """Waits until the bot has polled so many times since the start."""
        queue = self.world.updates
        return queue.changed.until(
            lambda: queue.polls if queue.polls >= count else None,
            timeout,
            lambda: f"{queue.polls} polls so far",
        )

    def wait_until_taken(self, timeout: float = 5) -> Coroutine[Any, Any, bool]:
        """Waits until the bot has confirmed every update."""
        queue = self.world.updates
        return queue.changed.until(lambda: not queue.pending or None, timeout, self.world.describe)

    @property
    def commands(self) -> dict[tuple[str, str], list[Wire]]:
        """Commands by scope and language, such as `("default", "")` or `("chat:-100", "en")`."""
        return self.world.profile.commands

    @property
    def names(self) -> dict[str, str]:
        """Names by language."""
        return self.world.profile.texts["name"]

    @property
    def descriptions(self) -> dict[str, str]:
        """Descriptions by language."""
        return self.world.profile.texts["description"]

    @property
    def short_descriptions(self) -> dict[str, str]:
        """Short descriptions by language."""
        return self.world.profile.texts["short_description"]

    @property
    def description(self) -> str:
        """The description for all languages."""
        return self.descriptions.get("", "")
