"""The values that travel through the core; all frozen, all hashable."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What the bot does with a message."""

    CARE = "care"
    ANSWER = "answer"
    CLARIFY = "clarify"
    UNSURE = "unsure"


class Urgency(StrEnum):
    """How soon a person is needed."""

    EMERGENCY = "emergency"
    HIGH = "high"
    NONE = "none"


class Direction(StrEnum):
    """Who does the thing the message is about; on care, who does the harm."""

    SELF = "self"
    """the writer did it, does it or wants to"""
    PARTNER = "partner"
    """it is done to the writer, by a partner or (danger) by anyone"""
    OTHER = "other"
    """it is about somebody else's life"""
    NONE = "none"
    """a general question"""


@dataclass(frozen=True, slots=True)
class Risk:
    """What the safety channel found in one message."""

    categories: tuple[str, ...] = ()
    """taxonomy ids, main one first; empty when nothing was found"""
    urgency: Urgency = Urgency.NONE
    explicit: bool = True
    """False when the danger is only hinted at: the card asks before it assumes"""
    direction: Direction = Direction.NONE
    leverage: bool = False
    """somebody else's suicide is held over the writer"""
    confidence: float = 0.0
    """probability 0..1 of the surest evidence"""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known besides the text: never the text of an earlier message."""

    node: str | None = None
    """the intent or safety category last shown"""
    direction: Direction = Direction.NONE
    country: str | None = None
    """ISO 3166 alpha-2 code chosen by a tap"""
    lang: str | None = None
    under_18: bool = False
    asked_danger: bool = False
    """our last card asked whether danger was meant"""
    choices: tuple[str, ...] = ()
    """intents offered by our last card"""
    emergency: bool = False
    """the danger last noticed is an emergency"""
    leverage: bool = False
    """and somebody else's suicide is held over the writer"""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was understood of one message and what to do with it."""

    action: Action
    intent: str | None
    """the intent that is answered, else None"""
    confidence: float
    """calibrated probability 0..1 that the best intent is right"""
    alternatives: tuple[tuple[str, float], ...]
    """the five best (intent, probability), best first, whatever the action"""
    also: tuple[str, ...] = ()
    """intents of further questions in the same message"""
    risk: Risk = Risk()
    direction: Direction = Direction.NONE
    lang: str = "en"
    """BCP 47 tag of the message"""
    choices: tuple[str, ...] = ()
    """up to three intents to choose from, on Clarify"""
    under_18: bool = False
    denied: bool = False
    """the act is said not to have happened: the answer says so first"""
    signpost: str | None = None
    """a safety category asked about as information: answered with a quiet signpost"""
