"""A community over HTTP, first day to last: members, admins, a move, a forum, a raid, a question, the end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.settings import Settings
from bot.storage.boxrows import FOLLOW_SECONDS, HOLD_SECONDS, WINDOW_SECONDS
from bot.storage.groups import GRACE_SECONDS
from tests.bot_api import BotApiServer, Group, Message, Person
from tests.tg.live import Live

DANGER = "he hit me last night"
QUESTION = "Is it odd to keep <b>old</b> letters of Farzeen from Leeds? Ask @farzeen_k"
SOFTER = "Is it odd to keep <b>old</b> letters of someone from a town? Ask an account"
NAMES = ("Ashafirst", "Belafirst", "Chandfirst", "Dinafirst")


class Community:
    """What the story does again and again."""

    def __init__(self, live: Live, api: BotApiServer) -> None:
        self.live = live
        self.api = api

    async def say(self, person: Person, text: str, chat: Group, *, topic: int | None = None) -> None:
        """Let somebody write in a group, long enough after the last time to be answered."""
        self.api.clock.advance(minutes=1)
        await person.say(text, chat=chat, topic=topic)
        await self.api.wait_until_taken(30)

    async def open(self, person: Person, line: Message) -> Message:
        """Follow the button of a line to the private chat; return its card."""
        person.chat.skip_replies()
        await person.start(word_of(line))
        return await person.next_reply()

    async def panel(self, admin: Person, group: Group) -> Message:
        """Open the settings from the group."""
        await self.say(admin, f"/settings@{self.api.world.bot.username}", group)
        return await self.open(admin, group.from_bot[-1])

    async def press(self, person: Person, card: Message, label: str) -> Message:
        """Press a button of a card that changes where it stands."""
        person.chat.skip_replies()
        await person.press(card, label)
        return await person.next_edit()

    async def sweep(self, **passed: int) -> None:
        """Let time pass, and do all that is due."""
        self.api.clock.advance(**passed)
        bot = self.live.application.bot
        await self.live.sweep()
        await self.live.desk.box.sweep(bot)
        await self.live.desk.in_groups.groups.purge(int(self.api.clock.now()))


def word_of(message: Message) -> str:
    """Return the word of the link on a line's button."""
    return str(message.buttons[0].wire["url"]).split("start=")[1]


async def test_a_community_from_the_first_day_to_the_last(
    live: Live, api: BotApiServer, live_settings: Settings
) -> None:
    """Nobody is named, nothing is lost on the way, and nothing is left at the end."""
    its = Community(live, api)
    asha, bela, chand, dina = (api.person(name) for name in NAMES)
    admin, hidden = api.person("Adminfirst"), api.person("Hiddenfirst")
    members = (asha, bela, chand, dina)

    # The first day: added without rights, one card, settings by buttons.
    small = api.group("Evening circle", members=[*members, hidden], owner=admin, with_bot=False)
    await small.add_bot(admin)
    await api.wait_until_taken()
    (arrived,) = small.from_bot
    assert "/ask@" in arrived.text
    panel = await its.panel(admin, small)
    for label in ("Question box: off", "Welcome: off", "My messages clear after: 60 min"):
        panel = await its.press(admin, panel, label)
    await its.press(admin, await its.press(admin, panel, "Help lines: UK"), "Pakistan")
    chosen = await live.desk.in_groups.settings_of(small.id)
    assert (chosen.box, chosen.welcome, chosen.minutes, chosen.country) == (True, True, 720, "PK")

    # Members ask, each in their own words; what the group sees is one line.
    lines = set()
    for person, text in zip(members, ("", " is texting my ex ok?", f" {DANGER}", " zzz"), strict=True):
        await its.say(person, f"/ask{text}", small)
        lines.add((small.from_bot[-1].text, word_of(small.from_bot[-1])))
    assert len(lines) == 1
    line = small.from_bot[-1]
    assert "You came from a group" in (await its.open(asha, line)).text
    assert "Pakistan" in (await its.open(chand, line)).text, "care, in the group's country, for whoever needs it"
    assert "Pakistan" not in (await its.open(dina, line)).text

    # A question is handed in, and then the group becomes a supergroup before anybody has looked at it.
    await its.press(asha, await its.open(asha, line), "Clear this chat after 1 hour")
    card = await its.open(asha, line)
    asha.chat.skip_replies()
    await asha.press(card, "Ask the group without your name")
    await its.press(asha, await asha.next_reply(), "Write something")
    await asha.say(QUESTION)
    handed = await its.press(asha, await asha.next_reply(), "Use the softer words")
    follow = word_of(handed)
    group = await small.migrate()
    await api.wait_until_taken()
    moved = await live.desk.in_groups.settings_of(group.id)
    assert (moved.box, moved.welcome, moved.minutes, moved.country) == (True, True, 720, "PK")

    # An anonymous admin is nobody in the group, and proves it by coming.
    await group.promote(hidden, anonymous=True)
    panel = await its.panel(hidden, group)
    assert "Hiddenfirst" not in str(group.messages[-2].wire)
    panel = await its.press(hidden, panel, "General questions answered here: off")
    assert panel.find_button("General questions answered here: on") is not None
    api.clock.advance(seconds=HOLD_SECONDS)
    hidden.chat.skip_replies()
    await hidden.press(panel, "Questions to look at")
    waiting = await hidden.next_reply()
    assert SOFTER in waiting.text
    for trace in ("Farzeen", "Leeds", "farzeen_k", *NAMES, *(str(p.id) for p in members)):
        assert trace not in waiting.text
    await its.press(hidden, waiting, "Let it through")
    assert "Only admins" in (await its.panel(bela, group)).text

    # Meanwhile a raid of two hundred on a forum where the bot lives too: nobody else waits for it.
    raiders = [api.person(f"R{n}") for n in range(20)]
    forum = api.group("Open forum", members=[*raiders, dina], owner=admin, forum=True)
    thread = await forum.new_topic("Questions", admin)
    for _ in range(10):
        for raider in raiders:
            await raider.say("/ask come on", chat=forum, topic=thread)
    await bela.say(DANGER)
    bela.chat.skip_replies()
    assert "999" in (await bela.next_reply()).text
    before = len(group.from_bot)
    await its.say(chand, "/ask what is micro-cheating?", group)
    assert "I answer in private" not in group.from_bot[-1].text
    assert len(group.from_bot) == before + 1
    assert 0 < len(forum.from_bot) <= 20
    assert {message.thread_id for message in forum.from_bot} == {thread}
    assert len({(message.text, word_of(message)) for message in forum.from_bot}) == 1

    # At a moment left to chance the question is there; one who asked is shown what others answer, and from whom not.
    await its.sweep(seconds=2 * WINDOW_SECONDS)
    posted = group.from_bot[-1]
    assert SOFTER in posted.text
    asha.chat.skip_replies()
    await asha.start(follow)
    state = await asha.next_reply()
    await its.press(asha, state, "Show me answers here")
    await dina.reply_to(posted, "Keep them if they do you good")
    await api.wait_until_taken()
    asha.chat.skip_replies()
    await its.sweep(minutes=31)
    answer = await asha.next_reply()
    assert "Keep them if they do you good" in answer.text
    assert not any(name in answer.text for name in NAMES)

    # Whoever uses the link from before the move still gets to the private chat.
    assert "You came from a group" in (await its.open(dina, line)).text

    # A week later the followed question has left no row; then the bot is removed, and a week later the group has gone.
    await its.sweep(seconds=FOLLOW_SECONDS)
    assert _rows(live_settings, "box_questions") == 0
    assert [m for m in group.from_bot if m.message_id != posted.message_id] == [], "our cards have cleared themselves"
    await group.kick_bot(admin)
    await forum.kick_bot(admin)
    await api.wait_until_taken()
    await its.sweep(days=6)
    assert _rows(live_settings, "groups") >= 1
    await its.sweep(seconds=GRACE_SECONDS - 6 * 86_400 + 1)
    for table in ("groups", "box_questions", "box_blocks", "weekly", "releases"):
        assert _rows(live_settings, table) == 0, table
    for person in members:
        await person.say("/forget")
    await api.wait_until_taken()
    await its.sweep(days=2)
    assert _rows(live_settings, "ledger") == 0
    kept = _bytes_of(Path(live_settings.data_dir))
    for trace in (
        *NAMES,
        "Farzeen",
        "letters",
        *(str(p.id) for p in (*members, hidden)),
        str(-group.id),
        str(-small.id),
    ):
        assert trace.encode() not in kept, trace


def _bytes_of(folder: Path) -> bytes:
    """Return all that lies in any file of a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _rows(settings: Settings, table: str) -> int:
    """Return how many rows a table has."""
    (file,) = Path(settings.data_dir).glob("*.sqlite3")
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - a name of ours
