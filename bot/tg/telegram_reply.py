"""A reply of ours as Telegram's objects, and the sending of it."""

from __future__ import annotations

from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
)
from telegram.constants import ParseMode

from bot.content.reply import Button, Reply
from bot.tg.payload import Signer

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def as_markup(reply: Reply, signer: Signer, minute: int) -> InlineKeyboardMarkup | None:
    """Return the reply's buttons for Telegram, or None when it has none."""
    rows = [[_as_button(b, signer, minute) for b in row] for row in reply.rows if row]
    return InlineKeyboardMarkup(rows) if rows else None


def _as_button(button: Button, signer: Signer, minute: int) -> InlineKeyboardButton:
    if button.url is not None:
        return InlineKeyboardButton(button.label, url=button.url)
    if button.copy is not None:
        return InlineKeyboardButton(button.label, copy_text=CopyTextButton(button.copy))
    if button.target is None:
        raise ValueError("a button without an action")
    return InlineKeyboardButton(button.label, callback_data=signer.pack(button.target, minute))


async def send(
    bot: Bot,
    chat_id: int,
    reply: Reply,
    signer: Signer,
    minute: int,
    *,
    veil: bool = False,
    thread: int | None = None,
) -> Message:
    """Send one reply: HTML, no link preview, silent; only what holds help lines may be forwarded and copied from."""
    return await bot.send_message(
        chat_id,
        veiled(reply.html) if veil else reply.html,
        parse_mode=ParseMode.HTML,
        reply_markup=as_markup(reply, signer, minute),
        link_preview_options=_NO_PREVIEW,
        disable_notification=True,
        message_thread_id=thread,
        protect_content=not reply.care and chat_id > 0,
    )


async def edit(
    bot: Bot, chat_id: int, message: int, reply: Reply, signer: Signer, minute: int, *, veil: bool = False
) -> None:
    """Put one reply in the place of a message of ours."""
    await bot.edit_message_text(
        veiled(reply.html) if veil else reply.html,
        chat_id=chat_id,
        message_id=message,
        parse_mode=ParseMode.HTML,
        reply_markup=as_markup(reply, signer, minute),
        link_preview_options=_NO_PREVIEW,
    )


def veiled(html: str) -> str:
    """Return a reply with everything after its first line behind a spoiler."""
    first, found, rest = html.partition("\n")
    return f"{first}\n<tg-spoiler>{rest.lstrip()}</tg-spoiler>" if found and rest.strip() else html
