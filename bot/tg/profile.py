"""What Telegram shows of the bot, set at start: menus of commands by scope and language, and descriptions.

The words are system texts (`commands`, `profile`, `profile_short`), bland, since a chat list is seen by others too. The
menu of a private chat holds two commands; the others are typed. Menus change nothing on who may do what.

**Languages.** Telegram asks by the two letters of the app's own language and knows no scripts. Apps in Hindi and in
Urdu are given the Roman Hindi-Urdu texts (`Language.codes` says why); Punjabi, Bengali and Gujarati are other languages
and get English, like everybody else ("" in Telegram's terms).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
)

from bot.content.languages import ENGLISH, Language
from bot.tg.deliver import deliver

PRIVATE = ("start", "help")
MEMBERS = ("ask", "help", "privacy")
ADMINS = (*MEMBERS, "settings")
SCOPES: tuple[tuple[Sequence[str], BotCommandScope], ...] = (
    (PRIVATE, BotCommandScopeAllPrivateChats()),
    (MEMBERS, BotCommandScopeAllGroupChats()),
    (ADMINS, BotCommandScopeAllChatAdministrators()),
)


async def set_profile(bot: Bot, languages: Mapping[str, Language]) -> None:
    """Set menus and descriptions for each of `languages` (as the library has them) where Telegram shows others."""
    for language in languages.values():
        for code in ("",) if language.tag == ENGLISH else language.codes:
            for names, scope in SCOPES:
                wanted = [BotCommand(name, str(language.texts["commands"][name])) for name in names]
                await deliver(lambda w=wanted, s=scope, c=code: _commands(bot, w, s, c), "commands")  # type: ignore[misc]
            await deliver(lambda t=language.texts, c=code: _descriptions(bot, t, c), "descriptions")  # type: ignore[misc]


async def _commands(bot: Bot, wanted: list[BotCommand], scope: BotCommandScope, code: str) -> None:
    # Asked first: setting the same again at each start would use up what Telegram allows in a day.
    if list(await bot.get_my_commands(scope, code or None)) != wanted:
        await bot.set_my_commands(wanted, scope, code or None)


async def _descriptions(bot: Bot, texts: Mapping[str, object], code: str) -> None:
    full, short = str(texts["profile"]), str(texts["profile_short"])
    if (await bot.get_my_description(code or None)).description != full:
        await bot.set_my_description(full, code or None)
    if (await bot.get_my_short_description(code or None)).short_description != short:
        await bot.set_my_short_description(short, code or None)
