"""Menus and descriptions over the Bot API server: by scope and language, bland, and not set anew at each start."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Bot
from telegram.ext import CallbackQueryHandler, ChatMemberHandler, CommandHandler, InlineQueryHandler, MessageHandler

from bot.app import add_handlers
from bot.content.catalogue import Catalogue
from bot.content.languages import Language
from bot.content.paths import content_root
from bot.quality.tone import load_tone, neutral_problems
from bot.tg.order import ALLOWED
from bot.tg.profile import ADMINS, MEMBERS, PRIVATE, set_profile
from tests.bot_api import BotApiServer, Group, Person
from tests.bot_api.profile import LIMITS, MAX_COMMAND_DESCRIPTION

KIND_OF = {
    MessageHandler: "message",
    CommandHandler: "message",
    CallbackQueryHandler: "callback_query",
    ChatMemberHandler: "my_chat_member",
    InlineQueryHandler: "inline_query",
}
WRITES = ("setMyCommands", "setMyDescription", "setMyShortDescription")


class Handlers:
    """Takes handlers as the application does, and anything else of a desk."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    def add_handler(self, handler: Any) -> None:
        """Note one."""
        self.taken.append(handler)

    def add_error_handler(self, handler: Any) -> None:
        """Note none."""

    def __getattr__(self, name: str) -> Any:
        return self


def handlers() -> list[Any]:
    """Return the handler table."""
    table = Handlers()
    add_handlers(table, table)  # type: ignore[arg-type]
    return table.taken


@pytest.fixture
async def group(api: BotApiServer, bot: Bot, catalogue: Catalogue) -> Group:
    """Return a group, the profile set."""
    await set_profile(bot, catalogue.library.languages)
    return api.group("A group")


def shown(api: BotApiServer, person: Person, group: Group, code: str, *, admin: bool = False) -> tuple[str, ...]:
    """Return which commands somebody is offered in a group."""
    return tuple(api.world.profile.commands_for(person.id, code, group, admin=admin))


@pytest.mark.parametrize("code", ["en", "hi", "ur", "pa", "de", "en-GB", ""])
async def test_members_see_three_and_admins_more(api: BotApiServer, group: Group, alice: Person, code: str) -> None:
    """In every language of the app, whether we have texts in it or not."""
    assert shown(api, alice, group, code) == MEMBERS == ("ask", "help", "privacy")
    assert shown(api, alice, group, code, admin=True) == ADMINS
    assert set(MEMBERS) < set(ADMINS)
    assert tuple(api.world.profile.commands_for(alice.id, code, alice.chat)) == PRIVATE == ("start", "help")


async def test_each_menu_is_in_the_language_of_the_app(api: BotApiServer, group: Group, catalogue: Catalogue) -> None:
    """Roman Hindi-Urdu for apps in Hindi and in Urdu, English for all others; nothing is set by another scope."""
    languages = catalogue.library.languages
    scopes = {"all_private_chats": PRIVATE, "all_group_chats": MEMBERS, "all_chat_administrators": ADMINS}
    wanted = {"": languages["en"], "hi": languages["hi-Latn"], "ur": languages["hi-Latn"]}
    assert set(api.commands) == {(scope, code) for scope in scopes for code in wanted}
    for (scope, code), commands in api.commands.items():
        texts = wanted[code].texts["commands"]
        assert commands == [{"command": name, "description": texts[name]} for name in scopes[scope]]
    for code, language in wanted.items():
        assert api.descriptions[code] == language.texts["profile"]
        assert api.short_descriptions[code] == language.texts["profile_short"]
    assert languages["en"].texts["commands"] != languages["hi-Latn"].texts["commands"]


async def test_a_second_start_sets_nothing(api: BotApiServer, bot: Bot, group: Group, catalogue: Catalogue) -> None:
    """And a third, after an upgrade changed one word, sets what holds that word."""
    before = {method: len(api.calls_to(method)) for method in WRITES}
    assert before == {"setMyCommands": 9, "setMyDescription": 3, "setMyShortDescription": 3}
    await set_profile(bot, catalogue.library.languages)
    assert {method: len(api.calls_to(method)) for method in WRITES} == before
    api.commands["all_group_chats", "hi"][0]["description"] = "an earlier word"
    await set_profile(bot, catalogue.library.languages)
    assert {method: len(api.calls_to(method)) for method in WRITES} == before | {"setMyCommands": 10}


async def test_a_refusal_stops_nothing_else(api: BotApiServer, bot: Bot, catalogue: Catalogue) -> None:
    """What Telegram does not take is passed over."""
    api.faults.next("setMyCommands", status=400)
    await set_profile(bot, catalogue.library.languages)
    assert len(api.commands) == 8
    assert len(api.descriptions) == 3


def test_every_word_fits_and_gives_nothing_away(catalogue: Catalogue) -> None:
    """The chat list is seen by others: no word that a lock screen must not show."""
    tone = load_tone(content_root())[0]
    for language in catalogue.library.languages.values():
        texts = language.texts
        for line in (*texts["commands"].values(), texts["profile"], texts["profile_short"]):
            assert list(neutral_problems(tone, line)) == []
        assert all(0 < len(line) <= MAX_COMMAND_DESCRIPTION for line in texts["commands"].values())
        assert len(texts["profile"]) <= LIMITS["description"]
        assert len(texts["profile_short"]) <= LIMITS["short_description"]


def test_every_command_shown_is_answered_where_it_is_shown() -> None:
    """And `commands` holds no word for any other."""
    private: set[str] = set()
    group: set[str] = set()
    for handler in handlers():
        if isinstance(handler, CommandHandler):
            (private if "PRIVATE" in repr(handler.filters) else group).update(handler.commands)
    assert set(PRIVATE) <= private
    assert set(ADMINS) <= group


def test_codes_are_what_telegram_takes() -> None:
    """Two letters; a language known by three only cannot be asked for."""
    odd = Language("x-Latn", "X", "x", frozenset({"mai-Latn", "hi", "ur-Latn"}), {})
    assert odd.codes == ("hi", "ur")


def test_only_what_is_handled_is_asked_for() -> None:
    """Each kind of update has a handler, and each handler's kind is asked for; edits, reactions and joins are not."""
    assert {KIND_OF[type(handler)] for handler in handlers()} == set(ALLOWED)
