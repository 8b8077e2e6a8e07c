"""What Telegram shows of the bot, set at start: bland words, since a chat list is seen by others too.

The visible menu holds two commands; the others are typed.
"""

from __future__ import annotations

from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats

from bot.tg.deliver import deliver

PRIVATE = (("start", "Start"), ("help", "How this works"))
GROUP = (("help", "How this works"),)
DESCRIPTION = "A quiet place to think something over. Type in your own words, or press a button."
SHORT = "A quiet place to think something over."


async def set_profile(bot: Bot) -> None:
    """Set commands and descriptions; they change nothing on who may do what."""
    for commands, scope in ((PRIVATE, BotCommandScopeAllPrivateChats()), (GROUP, BotCommandScopeAllGroupChats())):
        wanted = [BotCommand(name, text) for name, text in commands]
        await deliver(lambda wanted=wanted, scope=scope: bot.set_my_commands(wanted, scope), "commands")  # type: ignore[misc]
    await deliver(lambda: bot.set_my_description(DESCRIPTION), "description")
    await deliver(lambda: bot.set_my_short_description(SHORT), "description")
