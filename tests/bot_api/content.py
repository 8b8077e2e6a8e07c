"""Texts and captions that the bot sends, checked as Telegram checks them."""

from typing import Any

from .entities import Rich, find_automatic, parse_html, trim, width
from .refuse import Wire, bad_request

MAX_TEXT = 4_096
MAX_CAPTION = 1_024
MAX_BYTES = 32_768


def read_text(source: str, parse_mode: str, entities: Any, *, strict: bool) -> Wire:
    """Returns `text` and `entities` of a message; refuses what Telegram refuses."""
    if not source:
        raise bad_request("message text is empty")
    rich = _read(source, parse_mode, entities, strict=strict)
    if not rich.text:
        raise bad_request("text must be non-empty")
    # Telegram counts in UTF-16 code units wherever it says how it counts.
    if width(rich.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return {"text": rich.text, "entities": rich.entities or None}


def read_caption(source: str, parse_mode: str, entities: Any, *, strict: bool) -> Wire:
    """Returns `caption` and `caption_entities` of a message, nothing when there is none."""
    rich = _read(source, parse_mode, entities, strict=strict)
    if width(rich.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return {"caption": rich.text or None, "caption_entities": rich.entities or None}


def _read(source: str, parse_mode: str, entities: Any, *, strict: bool) -> Rich:
    if len(source.encode()) > MAX_BYTES:
        raise bad_request("text is too long")
    match parse_mode.lower():
        case "html":
            rich = parse_html(source, strict=strict)
        case "" | "none":
            given = entities if isinstance(entities, list) else []
            for entity in given:
                if not isinstance(entity, dict) or not {"type", "offset", "length"} <= entity.keys():
                    raise bad_request("can't parse MessageEntity: expected an Object")
            rich = Rich(source, [dict(entity) for entity in given])
        case _:
            raise bad_request("unsupported parse_mode (this server reads HTML only)")
    rich = trim(rich)
    found = rich.entities + find_automatic(rich.text, rich.entities)
    return Rich(rich.text, sorted(found, key=lambda entity: (entity["offset"], -entity["length"])))
