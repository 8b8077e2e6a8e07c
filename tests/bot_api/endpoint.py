"""The HTTP side: reads a call, lets faults strike, answers in Telegram's JSON."""

import asyncio
import json

from aiohttp import web

# Imported for their handlers, which enter themselves in the table of methods.
from . import methods_bot, methods_change, methods_chat, methods_send, methods_updates  # noqa: F401
from .calls import Call
from .faults import Fault
from .methods import call_method
from .params import Params, read_params
from .refuse import ApiError, Wire
from .world import World

MAX_UPLOAD_BYTES = 50 * 1024 * 1024


class Endpoint:
    """Serves `/bot<token>/<method>`."""

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token
        self._stopping = asyncio.Event()

    def application(self) -> web.Application:
        """Makes the web application, for one start."""
        self._stopping.clear()
        app = web.Application(client_max_size=MAX_UPLOAD_BYTES)
        app.router.add_route("*", "/bot{token:[^/]*}/{method:[^/]*}", self._handle)
        return app

    def stop(self) -> None:
        """Ends the delays that run, so that the server can close."""
        self._stopping.set()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            params = await read_params(request)
        except ApiError as error:
            return _answer(error.status, error.wire())
        call = self._world.calls.begin(name, params.values, params.files)
        try:
            return await self._respond(request, name, params, call)
        finally:
            if not call.status:
                self._world.calls.finish(call, 0)

    async def _respond(self, request: web.Request, name: str, params: Params, call: Call) -> web.StreamResponse:
        last: Fault | None = None
        for fault in self._world.faults.take(name, params):
            if fault.kind == "delay":
                await self._pause(fault.seconds)
            else:
                last = fault
        try:
            if last and last.error:
                raise last.error
            self._check_token(request.match_info["token"])
            if last is None or last.effect:
                call.result = await call_method(self._world, name, params)
        except ApiError as error:
            self._world.calls.finish(call, error.status, error.description)
            return _answer(error.status, error.wire())
        if last and last.kind == "drop":
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        self._world.calls.finish(call, 200, "malformed" if last else "")
        if last:
            return web.Response(body=last.body, content_type="text/html")
        return _answer(200, {"ok": True, "result": call.result})

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _check_token(self, token: str) -> None:
        if ":" not in token or not token.split(":")[0].isdigit():
            raise ApiError(401, "Unauthorized: invalid token specified")
        if token != self._token or self._world.logged_out:
            raise ApiError(401, "Unauthorized")


def _answer(status: int, body: Wire) -> web.Response:
    response = web.json_response(body, status=status, dumps=lambda value: json.dumps(value, ensure_ascii=False))
    if retry_after := (body.get("parameters") or {}).get("retry_after"):
        response.headers["Retry-After"] = str(retry_after)
    return response
