"""What Telegram shows of the bot, set at start: menus of commands by scope and language, and descriptions.

The words are system texts (`commands`, `profile`, `profile_short`), bland, since a chat list is seen by others too. The
menu of a private chat holds two commands; the others are typed. Menus change nothing on who may do what. A group where
a command is switched off has menus of its own.

**Languages.** Telegram asks by the two letters of the app's own language and knows no scripts. Apps in Hindi and in
Urdu are given the Roman Hindi-Urdu texts (`Language.codes` says why); Punjabi, Bengali and Gujarati are other languages
and get English, like everybody else ("" in Telegram's terms).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.content.languages import ENGLISH, Language
from bot.tg.deliver import deliver

PRIVATE = ("start", "help")
MEMBERS = ("ask", "help", "privacy")
ADMINS = (*MEMBERS, "settings")
_SWITCH = {"ask": "ask", "help": "help", "privacy": "help"}
"""commands of groups and what switches them on and off (`groupsettings.COMMANDS`)"""
SCOPES: tuple[tuple[Sequence[str], BotCommandScope], ...] = (
    (PRIVATE, BotCommandScopeAllPrivateChats()),
    (MEMBERS, BotCommandScopeAllGroupChats()),
    (ADMINS, BotCommandScopeAllChatAdministrators()),
)


async def set_profile(bot: Bot, languages: Mapping[str, Language]) -> None:
    """Set menus and descriptions for each of `languages` (as the library has them) where Telegram shows others."""
    for code, texts in _by_code(languages):
        for names, scope in SCOPES:
            wanted = _written(names, texts)
            await deliver(lambda w=wanted, s=scope, c=code: _commands(bot, w, s, c), "commands")  # type: ignore[misc]
        await deliver(lambda t=texts, c=code: _descriptions(bot, t, c), "descriptions")  # type: ignore[misc]


async def set_group_menu(bot: Bot, group: int, off: Set[str], languages: Mapping[str, Language]) -> bool:
    """Set the menus of a group where commands are `off`, or take its own away; return whether Telegram took that.

    Tried once, since somebody waits for it; True also where Telegram will never take it.
    """
    members = tuple(name for name in MEMBERS if _SWITCH[name] not in off)
    # An empty menu would be none, and the one of all groups would be shown; /settings is answered everywhere.
    menus = {BotCommandScopeChat(group): members or ADMINS[-1:], BotCommandScopeChatAdministrators(group): ADMINS}
    wanted = [
        (scope, code, _written([n for n in names if _SWITCH.get(n) not in off], texts) if off else [])
        for scope, names in menus.items()
        for code, texts in _by_code(languages)
    ]
    try:
        await asyncio.gather(*(_commands(bot, commands, scope, code) for scope, code, commands in wanted))
    except (BadRequest, ChatMigrated, Forbidden):
        return True
    except TelegramError:
        return False
    return True


def _by_code(languages: Mapping[str, Language]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what Telegram calls a language of apps, and the texts for them."""
    for language in languages.values():
        for code in ("",) if language.tag == ENGLISH else language.codes:
            yield code, language.texts


def _written(names: Sequence[str], texts: Mapping[str, Any]) -> list[BotCommand]:
    return [BotCommand(name, str(texts["commands"][name])) for name in names]


async def _commands(bot: Bot, wanted: list[BotCommand], scope: BotCommandScope, code: str) -> None:
    # Asked first: setting the same again at each start would use up what Telegram allows in a day.
    if list(await bot.get_my_commands(scope, code or None)) == wanted:
        return
    if wanted:
        await bot.set_my_commands(wanted, scope, code or None)
    else:
        await bot.delete_my_commands(scope, code or None)


async def _descriptions(bot: Bot, texts: Mapping[str, object], code: str) -> None:
    full, short = str(texts["profile"]), str(texts["profile_short"])
    if (await bot.get_my_description(code or None)).description != full:
        await bot.set_my_description(full, code or None)
    if (await bot.get_my_short_description(code or None)).short_description != short:
        await bot.set_my_short_description(short, code or None)
