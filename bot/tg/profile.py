"""What Telegram shows of the bot: commands by scope, set at start."""

from __future__ import annotations

from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats

from bot.tg.deliver import deliver

PRIVATE = (("start", "Start"), ("help", "How this works"), ("topics", "Browse"), ("privacy", "What is kept"))
GROUP = (("help", "How this works"),)


async def set_profile(bot: Bot) -> None:
    """Set the commands of private chats and of groups."""
    for commands, scope in ((PRIVATE, BotCommandScopeAllPrivateChats()), (GROUP, BotCommandScopeAllGroupChats())):
        wanted = [BotCommand(name, text) for name, text in commands]
        await deliver(lambda wanted=wanted, scope=scope: bot.set_my_commands(wanted, scope), "commands")  # type: ignore[misc]
