"""The tests' own Bot API server: what Telegram does for a bot, on loopback, refusals and faults included."""

from . import media
from .calls import Call
from .clock import Clock
from .faults import Faults
from .groups import Group
from .keyboards import Button
from .messages import Message
from .people import Person
from .queries import Answer, InlineAnswer, Press
from .server import BotApiServer

__all__ = [
    "Answer",
    "BotApiServer",
    "Button",
    "Call",
    "Clock",
    "Faults",
    "Group",
    "InlineAnswer",
    "Message",
    "Person",
    "Press",
    "media",
]
