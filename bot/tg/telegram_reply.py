"""A reply of ours as the Bot API takes it, and the sending of it.

What goes out and what comes back is left raw: of a message that was sent two numbers are needed, and making objects of
buttons and answers costs more than all the rest of a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import NetworkError

from bot.content.reply import Button, Reply
from bot.tg.payload import Signer
from bot.tg.raw import call_raw

_NO_PREVIEW = {"is_disabled": True}


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went out."""

    chat: int
    number: int
    thread: int | None
    """the forum's topic it stands in"""


def as_markup(reply: Reply, signer: Signer, minute: int) -> dict[str, Any] | None:
    """Return the reply's buttons for Telegram, or None when it has none."""
    rows = [[_as_button(b, signer, minute) for b in row] for row in reply.rows if row]
    return {"inline_keyboard": rows} if rows else None


def _as_button(button: Button, signer: Signer, minute: int) -> dict[str, Any]:
    if button.url is not None:
        return {"text": button.label, "url": button.url}
    if button.copy is not None:
        return {"text": button.label, "copy_text": {"text": button.copy}}
    if button.target is None:
        raise ValueError("a button without an action")
    return {"text": button.label, "callback_data": signer.pack(button.target, minute)}


async def send(
    bot: Bot,
    chat_id: int,
    reply: Reply,
    signer: Signer,
    minute: int,
    *,
    veil: bool = False,
    thread: int | None = None,
) -> Sent:
    """Send one reply: HTML, no link preview, silent; only what holds help lines may be forwarded and copied from."""
    sent = await call_raw(
        bot,
        "sendMessage",
        {
            "chat_id": chat_id,
            **_content(reply, signer, minute, veil=veil),
            "disable_notification": True,
            "message_thread_id": thread,
            "protect_content": not reply.care and chat_id > 0,
        },
    )
    number = sent.get("message_id") if isinstance(sent, dict) else None
    if not isinstance(number, int):
        raise NetworkError("what came back is no message")
    return Sent(chat_id, number, sent.get("message_thread_id"))


async def edit(
    bot: Bot, chat_id: int, message: int, reply: Reply, signer: Signer, minute: int, *, veil: bool = False
) -> None:
    """Put one reply in the place of a message of ours."""
    content = _content(reply, signer, minute, veil=veil)
    await call_raw(bot, "editMessageText", {"chat_id": chat_id, "message_id": message, **content})


def _content(reply: Reply, signer: Signer, minute: int, *, veil: bool) -> dict[str, Any]:
    return {
        "text": veiled(reply.html) if veil else reply.html,
        "parse_mode": ParseMode.HTML,
        "reply_markup": as_markup(reply, signer, minute),
        "link_preview_options": _NO_PREVIEW,
    }


def veiled(html: str) -> str:
    """Return a reply with everything after its first line behind a spoiler."""
    first, found, rest = html.partition("\n")
    return f"{first}\n<tg-spoiler>{rest.lstrip()}</tg-spoiler>" if found and rest.strip() else html
