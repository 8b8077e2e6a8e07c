"""Pressed buttons and inline queries, until the bot has answered them."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from .refuse import OLD_QUERY, ApiError, Wire, bad_request
from .signals import Bell

# After this the client has given up waiting, and Telegram takes no answer any more.
ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What answerCallbackQuery said."""

    text: str = ""
    show_alert: bool = False
    url: str = ""
    cache_time: int = 0


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """What answerInlineQuery said."""

    results: tuple[Wire, ...]
    cache_time: int = 300
    is_personal: bool = False
    next_offset: str = ""
    button: Wire | None = None


@dataclass(slots=True)
class Press:
    """A pressed button."""

    id: str
    data: str
    at: float
    answers: list[Answer] = field(default_factory=list)
    bell: Bell = field(default_factory=Bell, repr=False)

    @property
    def answer(self) -> Answer | None:
        """The answer, if it came."""
        return self.answers[0] if self.answers else None

    def answered(self, timeout: float = 5) -> Coroutine[Any, Any, Answer]:
        """Waits for the bot's answerCallbackQuery."""
        return self.bell.until(lambda: self.answer, timeout, lambda: f"the press of {self.data!r} was not answered")


@dataclass(slots=True)
class Ask:
    """An inline query."""

    id: str
    query: str
    at: float
    answer: InlineAnswer | None = None
    bell: Bell = field(default_factory=Bell, repr=False)


class Queries:
    """Everything the bot may still answer."""

    def __init__(self) -> None:
        self.presses: dict[str, Press] = {}
        self.asks: dict[str, Ask] = {}
        self.answer_seconds = ANSWER_SECONDS
        self._last = 880_000_000_000

    def new_press(self, data: str, now: float) -> Press:
        """Opens a callback query."""
        press = Press(self._next_id(), data, now)
        self.presses[press.id] = press
        return press

    def new_ask(self, query: str, now: float) -> Ask:
        """Opens an inline query."""
        ask = Ask(self._next_id(), query, now)
        self.asks[ask.id] = ask
        return ask

    def answer_press(self, query_id: str, answer: Answer, now: float) -> None:
        """Takes an answer; refuses one that is too late or answers nothing."""
        press = self.presses.get(query_id)
        if press is None or now - press.at > self.answer_seconds:
            raise self._too_old()
        if len(answer.text) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        press.answers.append(answer)
        press.bell.ring()

    def answer_ask(self, query_id: str, answer: InlineAnswer, now: float) -> None:
        """Takes the results of an inline query."""
        ask = self.asks.get(query_id)
        if ask is None or now - ask.at > self.answer_seconds:
            raise self._too_old()
        ask.answer = answer
        ask.bell.ring()

    def _next_id(self) -> str:
        self._last += 1
        return str(self._last)

    @staticmethod
    def _too_old() -> ApiError:
        return bad_request(OLD_QUERY)
