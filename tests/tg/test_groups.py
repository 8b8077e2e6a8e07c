"""Groups over HTTP: the shyest member, curious admins, forums, moves and a raid."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.content.groupsettings import GroupSettings, LocalService, read_service, read_settings, write_settings
from tests.bot_api import BotApiServer, Group, Message, Person
from tests.broken import led_astray
from tests.tg.conftest import FIRST_NAME
from tests.tg.live import Live, until

DANGER = "he hit me last night"
GENERAL = "what is micro-cheating?"
GROWN_UP = "is sexting cheating"
NAMED = "is it cheating if Imran likes photos of Sana"
PERSONAL = "is texting my ex micro-cheating?"


@pytest.fixture
def admin(api: BotApiServer) -> Person:
    """Return who runs the group."""
    return api.person("Adminfirstname")


@pytest.fixture
def group(api: BotApiServer, alice: Person, admin: Person) -> Group:
    """Return a group with a member and an admin, the bot in it without rights."""
    return api.group("A group", members=[alice], owner=admin)


async def _ask(live: Live, person: Person, group: Group, text: str) -> Message:
    """Send a command to the group; return the bot's line."""
    before = len(group.from_bot)
    await person.say(text, chat=group)

    async def answered() -> bool:
        return len(group.from_bot) > before

    await until(answered)
    return group.from_bot[-1]


def _url(message: Message) -> str:
    return str(message.wire["reply_markup"]["inline_keyboard"][0][0]["url"])


async def _panel(live: Live, api: BotApiServer, person: Person, group: Group) -> Message:
    """Open the settings in private as somebody."""
    line = await _ask(live, person, group, f"/settings@{api.world.bot.username}")
    await person.start(_url(line).split("start=")[1])
    return await person.next_reply()


async def _set(live: Live, group: Group, **change: object) -> None:
    settings = GroupSettings(**change)  # type: ignore[arg-type]
    assert await live.desk.in_groups.groups.put(group.id, write_settings(settings))


async def test_every_ask_gets_the_same_line_and_link(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """Whatever was written; nothing names the member or a topic, and the number of the group is nowhere."""
    seen = set()
    for text in ("", " " + PERSONAL, " " + DANGER, " <b>x", " /help"):
        line = await _ask(live, alice, group, f"/ask@{api.world.bot.username}{text}")
        seen.add((line.text, _url(line)))
        api.clock.advance(minutes=2)
    assert len(seen) == 1
    text, url = seen.pop()
    assert FIRST_NAME not in text
    assert str(group.id) not in url
    assert len(url.split("start=")[1]) <= 64


async def test_who_comes_through_the_link_is_asked_nothing_about_it(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """The private chat opens blank, with the group's country."""
    await _set(live, group, country="PK")
    line = await _ask(live, alice, group, "/ask")
    await alice.start(_url(line).split("start=")[1])
    card = await alice.next_reply()
    assert "You came from a group" in card.text
    await alice.say(DANGER)
    assert "Pakistan" in (await alice.next_reply()).text


async def test_danger_in_a_group_leads_to_care_in_private_alone(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """In the group nothing can be seen of it; an admin who follows the same link sees nothing either."""
    line = await _ask(live, alice, group, f"/ask {DANGER}")
    assert "999" not in line.text
    payload = _url(line).split("start=")[1]
    await admin.start(payload)
    assert "999" not in (await admin.next_reply()).text
    await alice.start(payload)
    assert "999" in (await alice.next_reply()).text


async def test_general_questions_are_answered_openly_only_where_that_is_on(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """Personal ones never."""
    line = await _ask(live, alice, group, f"/ask {GENERAL}")
    assert "I answer in private" in line.text
    await _set(live, group, public=True)
    for text, openly in (
        (GENERAL, True),
        (PERSONAL, False),
        (NAMED, False),
        (GROWN_UP, False),
        (DANGER, False),
        ("zzzz", False),
    ):
        api.clock.advance(minutes=2)
        line = await _ask(live, alice, group, f"/ask {text}")
        assert ("I answer in private" not in line.text) is openly, text


async def test_our_cards_in_a_group_clear_themselves(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """After an hour unless chosen otherwise; members' messages are not ours to touch."""
    await _ask(live, alice, group, "/ask")

    async def noted() -> bool:
        return bool(await live.desk.personal.ledger.of_chat(group.id))

    await until(noted)
    api.clock.advance(minutes=61)
    assert await live.sweep() == 1
    assert group.from_bot == []
    assert len(group.messages) == 1


async def test_an_admin_changes_settings_by_buttons(live: Live, api: BotApiServer, group: Group, admin: Person) -> None:
    """Each press is kept at once and shown."""
    panel = await _panel(live, api, admin, group)
    await admin.press(panel, "General questions answered here: off")
    panel = await admin.next_edit()
    assert any(b.text == "General questions answered here: on" for b in panel.buttons)
    await admin.press(panel, "Language: English")
    await admin.next_edit()
    await admin.press(panel, "Help lines: UK")
    chosen = await admin.next_edit()
    await admin.press(chosen, "Pakistan")
    await admin.next_edit()
    settings = await live.desk.in_groups.settings_of(group.id)
    assert (settings.public, settings.lang, settings.country) == (True, "hi-Latn", "PK")


async def test_a_member_cannot_press_what_is_for_admins(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Neither by the link nor by a button that somebody passed on, nor after a demotion."""
    refused = await _panel(live, api, alice, group)
    assert "Only admins" in refused.text
    other = api.person("Secondadmin")
    await group.add(other)
    await group.promote(other)
    panel = await _panel(live, api, other, group)
    await group.demote(other)
    api.clock.advance(minutes=2)
    await other.press(panel, "Welcome: off")
    assert "Only admins" in (await other.next_edit()).text
    assert not (await live.desk.in_groups.settings_of(group.id)).welcome


async def test_an_anonymous_admin_proves_it_by_coming(live: Live, api: BotApiServer, group: Group) -> None:
    """In the group they are nobody; in private Telegram knows them."""
    hidden = api.person("Hidden")
    await group.add(hidden)
    await group.promote(hidden, anonymous=True)
    panel = await _panel(live, api, hidden, group)
    assert "What this group wants" in panel.text


async def test_a_local_service_is_checked_and_shown(
    live: Live, api: BotApiServer, group: Group, admin: Person, alice: Person
) -> None:
    """Script, braces and wrong numbers are refused with one line; a good one is shown until its day."""
    panel = await _panel(live, api, admin, group)
    await admin.press(panel, "Add a local service")
    await admin.next_edit()
    until_day = (dt.datetime.fromtimestamp(api.clock.now(), dt.UTC).date() + dt.timedelta(days=90)).isoformat()
    for typed, word in (
        ("<script>x</script>; 020 7946 0000; " + until_day, "three parts"),
        ("{{ 7 * 7 }}; 020 7946 0000; " + until_day, "three parts"),
        ("A centre; 12345; " + until_day, "no valid phone number"),
        ("A centre; javascript:x; " + until_day, "no valid phone number"),
        ("A centre; 0117 496 0000; someday", "date must look"),
    ):
        await admin.say(typed)
        assert word in (await admin.next_reply()).text, typed
    await admin.say(f"A centre; 0161 496 0000; {until_day}")
    assert "Kept" in (await admin.next_reply()).text
    line = await _ask(live, alice, group, "/ask")
    await alice.start(_url(line).split("start=")[1])
    assert "A centre, 0161 496 0000" in (await alice.next_reply()).text


async def test_it_greets_once_and_warns_once_when_made_an_admin(live: Live, api: BotApiServer, admin: Person) -> None:
    """Short, and nothing else unasked."""
    group = api.group("Another", owner=admin, with_bot=False)
    await group.add_bot(admin)

    async def said(count: int) -> None:
        async def there() -> bool:
            return len(group.from_bot) >= count

        await until(there)

    await said(1)
    assert "/ask@" in group.from_bot[0].text
    await group.promote_bot(admin)
    await said(2)
    assert "I need no admin rights" in group.from_bot[1].text
    await group.promote_bot(admin)
    await api.wait_until_taken()
    assert len(group.from_bot) == 2


async def test_added_by_the_link_it_greets_with_one_card(
    live: Live, api: BotApiServer, admin: Person, alice: Person
) -> None:
    """Telegram then writes /start in the group by itself; pressed again later the link is answered with the line."""
    group = api.group("Another", owner=admin, members=[alice], with_bot=False)
    link = str(live.desk.renderer.add_to_group(api.world.bot.username).url)
    await group.add_bot(admin, startgroup=link.partition("startgroup=")[2])
    await api.wait_until_taken()
    (card,) = group.from_bot
    assert "/settings@" in card.text
    api.clock.advance(minutes=2)
    line = await _ask(live, admin, group, f"/start@{api.world.bot.username} a")
    assert "I answer in private" in line.text


async def test_an_admin_who_tries_ask_first_gets_to_the_settings(
    live: Live, api: BotApiServer, group: Group, admin: Person
) -> None:
    """Setting up is not held up by the pause that keeps one member's commands from filling the group."""
    await _ask(live, admin, group, "/ask")
    assert "settings are in private" in (await _ask(live, admin, group, "/settings")).text
    await admin.say("/settings", chat=group)
    await admin.say("/ask", chat=group)
    await api.wait_until_taken()
    assert len(group.from_bot) == 2


async def test_a_move_keeps_the_settings(live: Live, api: BotApiServer, group: Group, alice: Person) -> None:
    """The group's number changes; what was chosen does not."""
    await _set(live, group, public=True, country="IN")
    moved = await group.migrate()
    await api.wait_until_taken()
    settings = await live.desk.in_groups.settings_of(moved.id)
    assert (settings.public, settings.country) == (True, "IN")
    assert await live.desk.in_groups.groups.get(group.id) == {}


async def test_a_group_left_is_erased_after_a_week(live: Live, api: BotApiServer, group: Group, admin: Person) -> None:
    """Not at once: removing and adding again loses nothing."""
    await _set(live, group, public=True)
    await group.kick_bot(admin)
    await api.wait_until_taken()
    groups = live.desk.in_groups.groups
    assert await groups.purge(int(api.clock.now()) + 6 * 86_400) == 0
    assert await groups.purge(int(api.clock.now()) + 8 * 86_400) == 1
    assert await groups.get(group.id) == {}


async def test_a_forum_is_answered_in_its_thread(live: Live, api: BotApiServer, admin: Person, alice: Person) -> None:
    """And in the group itself when a thread is gone."""
    forum = api.group("Forum", owner=admin, members=[alice], forum=True)
    thread = await forum.new_topic("Questions", admin)
    await alice.say("/ask", chat=forum, topic=thread)

    async def answered() -> bool:
        return bool(forum.from_bot)

    await until(answered)
    assert forum.from_bot[-1].wire["message_thread_id"] == thread
    line = live.desk.renderer.group_line("https://t.me/x")
    sent = await live.desk.post.send_unnoted(live.application.bot, forum.id, line, thread=9_999_999)
    assert sent is not None


async def test_a_raid_of_two_hundred_delays_nobody_else(
    live: Live, api: BotApiServer, group: Group, alice: Person
) -> None:
    """Twenty replies a minute at most, the rest dropped; private chats and danger go on."""
    raiders = [api.person(f"R{n}") for n in range(20)]
    await group.add(*raiders)
    for _ in range(10):
        for raider in raiders:
            await raider.say("/ask come on", chat=group)
    await alice.say(DANGER)
    reply = await alice.next_reply()
    assert "999" in reply.text
    await api.wait_until_taken(timeout=20)
    assert len(group.from_bot) <= 20


@pytest.mark.parametrize("text", ["/ask@some_other_bot", "hello", "/settings@some_other_bot"])
async def test_what_is_not_for_us_is_left_alone(
    live: Live, api: BotApiServer, group: Group, alice: Person, text: str
) -> None:
    """Commands to another bot, and talk."""
    await alice.say(text, chat=group)
    await api.wait_until_taken()
    assert group.from_bot == []


async def test_new_members_are_greeted_only_where_that_is_on(live: Live, api: BotApiServer, group: Group) -> None:
    """And a wave of them gets one card."""
    await group.add(api.person("N0"))
    await api.wait_until_taken()
    assert group.from_bot == []
    await _set(live, group, welcome=True)
    for n in range(5):
        await group.add(api.person(f"N{n + 1}"))
    await api.wait_until_taken()
    assert len(group.from_bot) == 1


async def test_the_weekly_card_comes_once_a_week(live: Live, api: BotApiServer, group: Group) -> None:
    """Only where it was turned on."""
    bot = live.application.bot
    assert await live.desk.in_groups.weekly(bot) == 0
    await _set(live, group, weekly=True)
    assert await live.desk.in_groups.weekly(bot) == 1
    assert await live.desk.in_groups.weekly(bot) == 0
    api.clock.advance(days=7)
    assert await live.desk.in_groups.weekly(bot) == 1


async def test_a_broken_database_leaves_the_group_with_its_defaults(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """The line is still there; the settings say that they cannot be reached."""
    async with led_astray(live.desk.database):
        line = await _ask(live, alice, group, "/ask")
        assert "I answer in private" in line.text
        assert "could not reach the settings" in (await _panel(live, api, admin, group)).text


def test_settings_survive_being_stored() -> None:
    """Whatever was chosen, and whatever a later version may have added."""
    full = GroupSettings(
        "hi-Latn", "Gs", True, 0, True, True, True, 7, frozenset({"ask"}),
        LocalService("A", "0161 496 0000", dt.date(2027, 1, 1)), True, 202548,
    )  # fmt: skip
    assert read_settings(write_settings(full)) == full
    assert read_settings({"country": "XX", "off": ["nonsense"], "local": {"name": "x"}, "later": 1}) == GroupSettings()


@pytest.mark.parametrize("field", ["public", "minutes", "lang", "country", "topic", "off", "local", "nonsense"])
def test_a_choice_that_is_none_changes_nothing(field: str) -> None:
    """Buttons of an earlier version, or made by hand."""
    assert GroupSettings().change(field, "nonsense;drop", {"en": None}) is None


def test_a_command_is_switched_to_what_the_button_says() -> None:
    """Pressed twice, answered twice after a crash, or on the panel of an admin who was slower, it says the same."""
    off = GroupSettings().change("off", "ask0", {})
    assert off is not None
    assert off.off == {"ask"}
    assert off.change("off", "ask0", {}) == off
    assert off.change("off", "ask1", {}) == GroupSettings()
    assert off.change("off", "ask", {}) == GroupSettings(), "buttons of an earlier version turn it over"
    assert off.change("off", "settings0", {}) is None


def test_a_service_past_its_day_is_hidden() -> None:
    """From the day after."""
    day = dt.date(2027, 1, 1)
    settings = GroupSettings(local=LocalService("A", "https://example.org", day))
    assert settings.service(day) is not None
    assert settings.service(day + dt.timedelta(days=1)) is None
    assert isinstance(read_service("A; https://example.org; 2027-06-01", "GB", day), LocalService)
    assert read_service("A; https://example.org; 2029-06-01", "GB", day) == "local_date"


async def test_weekly_counts_are_released_once_and_held_rows_can_be_erased(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """One member stands behind no number; /proof names the rows, /forget erases them; danger is not counted."""
    await _set(live, group)
    for text in (GENERAL, DANGER):
        await _ask(live, alice, group, f"/ask {text}")
        api.clock.advance(minutes=2)
    desk = live.desk.in_groups
    assert await desk.held(alice.id) == 1
    await alice.say("/proof")
    assert "1 rows that help to count" in (await alice.next_reply()).text
    await alice.say("/forget")
    await alice.next_reply()
    assert await desk.held(alice.id) == 0
    for person in [api.person(f"P{n}") for n in range(30)]:
        await desk.weekly_counts.note(group.id, person.id, "texting_ex", api.clock.now())
    api.clock.advance(days=7)
    await desk.release()
    panel = await _panel(live, api, admin, group)
    await admin.press(panel, "What last week was about")
    shown = await admin.next_edit()
    assert "Texting an ex" in shown.text
    (picture,) = api.calls_to("sendPhoto")
    assert str(picture.params["chat_id"]) == str(admin.id)
    assert not picture.error
    await desk.release()
    await admin.press(panel, "What last week was about")
    assert await desk.held(alice.id) == 0


async def test_blocks_are_lifted_all_at_once_and_nobody_learns_how_many(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """With one, with none, the same line; whoever was blocked reaches the moderators again."""
    await _set(live, group, box=True)
    box, now = live.desk.box.questions, int(api.clock.now())
    first = await box.submit(group.id, alice.id, "Is it small?", now)
    await box.block(first.code, now, lambda n: 0)
    await box.submit(group.id, alice.id, "And is it now?", now)
    later = now + 4 * 3600
    assert await box.waiting(group.id, later) == []
    said = []
    for _ in range(2):
        api.clock.advance(minutes=1)
        await admin.press(await _panel(live, api, admin, group), "Lift all blocks")
        said.append((await admin.next_edit()).text)
    assert said[0] == said[1]
    assert said[0].startswith("Nobody is blocked")
    await box.submit(group.id, alice.id, "And is it now?", now)
    assert len(await box.waiting(group.id, later)) == 1


async def test_nobody_sees_who_takes_a_question_back(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Beside whoever types /forget the list of the moderators stays as it is; nothing is posted, or leads to them."""
    await _set(live, group, box=True)
    texts = live.desk.renderer.catalogue.library.texts["buttons"]
    line = await _ask(live, alice, group, "/ask")
    await alice.start(_url(line).split("start=")[1])
    await alice.press(await alice.next_reply(), texts["ask_box"])
    await alice.press(await alice.next_reply(), texts["box_write"])
    await alice.next_edit()
    await alice.say("Is it odd to keep old letters?")
    await alice.press(await alice.next_reply(), texts["box_hand_in"])
    await alice.next_edit()
    api.clock.advance(hours=3)

    async def listed() -> Message:
        api.clock.advance(minutes=1)
        panel = await _panel(live, api, admin, group)
        await admin.press(panel, texts["set_moderate"])
        return await admin.next_reply()

    before = await listed()
    alice.chat.skip_replies()
    await alice.say("/forget")
    assert "nothing is held" in (await alice.next_reply()).text
    await alice.say("/proof")
    assert "No questions for a group" in (await alice.next_reply()).text
    await live.desk.box.sweep(live.application.bot)
    after = await listed()
    assert after.text == before.text
    assert "old letters" in after.text
    await admin.press(after, texts["box_pass"])
    assert "will be posted" in (await admin.next_edit()).text
    sent = len(group.from_bot)
    api.clock.advance(hours=13)
    await live.desk.box.sweep(live.application.bot)
    assert len(group.from_bot) == sent


async def test_a_question_goes_through_the_box(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Written in private, danger kept out, softened, approved, posted under another name at a later hour."""
    await _set(live, group, box=True)
    line = await _ask(live, alice, group, "/ask")
    await alice.start(_url(line).split("start=")[1])
    card = await alice.next_reply()
    await alice.press(card, "Ask the group without your name")
    invited = await alice.next_reply()
    await alice.press(invited, live.desk.renderer.catalogue.library.texts["buttons"]["box_write"])
    await alice.next_edit()
    await alice.say(DANGER)
    assert "999" in (await alice.next_reply()).text
    assert live.desk.box.is_writing(alice.id)
    await alice.say("My husband Imran from Bradford is still friends with his ex, would you mind? @imran_k")
    draft = await alice.next_reply()
    await alice.press(draft, live.desk.renderer.catalogue.library.texts["buttons"]["box_soft"])
    await alice.next_edit()
    await alice.say("/proof")
    assert "question" in (await alice.next_reply()).text.lower()
    api.clock.advance(hours=3, minutes=10)
    panel = await _panel(live, api, admin, group)
    await admin.press(panel, "Questions to look at")
    waiting = await admin.next_reply()
    assert "his ex" in waiting.text
    for word in ("Imran", "Bradford", "imran_k", FIRST_NAME, str(alice.id)):
        assert word not in waiting.text
    await admin.press(waiting, live.desk.renderer.catalogue.library.texts["buttons"]["box_pass"])
    await admin.next_edit()
    before = len(group.from_bot)
    for _ in range(14):
        api.clock.advance(hours=1)
        await live.desk.box.sweep(live.application.bot)
    assert len(group.from_bot) == before + 1
    posted = group.from_bot[-1]
    assert "his ex" in posted.text
    for word in ("Imran", "Bradford", FIRST_NAME, str(alice.id)):
        assert word not in posted.text
