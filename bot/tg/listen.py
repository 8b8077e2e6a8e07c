"""Listening for HTTP: a socket that is open before anything else starts, and a server that ends when it is told."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from bot.errors import SettingsError

_KEEP_ALIVE_SECONDS = 75


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers and its log: the program has its own, and paths are secret."""

    def __init__(self, app: ASGIApp, last_seconds: int) -> None:
        """Take what answers, and how long calls at hand may take once it is told to end (`should_exit`)."""
        config = uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False,
            server_header=False, timeout_keep_alive=_KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=last_seconds,
        )  # fmt: skip
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def open_socket(address: str, setting: str) -> socket.socket:
    """Return a socket that listens on `host:port`; raises SettingsError with the setting's name where that fails."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=1024)
    except (OSError, ValueError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no such address"
        raise SettingsError(f"{setting}: cannot listen there ({why})") from None
