"""Stock echo bots to measure beside, each as its own program: `python -m bot.bench.echo KIND URL TOKEN`."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

KINDS = ("ptb", "ptb-aiohttp", "aiogram")
_AT_ONCE = 32


def run_ptb(url: str, token: str, *, aiohttp: bool) -> None:
    """Echo with python-telegram-bot: as its own example does it, or over our transport and 32 updates at once."""
    from telegram import Update
    from telegram.ext import Application, MessageHandler, filters

    async def echo(update: Update, context: Any) -> None:
        if update.message is not None and update.message.text is not None:
            await update.message.reply_text(update.message.text)

    builder = Application.builder().token(token).base_url(f"{url}/bot")
    if aiohttp:
        from bot.tg.transport import AiohttpRequest

        builder = builder.request(AiohttpRequest()).get_updates_request(AiohttpRequest())
        builder = builder.concurrent_updates(_AT_ONCE)
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling()


def run_aiogram(url: str, token: str) -> None:
    """Echo with aiogram, as its own example does it."""
    from aiogram import Bot, Dispatcher, types
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    dispatcher = Dispatcher()

    @dispatcher.message()  # type: ignore[misc, untyped-decorator, unused-ignore]
    async def echo(message: types.Message) -> None:
        await message.answer(message.text or "")

    async def main() -> None:
        bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
        await dispatcher.start_polling(bot, handle_signals=True)

    asyncio.run(main())


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    kind, url, token = sys.argv[1:4]
    if kind == "aiogram":
        run_aiogram(url, token)
    else:
        run_ptb(url, token, aiohttp=kind == "ptb-aiohttp")
