"""Keyboards under messages: what Telegram accepts, and what a person sees to press."""

import json
import re
from dataclasses import dataclass
from typing import Any

from .refuse import Wire, bad_request

MAX_BUTTONS = 100
MAX_IN_A_ROW = 8
MAX_CALLBACK_BYTES = 64
MAX_COPY_TEXT = 256
MAX_MARKUP_BYTES = 10_240
_ACTIONS = (
    "url",
    "callback_data",
    "callback_game",
    "pay",
    "switch_inline_query",
    "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat",
    "login_url",
    "web_app",
    "copy_text",
)
_MAY_BE_EMPTY = {"switch_inline_query", "switch_inline_query_current_chat", "callback_game"}
_STYLES = {"danger", "success", "primary"}
_LINK = re.compile(r"(?:(?:https?|tg|tonsite)://)?[^\s/?#]+\.?[^\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Button:
    """A button as a person sees it."""

    text: str
    callback_data: str | None
    url: str | None
    copy_text: str | None
    wire: Wire


def read_buttons(markup: Wire | None) -> tuple[tuple[Button, ...], ...]:
    """Returns the rows of an inline keyboard."""
    rows = (markup or {}).get("inline_keyboard", ())
    return tuple(
        tuple(
            Button(
                text=wire["text"],
                callback_data=wire.get("callback_data"),
                url=wire.get("url"),
                copy_text=(wire.get("copy_text") or {}).get("text"),
                wire=wire,
            )
            for wire in row
        )
        for row in rows
    )


def check_markup(markup: Any, *, inline_only: bool = False) -> Wire | None:
    """Returns a reply markup as it is kept; refuses what Telegram refuses."""
    if markup is None or markup == "" or markup == {}:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = markup["inline_keyboard"]
        _check_rows(rows, "inline_keyboard")
        for row in rows:
            for button in row:
                _check_inline_button(button)
        kept = [[_clean(button) for button in row] for row in rows if row]
        return {"inline_keyboard": kept} if kept else None
    if inline_only:
        raise bad_request("inline keyboard expected")
    if "keyboard" in markup:
        _check_rows(markup["keyboard"], "keyboard")
        for row in markup["keyboard"]:
            for button in row:
                if not (button if isinstance(button, str) else button.get("text")):
                    raise bad_request("keyboard button text must be non-empty")
    return markup


def _check_rows(rows: Any, name: str) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(f'field "{name}" must be an Array of Arrays')
    too_wide = any(len(row) > MAX_IN_A_ROW for row in rows)
    too_large = len(json.dumps(rows, ensure_ascii=False).encode()) > MAX_MARKUP_BYTES
    if too_wide or too_large or sum(map(len, rows)) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")


def _check_inline_button(button: Any) -> None:
    prefix = "can't parse inline keyboard button:"
    if not isinstance(button, dict):
        raise bad_request(f"{prefix} InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request(f'{prefix} Can\'t find field "text"')
    actions = [name for name in _ACTIONS if button.get(name) or (name in _MAY_BE_EMPTY and name in button)]
    if not actions:
        if button.get("callback_data") == "":
            raise bad_request("BUTTON_DATA_INVALID")
        raise bad_request(f"{prefix} Text buttons are unallowed in the inline keyboard")
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    if button.get("style") not in (None, "") and button["style"] not in _STYLES:
        raise bad_request(f"{prefix} invalid button style specified")
    action = actions[0]
    if action == "callback_data" and len(str(button[action]).encode()) > MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if action == "copy_text":
        text = button[action].get("text") if isinstance(button[action], dict) else None
        if not text or len(text) > MAX_COPY_TEXT:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if action == "url" and not _is_link(button[action]):
        raise bad_request(f"inline keyboard button URL '{button[action]}' is invalid: wrong HTTP URL")


def _is_link(url: str) -> bool:
    if url.startswith("tg://"):
        return len(url) > len("tg://")
    host = re.sub(r"^https?://", "", url, flags=re.IGNORECASE).split("/")[0].split("?")[0].split("#")[0]
    return bool(_LINK.fullmatch(url)) and "." in host and "://" not in host and " " not in host


def _clean(button: Wire) -> Wire:
    return {name: value for name, value in button.items() if value is not None}
