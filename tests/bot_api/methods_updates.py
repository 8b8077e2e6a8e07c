"""Methods that fetch updates or have them delivered."""

import re
from typing import Any
from urllib.parse import urlsplit

from .methods import method
from .params import Params
from .refuse import WEBHOOK_IS_ACTIVE, ApiError, bad_request, conflict
from .updates import MAX_LIMIT, MAX_TIMEOUT
from .webhook import Webhook
from .world import World

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@method("getUpdates")
async def get_updates(world: World, params: Params) -> Any:
    """Answers a poll."""
    if world.courier.webhook is not None:
        raise conflict(WEBHOOK_IS_ACTIVE)
    world.updates.allow(_kinds(params))
    limit = min(max(params.number("limit", MAX_LIMIT), 1), MAX_LIMIT)
    timeout = min(max(params.number("timeout"), 0), MAX_TIMEOUT)
    return await world.updates.poll(params.number("offset"), limit, timeout)


@method("setWebhook")
async def set_webhook(world: World, params: Params) -> Any:
    """Has updates delivered; plain http is for loopback only."""
    url, secret = params.text("url"), params.text("secret_token")
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    if not url:
        await world.courier.set(None)
        return True
    parts = urlsplit(url)
    if not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    world.updates.allow(_kinds(params))
    connections = min(max(params.number("max_connections", 40), 1), 100)
    await world.courier.set(Webhook(url, secret, connections, params.text("ip_address")))
    world.updates.end_polls("terminated by setWebhook request")
    return True


@method("deleteWebhook")
async def delete_webhook(world: World, params: Params) -> Any:
    """Goes back to polling."""
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    await world.courier.set(None)
    return True


@method("getWebhookInfo")
async def get_webhook_info(world: World, params: Params) -> Any:
    """Describes the webhook."""
    return world.courier.info()


@method("logOut")
async def log_out(world: World, params: Params) -> Any:
    """Logs the bot out of this server, which then refuses its token."""
    world.logged_out = True
    return True


@method("close")
async def close(world: World, params: Params) -> Any:
    """Lets the bot move to another server; here that changes nothing."""
    return True


def _kinds(params: Params) -> list[str] | None:
    kinds = params.nested("allowed_updates")
    if kinds is None:
        return None
    if not isinstance(kinds, list):
        raise ApiError(400, "Bad Request: can't parse allowed updates JSON object")
    return [str(kind) for kind in kinds]
