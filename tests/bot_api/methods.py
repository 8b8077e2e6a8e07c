"""The table of methods, which the modules beside this one fill."""

from collections.abc import Awaitable, Callable
from typing import Any

from .params import Params
from .refuse import ApiError
from .world import World

Handler = Callable[[World, Params], Awaitable[Any]]

_METHODS: dict[str, Handler] = {}


def method(name: str) -> Callable[[Handler], Handler]:
    """Registers a handler; names are case-insensitive, as at Telegram."""

    def register(handler: Handler) -> Handler:
        _METHODS[name.lower()] = handler
        return handler

    return register


async def call_method(world: World, name: str, params: Params) -> Any:
    """Carries out a call and returns its result; refuses unknown methods."""
    handler = _METHODS.get(name.lower())
    if handler is None:
        raise ApiError(404, "Not Found: method not found")
    return await handler(world, params)
