"""Faults on demand: refusals, delays, dropped connections, nonsense for an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .params import Params
from .refuse import ApiError, Wire

if TYPE_CHECKING:
    from .chats import Chat

Kind = Literal["status", "delay", "drop", "malformed"]
_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(slots=True)
class Fault:
    """One fault and how often it still happens (None: always)."""

    kind: Kind
    method: str
    left: int | None
    chat_id: int | None
    error: ApiError | None = None
    seconds: float = 0.0
    body: bytes = b""
    # Whether the call still takes effect, so that only the answer is lost.
    effect: bool = False

    def matches(self, method: str, params: Params) -> bool:
        """Whether the fault strikes a call."""
        if self.left == 0 or self.method not in ("*", method.lower()):
            return False
        return self.chat_id is None or params.text("chat_id") == str(self.chat_id)


class Faults:
    """The faults that a test ordered; `*` for a method means any."""

    def __init__(self, orders: list[Fault] | None = None, chat_id: Callable[[], int] | None = None) -> None:
        self._orders: list[Fault] = [] if orders is None else orders
        self._chat_id = chat_id

    def next(
        self,
        method: str,
        *,
        status: int = 500,
        retry_after: int | None = None,
        times: int | None = 1,
        description: str | None = None,
    ) -> None:
        """Answers the next calls with an error."""
        parameters: Wire | None = None
        if retry_after is not None:
            parameters = {"retry_after": retry_after}
            description = description or f"Too Many Requests: retry after {retry_after}"
        error = ApiError(status, description or _PHRASES.get(status, "Error"), parameters)
        self._order(Fault("status", method.lower(), times, None, error=error))

    def delay(self, method: str, seconds: float, *, times: int | None = None) -> None:
        """Lets calls wait before they take effect; without `times`, all of them."""
        self._order(Fault("delay", method.lower(), times, None, seconds=seconds))

    def drop_connection(self, method: str, *, times: int | None = 1, effect: bool = False) -> None:
        """Closes the connection without an answer; with `effect` the call was carried out before."""
        self._order(Fault("drop", method.lower(), times, None, effect=effect))

    def malformed(
        self,
        method: str,
        *,
        times: int | None = 1,
        body: bytes = b"<html>Bad Gateway</html>",
        effect: bool = False,
    ) -> None:
        """Answers 200 with something that is not the Bot API's JSON."""
        self._order(Fault("malformed", method.lower(), times, None, body=body, effect=effect))

    def for_chat(self, chat: "Chat | int") -> "Faults":
        """Returns the same orders for the calls to one chat only."""
        return Faults(self._orders, (lambda: chat) if isinstance(chat, int) else (lambda: chat.id))

    def clear(self) -> None:
        """Takes all orders back."""
        self._orders.clear()

    def take(self, method: str, params: Params) -> list[Fault]:
        """Returns the faults that strike a call: all delays, and the first of the others."""
        struck: list[Fault] = []
        for fault in self._orders:
            spent = any(other.kind != "delay" for other in struck)
            if fault.matches(method, params) and (fault.kind == "delay" or not spent):
                struck.append(fault)
                if fault.left is not None:
                    fault.left -= 1
        return struck

    def _order(self, fault: Fault) -> None:
        fault.chat_id = self._chat_id() if self._chat_id else None
        self._orders.append(fault)
