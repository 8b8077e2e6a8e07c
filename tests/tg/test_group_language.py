"""A group in Roman Hindi-Urdu over HTTP: what its members and admins read holds no English sentence anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.content.groupsettings import GroupSettings, write_settings
from bot.storage.boxrows import HOLD_SECONDS, LONGEST_SECONDS, WINDOW_SECONDS
from tests.bot_api import BotApiServer, Group, Message, Person
from tests.language import english_left
from tests.tg.live import Live, until

ROMAN = "hi-Latn"
QUESTION = "Kya shaadi se pehle Farzeen ko phone ka password dena zaroori hai?"
SOFTER = "Kya shaadi se pehle ek insaan ko phone ka password dena zaroori hai?"


@pytest.fixture
def admin(api: BotApiServer) -> Person:
    """Return who runs the group."""
    return api.person("Adminfirstname")


@pytest.fixture
async def group(live: Live, api: BotApiServer, alice: Person, admin: Person) -> Group:
    """Return a group in Roman Hindi-Urdu with everything on."""
    group = api.group("A group", members=[alice], owner=admin, supergroup=True)
    settings = GroupSettings(ROMAN, public=True, welcome=True, weekly=True, box=True, minutes=0)
    assert await live.desk.in_groups.groups.put(group.id, write_settings(settings))
    return group


def left(live: Live, *messages: Message) -> Iterator[str]:
    """Yield the English that stands in messages of the bot, on buttons too."""
    for message in messages:
        for text in (message.text, *message.labels):
            yield from english_left(live.desk.renderer.catalogue, ROMAN, text)


async def posted(group: Group, count: int) -> Message:
    """Wait until the bot has written so often in the group; return what it wrote last."""

    async def there() -> bool:
        return len(group.from_bot) >= count

    await until(there)
    return group.from_bot[-1]


def word_of(message: Message, button: int = 0) -> str:
    """Return the word in the link on a button."""
    return str(message.buttons[button].wire["url"]).split("start=")[1]


async def panel_of(group: Group, admin: Person) -> Message:
    """Open the settings as an admin."""
    before = len(group.from_bot)
    await admin.say("/settings", chat=group)
    await admin.start(word_of(await posted(group, before + 1)))
    return await admin.next_reply()


async def test_what_stands_in_the_group(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Commands, welcome, promotion, weekly card, an open answer."""
    asked = ("/ask", "/help", "/privacy", "/settings", "/ask micro-cheating kya hai")
    for count, text in enumerate(asked, start=1):
        await alice.say(text, chat=group)
        await posted(group, count)
        api.clock.advance(minutes=2)
    await group.add(api.person("N"))
    await posted(group, len(asked) + 1)
    await group.promote_bot(admin)
    await posted(group, len(asked) + 2)
    await live.desk.in_groups.weekly(live.application.bot)
    await group.kick_bot(admin)
    await group.add_bot(admin)
    await posted(group, len(asked) + 4)
    assert list(left(live, *group.from_bot)) == []


async def test_settings_are_read_in_the_groups_language(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """Panel, choices, refusals; a press that changes the language changes the panel with it."""
    panel = await panel_of(group, admin)
    texts = live.desk.renderer.catalogue.library.languages[ROMAN].texts["buttons"]
    for start in ("set_public", "set_minutes", "set_country", "set_insight", "set_local"):
        label = next(label for label in panel.labels if label.startswith(texts[start]))
        await admin.press(panel, label)
        shown = await admin.next_edit()
        assert list(left(live, shown)) == [], start
        api.clock.advance(minutes=2)
        panel = await panel_of(group, admin)
    for typed in ("x", "A; 12345; 2027-01-01", "A; 0161 496 0000; someday"):
        await admin.press(panel, texts["set_local"])
        await admin.next_edit()
        await admin.say(typed)
        assert list(left(live, await admin.next_reply())) == [], typed
        api.clock.advance(minutes=2)
        panel = await panel_of(group, admin)
    await group.demote(admin)
    api.clock.advance(minutes=2)
    await admin.press(panel, f"{texts['set_welcome']}: on")
    assert list(left(live, await admin.next_edit())) == []
    assert list(left(live, *alice.chat.from_bot, *admin.chat.from_bot)) == []
    await group.promote(admin)
    api.clock.advance(minutes=2)
    panel = await panel_of(group, admin)
    await admin.press(panel, f"{texts['set_lang']}: Roman Hindi-Urdu")
    assert (await admin.next_edit()).text.startswith("What this group wants.")


async def test_a_question_is_written_decided_on_and_followed_in_it(
    live: Live, api: BotApiServer, group: Group, alice: Person, admin: Person
) -> None:
    """All its cards: the asker's, the moderators', the group's, and what is told later."""
    texts = live.desk.renderer.catalogue.library.languages[ROMAN].texts["buttons"]
    bot = live.application.bot
    await alice.say("/ask", chat=group)
    word = word_of(await posted(group, 1))
    handed = []
    for _ in range(3):
        await alice.start(word)
        card = await alice.next_reply()
        await alice.press(card, texts["ask_box"])
        await alice.press(await alice.next_reply(), texts["box_write"])
        await alice.next_edit()
        await alice.say(QUESTION)
        draft = await alice.next_reply()
        await alice.press(draft, draft.labels[0])
        handed.append(await alice.next_edit())
    await alice.say("/proof")
    await alice.next_reply()
    api.clock.advance(seconds=HOLD_SECONDS)
    panel = await panel_of(group, admin)
    await admin.press(panel, texts["set_moderate"])
    card = await admin.next_reply()
    await admin.press(card, texts["box_pass"])
    card = await admin.next_edit()
    await admin.press(card, texts["box_refuse"])
    await admin.next_edit()
    await api.wait_until_taken()
    before = len(group.from_bot)
    api.clock.advance(seconds=2 * WINDOW_SECONDS)
    await live.desk.box.sweep(bot)
    question = await posted(group, before + 1)
    assert SOFTER in question.text
    await live.desk.box.sweep(bot)
    alice.chat.skip_replies()
    for each in handed:
        await alice.start(word_of(each))
        state = await alice.next_reply()
        watch = state.find_button(texts["box_watch"])
        if watch is not None:
            await alice.press(state, texts["box_watch"])
            await alice.next_edit()
    await admin.reply_to(question, "Aaram se baat karein, dono ki baat suni jaye.")
    await api.wait_until_taken()
    api.clock.advance(hours=1)
    await live.desk.box.sweep(bot)
    assert any("Aaram se baat karein" in message.text for message in alice.chat.from_bot)
    api.clock.advance(seconds=LONGEST_SECONDS)
    await live.desk.box.sweep(bot)
    assert len(alice.chat.from_bot) >= 3 * 4 + 3
    assert list(left(live, *group.from_bot, *alice.chat.from_bot, *admin.chat.from_bot)) == []


@pytest.mark.parametrize("code", ["hi", "ur"])
@pytest.mark.parametrize(
    "typed", ["/start", "/help", "/privacy", "/topics", "/proof", "/timer", "/word", "/veil", "/clear"]
)
async def test_a_command_is_answered_in_the_language_of_its_menu(
    live: Live, api: BotApiServer, code: str, typed: str
) -> None:
    """An app in Hindi or Urdu is offered commands in Roman Hindi-Urdu, so their answers are in it too."""
    person = api.person("Someone", language_code=code)
    await person.say(typed)
    assert list(left(live, await person.next_reply())) == []


async def test_what_was_spoken_last_counts_more_than_the_app(live: Live, api: BotApiServer) -> None:
    """Whoever writes in English reads English, and the other way round."""
    person = api.person("Someone", language_code="hi")
    await person.say("is texting my ex micro-cheating?")
    await person.next_reply()
    await person.say("/topics")
    assert list(left(live, await person.next_reply()))
    other = api.person("Other", language_code="en")
    await other.say("kya ex ko text karna micro-cheating hai?")
    await other.next_reply()
    await other.say("/topics")
    assert list(left(live, await other.next_reply())) == []
