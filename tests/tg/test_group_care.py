"""Danger typed in a group: the private chat of its writer opens on the card that they would have had there."""

from __future__ import annotations

import pytest
from telegram import Update

from bot.content.groupsettings import GroupSettings, write_settings
from bot.core.values import Urgency
from tests.bot_api import BotApiServer, Group, Message, Person
from tests.tg.live import Live

NOW = "he is outside with a knife, he says he will kill me"
HINT = "he checks the miles on my car"
HELD_OVER = "he says he will kill himself if i leave"
YOUNG = "i am 14 and my dad hits me"
HINDI = "मेरा पति मुझे मारता है"


@pytest.fixture
def group(api: BotApiServer, alice: Person) -> Group:
    """Return a group with a member."""
    return api.group("A group", members=[alice])


async def opened(live: Live, api: BotApiServer, group: Group, person: Person, text: str) -> Message:
    """Let somebody write a command in the group and follow the link of that group; return their card."""
    await person.say(text, chat=group)
    await api.wait_until_taken()
    person.chat.skip_replies()
    await person.start(live.desk.in_groups.link(live.application.bot, group.id).split("start=")[1])
    return await person.next_reply()


async def typed(api: BotApiServer, text: str) -> Message:
    """Return the card of somebody who types the same in private."""
    other = api.person("Other")
    await other.say(text)
    return await other.next_reply()


def emergencies(live: Live, card: Message) -> set[bool]:
    """Return what the buttons of a card say on whether it is an emergency."""
    unpack = live.desk.signer.unpack
    return {unpack(str(b.callback_data)).emergency for b in card.buttons if b.callback_data is not None}


@pytest.mark.parametrize("text", [NOW, HINT, HELD_OVER, YOUNG, HINDI])
async def test_the_card_is_the_one_of_the_private_chat(
    live: Live, api: BotApiServer, group: Group, alice: Person, text: str
) -> None:
    """As urgent, as careful where it is only hinted at, with the lines for the young, in the writer's own script."""
    card = await opened(live, api, group, alice, f"/ask {text}")
    same = await typed(api, text)
    assert card.text == same.text
    assert card.labels == same.labels
    assert emergencies(live, card) == emergencies(live, same)


async def test_these_differ_in_what_is_kept_of_them(live: Live) -> None:
    """Otherwise the comparison proves little."""
    now, hint, held, young, hindi = (live.desk.engine.decide(text) for text in (NOW, HINT, HELD_OVER, YOUNG, HINDI))
    assert now.risk.urgency is Urgency.EMERGENCY
    assert not hint.risk.explicit
    assert hint.risk.urgency is Urgency.HIGH
    assert held.risk.leverage
    assert young.under_18
    assert hindi.lang == "hi"
    assert all(d.risk.categories for d in (now, hint, young, hindi))


async def test_what_the_private_chat_knew_is_kept(live: Live, api: BotApiServer, group: Group, alice: Person) -> None:
    """Whoever said there that they are fourteen need not say so again."""
    await alice.say("i am 14 and my mum reads my diary")
    await alice.next_reply()
    await opened(live, api, group, alice, f"/ask {NOW}")
    assert live.desk.memory.get(alice.id).under_18


@pytest.mark.parametrize("command", ["/help", "/privacy", "/start", "/settings"])
async def test_any_command_of_ours_may_hold_it(
    live: Live, api: BotApiServer, group: Group, alice: Person, command: str
) -> None:
    """A plain "/help he hit me" is what somebody writes who needs it; the group sees the usual line."""
    usual = api.group("Another", members=[alice])
    await alice.say(command, chat=usual)
    await api.wait_until_taken()
    card = await opened(live, api, group, alice, f"{command} {NOW}")
    assert "999" in card.text
    assert [m.text for m in group.from_bot] == [m.text for m in usual.from_bot]
    assert await live.desk.in_groups.held(alice.id) == 0


async def test_also_where_the_command_is_off(live: Live, api: BotApiServer, group: Group, alice: Person) -> None:
    """Nothing is said in the group; a link from another day leads to care."""
    settings = write_settings(GroupSettings(off=frozenset({"ask", "help"})))
    assert await live.desk.in_groups.groups.put(group.id, settings)
    assert "999" in (await opened(live, api, group, alice, f"/ask {NOW}")).text
    assert group.from_bot == []


async def test_coming_for_care_waits_for_no_database(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """Replicas ask whether an update may wait: the start that opens on care may not, any other may."""
    said = await alice.say(f"/ask {NOW}", chat=group)
    await api.wait_until_taken()
    word = live.desk.in_groups.link(live.application.bot, group.id).split("start=")[1]

    def start(person: Person) -> Update:
        wire = {**said.wire, "chat": person.chat.wire(), "from": person.wire(), "text": f"/start {word}"}
        return Update.de_json({"update_id": 1, "message": wire}, live.application.bot)

    assert live.desk.is_danger(start(alice))
    assert not live.desk.is_danger(start(api.person("Other")))
