"""What groups are sent that does not fit: each refused with one clear line, and nothing lost."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.content.groupsettings import GroupSettings, write_settings
from bot.content.reply import Target
from bot.storage.boxrows import HOLD_SECONDS, WINDOW_SECONDS
from tests.bot_api import BotApiServer, Group, Message, Person
from tests.tg.live import Live, until

DANGER = "he hit me last night and i am scared"
FULL = GroupSettings(country="GB", public=True, minutes=720, welcome=True, box=True)


@pytest.fixture
def admin(api: BotApiServer) -> Person:
    """Return who runs the group."""
    return api.person("Adminfirstname")


@pytest.fixture
async def group(live: Live, api: BotApiServer, alice: Person, admin: Person) -> Group:
    """Return a forum where much was chosen."""
    group = api.group("A group", members=[alice], owner=admin, forum=True)
    assert await live.desk.in_groups.groups.put(group.id, write_settings(FULL))
    return group


async def panel_of(live: Live, person: Person, group: Group, thread: int | None = None) -> Message:
    """Open the settings as somebody."""
    word = live.desk.in_groups.link(live.application.bot, group.id, "s", thread).split("start=")[1]
    person.chat.skip_replies()
    await person.start(word)
    return await person.next_reply()


async def settings_of(live: Live, group: Group) -> GroupSettings:
    """Return what is stored."""
    return await live.desk.in_groups.settings_of(group.id)


def is_one_line(message: Message) -> bool:
    """Tell whether a message is a single plain line."""
    return 0 < len(message.text) <= 160 and "\n" not in message.text


async def test_a_member_who_presses_an_admins_buttons_gets_one_line_each(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Every button of the panel, of the countries and of the box, as a modified app can send them."""
    panel = await panel_of(live, admin, group)
    await admin.press(panel, "Help lines: UK")
    countries = await admin.next_edit()
    await alice.start()
    card = await alice.next_reply()
    code = live.desk.in_groups.groups.code(group.id)
    crafted = [live.desk.signer.pack(Target(f"set:{code}:{choice}"), 1) for choice in ("topic.5", "ask.0", "local.0")]
    data = [str(b.callback_data) for b in (*panel.buttons, *countries.buttons) if b.callback_data is not None]
    mine = [d for d in (*data, *crafted) if live.desk.signer.unpack(d).node.startswith("set:")]
    assert len(mine) > 20
    for each in mine:
        before = len(alice.chat.from_bot)
        await (await alice.press_data(card, each)).answered()
        shown = alice.chat.find(card.message_id) or card
        if len(alice.chat.from_bot) > before:
            shown = alice.chat.from_bot[-1]
        assert "Only admins" in shown.text
        assert is_one_line(shown)
    assert await settings_of(live, group) == FULL
    assert live.desk.memory.get(alice.id).node is None


@pytest.mark.parametrize("data", ["set:aaaaaaaaaa:public.1", "box:pass:aaaaaaaaaaaaaaaa", "askbox:aaaaaaaaaa"])
async def test_a_press_in_a_group_shows_nothing(
    live: Live, api: BotApiServer, group: Group, alice: Person, data: str
) -> None:
    """Whatever is sent from a card that stands in the group."""
    await alice.say("/ask", chat=group)
    await api.wait_for_call("sendMessage")
    line = group.from_bot[-1]
    sent = len(api.calls_to("sendMessage"))
    for packed in (live.desk.signer.pack(Target(data), 1), data):
        await alice.press_data(line, packed)
    await api.wait_until_taken()
    assert len(api.calls_to("sendMessage")) == sent
    assert api.calls_to("editMessageText") == []


async def test_a_stale_panel_after_demotion_changes_nothing(
    live: Live, api: BotApiServer, group: Group, admin: Person
) -> None:
    """Whichever button; promoted again, the same panel works on."""
    panel = await panel_of(live, admin, group)
    await group.demote(admin)
    api.clock.advance(minutes=2)
    for label in ("Welcome: on", "Question box: on", "Questions to look at", "Lift all blocks", "Add a local service"):
        before = len(api.calls_to("sendMessage")) + len(api.calls_to("editMessageText"))
        await (await admin.press_data(panel, str(panel.find_button(label).callback_data))).answered()  # type: ignore[union-attr]
        await api.wait_until_taken()
        assert len(api.calls_to("sendMessage")) + len(api.calls_to("editMessageText")) == before + 1
        last = max(api.calls_to("sendMessage")[-1:] + api.calls_to("editMessageText")[-1:], key=lambda c: c.time)
        assert last.params["text"].startswith("Only admins"), label
    assert await settings_of(live, group) == FULL
    await group.promote(admin)
    api.clock.advance(minutes=2)
    await admin.press_data(panel, str(panel.find_button("Welcome: on").callback_data))  # type: ignore[union-attr]
    await api.wait_until_taken()
    assert not (await settings_of(live, group)).welcome


@pytest.mark.parametrize("choice", ["nonsense.1", "minutes.7", "lang.z", "country.zz", "off.settings", "public.2", "x"])
async def test_a_button_of_another_version_shows_the_settings_as_they_are(
    live: Live, api: BotApiServer, group: Group, admin: Person, choice: str
) -> None:
    """And changes none of them."""
    panel = await panel_of(live, admin, group)
    code = live.desk.in_groups.groups.code(group.id)
    await admin.press_data(panel, live.desk.signer.pack(Target(f"set:{code}:{choice}"), 1))
    assert (await admin.next_edit()).text.startswith("That button is from an earlier version.")
    assert await settings_of(live, group) == FULL


async def test_a_local_service_that_does_not_fit_is_asked_for_again(
    live: Live, api: BotApiServer, group: Group, admin: Person, alice: Person
) -> None:
    """One line says what is wrong; the one that is there stays; nothing typed is shown to anybody."""
    day = (dt.datetime.fromtimestamp(api.clock.now(), dt.UTC).date() + dt.timedelta(days=90)).isoformat()
    await admin.press(await panel_of(live, admin, group), "Add a local service")
    await admin.next_edit()
    for typed, word in (
        (f"<script>alert(1)</script>; 0161 496 0000; {day}", "three parts"),
        (f"{{{{ config }}}}; 0161 496 0000; {day}", "three parts"),
        (f"{{% raw %}}; 0161 496 0000; {day}", "three parts"),
        (f"A `b`; 0161 496 0000; {day}", "three parts"),
        (f"A [x](y); 0161 496 0000; {day}", "three parts"),
        (f"{'A' * 200}; 0161 496 0000; {day}", "three parts"),
        (f"A centre\n0161 496 0000\n{day}", "three parts"),
        (f"A centre; 0161 496; {day}", "no valid phone number"),
        (f"A centre; 999999999999; {day}", "no valid phone number"),
        (f"A centre; http://example.org; {day}", "no valid phone number"),
        (f"A centre; https://example.org/?q=1; {day}", "no valid phone number"),
        (f"A centre; https://user@example.org; {day}", "no valid phone number"),
        (f"A centre; data:text/html,x; {day}", "no valid phone number"),
        ("A centre; 0161 496 0000; 31/01/2027", "date must look"),
        ("A centre; 0161 496 0000; 2020-01-31", "date must look"),
        ("A centre; 0161 496 0000; 9999-12-31", "date must look"),
    ):
        await admin.say(typed)
        reply = await admin.next_reply()
        assert word in reply.text, typed
        assert is_one_line(reply)
        assert await settings_of(live, group) == FULL
    await admin.say(f'Women\'s "A&B" centre; 0161 496 0000; {day}')
    assert "Kept" in (await admin.next_reply()).text
    await alice.start(live.desk.in_groups.link(live.application.bot, group.id).split("start=")[1])
    assert 'Women\'s "A&B" centre, 0161 496 0000' in (await alice.next_reply()).text


async def test_danger_wins_over_a_half_typed_local_service(
    live: Live, api: BotApiServer, group: Group, admin: Person
) -> None:
    """An admin may need help too; a service named after a danger is no danger."""
    panel = await panel_of(live, admin, group)
    await admin.press(panel, "Add a local service")
    await admin.next_edit()
    day = (dt.datetime.fromtimestamp(api.clock.now(), dt.UTC).date() + dt.timedelta(days=9)).isoformat()
    await admin.say(f"He hit me centre; 0161 496 0000; {day}")
    assert "Kept" in (await admin.next_reply()).text
    await admin.press(await panel_of(live, admin, group), "Remove the local service")
    panel = await admin.next_edit()
    await admin.press(panel, "Add a local service")
    await admin.next_edit()
    await admin.say(DANGER)
    assert "999" in (await admin.next_reply()).text
    assert (await settings_of(live, group)).local is None


async def test_danger_in_a_flood_still_opens_on_care(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """A second command within seconds gets no second line; the first one's button leads to care all the same."""
    await alice.say("/ask", chat=group)
    await alice.say(f"/ask {DANGER}", chat=group)
    await api.wait_until_taken()
    assert len(group.from_bot) == 1
    await alice.start(str(group.from_bot[0].buttons[0].wire["url"]).split("start=")[1])
    assert "999" in (await alice.next_reply()).text


async def test_danger_in_another_language_opens_in_it(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """The group's language is English, the writer's is not."""
    await alice.say("/ask mera shauhar mujhe maarta hai, mujhe dar lagta hai", chat=group)
    await api.wait_until_taken()
    await alice.start(str(group.from_bot[0].buttons[0].wire["url"]).split("start=")[1])
    assert "Accha hua ki aapne yeh likha" in (await alice.next_reply()).text


async def test_a_question_full_of_html_comes_through_as_typed(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """In the draft, before moderators and in its topic; Telegram would have refused any of them otherwise."""
    thread = await group.new_topic("Box", admin)
    await live.desk.in_groups.groups.put(group.id, write_settings(GroupSettings(box=True, topic=thread)))
    evil = '</blockquote><b>x <a href="tg://user?id=1">y</a> {name} {{ 7*7 }} {% x %} &lt;i&gt; <script>1</script>?'
    await alice.start(live.desk.in_groups.link(live.application.bot, group.id).split("start=")[1])
    await alice.press(await alice.next_reply(), "Ask the group without your name")
    await alice.press(await alice.next_reply(), "Write something")
    await alice.next_edit()
    await alice.say(evil)
    draft = await alice.next_reply()
    await alice.press(draft, draft.labels[0])
    assert "Handed in" in (await alice.next_edit()).text
    api.clock.advance(seconds=HOLD_SECONDS)
    await admin.press(await panel_of(live, admin, group), "Questions to look at")
    shown = await admin.next_reply()
    assert "{name} {{ 7*7 }} {% x %} &lt;i&gt; <script>1</script>?" in shown.text
    await admin.press(shown, "Let it through")
    await admin.next_edit()
    api.clock.advance(seconds=2 * WINDOW_SECONDS)
    await live.desk.box.sweep(live.application.bot)
    posted = group.from_bot[-1]
    assert posted.thread_id == thread
    assert "{name} {{ 7*7 }} {% x %} &lt;i&gt; <script>1</script>?" in posted.text
    assert not {e["type"] for e in posted.entities} & {"text_link", "text_mention", "url", "mention", "code", "pre"}


async def test_a_deleted_topic_costs_nothing(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Cards meant for it go to the group itself, and from then on at once; choosing it again is refused in one line."""
    thread = await group.new_topic("Cards", admin)
    panel = await panel_of(live, admin, group, thread)
    await admin.press(panel, "Send unasked cards to that topic")
    await admin.next_edit()
    assert (await settings_of(live, group)).topic == thread
    del group.topics[thread]
    await group.add(api.person("New"))

    async def greeted() -> bool:
        return bool(group.from_bot)

    await until(greeted)
    assert group.from_bot[-1].thread_id is None
    await api.wait_until_taken()
    assert await settings_of(live, group) == FULL
    refused = len([c for c in api.calls_to("sendMessage") if c.error])
    api.clock.advance(minutes=2)
    await group.add(api.person("Newer"))
    await api.wait_until_taken()
    assert len([c for c in api.calls_to("sendMessage") if c.error]) == refused
    panel = await panel_of(live, admin, group, thread)
    await admin.press(panel, "Send unasked cards to that topic")
    shown = await admin.next_edit()
    assert shown.text.startswith("That topic is no longer there")
    assert await settings_of(live, group) == FULL


async def test_members_who_are_hidden_can_still_be_helped(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Telegram tells a bot without rights of nobody there: admins are known by their list, members by having come.

    What others say in the group is shown only to who is surely in it.
    """
    group.hides_members = True
    panel = await panel_of(live, admin, group)
    assert panel.find_button("Question box: on") is not None
    assert "Only admins" in (await panel_of(live, alice, group)).text
    await alice.start(live.desk.in_groups.link(live.application.bot, group.id).split("start=")[1])
    card = await alice.next_reply()
    assert card.find_button("Ask the group without your name") is not None
    bot = live.application.bot
    assert not await live.desk.in_groups.shows(bot, group.id, alice.id)
    await group.promote_bot(admin)
    assert await live.desk.in_groups.shows(bot, group.id, alice.id)


async def test_greetings_are_dropped_where_there_is_no_room(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """Not queued: they would come when nobody remembers who joined."""
    lanes = live.desk.post.lanes
    while lanes.has_room(group.id):
        await lanes.turn(group.id, care=False)
    await group.add(api.person("New"))
    await api.wait_until_taken()
    assert group.from_bot == []


async def test_an_edited_command_is_no_second_one(live: Live, api: BotApiServer, group: Group, alice: Person) -> None:
    """Edits are not asked for, so nobody is answered twice."""
    said = await alice.say("/ask", chat=group)
    await api.wait_until_taken()
    api.clock.advance(minutes=2)
    await alice.edit(said, "/ask is it ok")
    assert api.unconfirmed == []
    assert len(group.from_bot) == 1


async def test_a_channel_that_speaks_in_the_group_is_nobody(live: Live, api: BotApiServer, group: Group) -> None:
    """It gets the line like anyone; nothing is remembered or counted of the account that Telegram puts in its place."""
    stand_in = {"id": 136_817_688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
    channel = {"id": -1_002_000_000_001, "type": "channel", "title": "A channel"}
    for text in (f"/ask {DANGER}", "/ask is texting my ex micro-cheating?"):
        said = group.post(
            {"text": text, "entities": [{"type": "bot_command", "offset": 0, "length": 4}]},
            sender=stand_in,
            sender_chat=channel,
        )
        api.push_raw({"message": said.wire})
        await api.wait_until_taken()
        api.clock.advance(minutes=1)
    assert len({message.text for message in group.from_bot}) == 1
    assert len(group.from_bot) == 2
    assert live.desk.memory.get(stand_in["id"]).node is None
    assert await live.desk.in_groups.held(stand_in["id"]) == 0
