"""A group's own menus: what is off there is offered to nobody there, in no language of an app."""

from __future__ import annotations

import pytest

from bot.content.groupsettings import GroupSettings, write_settings
from bot.tg.profile import ADMINS, MEMBERS, set_profile
from tests.bot_api import BotApiServer, Group, Person
from tests.broken import led_astray
from tests.tg.live import Live

CODES = ("en", "hi", "ur", "de", "")
NO_ASK = (("help", "privacy"), ("help", "privacy", "settings"))


@pytest.fixture
def admin(api: BotApiServer) -> Person:
    """Return who runs the group."""
    return api.person("Adminfirstname")


@pytest.fixture
async def group(live: Live, api: BotApiServer, alice: Person, admin: Person) -> Group:
    """Return a basic group, the menus of all groups set."""
    await set_profile(live.application.bot, live.desk.renderer.catalogue.library.languages)
    return api.group("A group", members=[alice], owner=admin)


def menus(api: BotApiServer, alice: Person, group: Group) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return what members and admins are offered, over all languages of apps."""
    commands_for = api.world.profile.commands_for
    return {
        (
            tuple(commands_for(alice.id, code, group)),
            tuple(commands_for(alice.id, code, group, admin=True)),
        )
        for code in CODES
    }


def of_groups(api: BotApiServer) -> list[tuple[str, str]]:
    """Return the scopes of single groups for which anything is set."""
    return [key for key in api.commands if ":" in key[0]]


async def press(live: Live, api: BotApiServer, admin: Person, group: Group, *labels: str) -> None:
    """Press buttons of the settings one after another."""
    word = live.desk.in_groups.link(live.application.bot, group.id, "s").split("start=")[1]
    admin.chat.skip_replies()
    await admin.start(word)
    panel = await admin.next_reply()
    for label in labels:
        await admin.press(panel, label)
        panel = await admin.next_edit()
    await api.wait_until_taken()


async def test_what_is_switched_off_leaves_the_menu_and_comes_back(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """At once, for this group alone; with everything on again the group has no menu of its own."""
    other = api.group("Another")
    assert menus(api, alice, group) == {(MEMBERS, ADMINS)}
    await press(live, api, admin, group, "/ask: on")
    assert menus(api, alice, group) == {NO_ASK}
    assert menus(api, alice, other) == {(MEMBERS, ADMINS)}
    await press(live, api, admin, group, "/help: on")
    assert menus(api, alice, group) == {(("settings",), ("settings",))}, "an empty menu would show all commands"
    await press(live, api, admin, group, "/help: off", "/ask: off")
    assert menus(api, alice, group) == {(MEMBERS, ADMINS)}
    assert of_groups(api) == []


async def test_the_words_are_those_of_the_app(live: Live, api: BotApiServer, group: Group, admin: Person) -> None:
    """As in any other group."""
    await press(live, api, admin, group, "/ask: on")
    languages = live.desk.renderer.catalogue.library.languages
    for code, tag in (("", "en"), ("hi", "hi-Latn"), ("ur", "hi-Latn")):
        texts = languages[tag].texts["commands"]
        shown = [{"command": name, "description": texts[name]} for name in ("help", "privacy")]
        assert api.commands[f"chat:{group.id}", code] == shown


async def test_a_move_takes_the_menu_along(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """The new number has none at first."""
    await press(live, api, admin, group, "/ask: on")
    moved = await group.migrate()
    await api.wait_until_taken()
    assert menus(api, alice, moved) == {NO_ASK}


async def test_added_again_it_shows_what_is_on(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Within the week what was off is off; after it nothing is left of that, whatever Telegram still has."""
    await press(live, api, admin, group, "/ask: on")
    for _ in range(2):
        await group.kick_bot(admin)
        await group.add_bot(admin)
        await api.wait_until_taken()
        assert menus(api, alice, group) == {NO_ASK}
    await group.kick_bot(admin)
    await api.wait_until_taken()
    api.clock.advance(days=8)
    await live.desk.in_groups.groups.purge(int(api.clock.now()))
    await group.add_bot(admin)
    await api.wait_until_taken()
    assert menus(api, alice, group) == {(MEMBERS, ADMINS)}


async def test_a_menu_that_telegram_did_not_take_is_set_later(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """The press holds and nobody waits; where it can never be set it is not tried for ever."""
    api.faults.next("setMyCommands", status=429, retry_after=600)
    await press(live, api, admin, group, "/ask: on")
    assert menus(api, alice, group) != {NO_ASK}
    assert (await live.desk.in_groups.settings_of(group.id)).off == {"ask"}
    await live.desk.in_groups.set_menus(live.application.bot)
    assert menus(api, alice, group) == {NO_ASK}
    calls = len(api.calls_to("getMyCommands"))
    await live.desk.in_groups.set_menus(live.application.bot)
    assert len(api.calls_to("getMyCommands")) == calls
    api.faults.next("setMyCommands", status=403, times=None)
    await press(live, api, admin, group, "/help: on")
    calls = len(api.calls_to("getMyCommands"))
    await live.desk.in_groups.set_menus(live.application.bot)
    assert len(api.calls_to("getMyCommands")) == calls


async def test_without_the_database_no_menu_is_touched(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """What it holds is not known then, and the defaults are no choice of this group."""
    await press(live, api, admin, group, "/ask: on")
    desk = live.desk.in_groups
    desk._menus.add(group.id)
    async with led_astray(live.desk.database):
        await desk.set_menus(live.application.bot)
    assert menus(api, alice, group) == {NO_ASK}
    assert desk._menus == {group.id}


async def test_a_start_sets_the_menus_of_groups_that_have_something_off(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """An earlier version set none, or other words."""
    await live.desk.in_groups.groups.put(group.id, write_settings(GroupSettings(off=frozenset({"ask"}))))
    await live.desk.in_groups.set_menus(live.application.bot, everywhere=True)
    assert menus(api, alice, group) == {NO_ASK}
