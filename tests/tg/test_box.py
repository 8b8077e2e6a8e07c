"""The question box over the Bot API server: a question's whole life, curious moderators, HTML, faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import pytest
from telegram import Bot, Message

from bot.app import make_seal
from bot.content.catalogue import Catalogue
from bot.content.identity import load_identifier
from bot.content.lexicon import load_lexicon
from bot.content.paths import content_root
from bot.content.render import Renderer
from bot.content.reply import Reply, Target
from bot.core.identify import Identifier
from bot.storage.box import QuestionBox
from bot.storage.boxrows import FOLLOW_SECONDS, HOLD_SECONDS, LONGEST_SECONDS, MOST_WAITING, WINDOW_SECONDS
from bot.storage.database import Database
from bot.storage.ledger import Ledger
from bot.tg.box import Box
from bot.tg.boxsweep import new_code
from bot.tg.drafts import MAX_AGE, Drafts
from bot.tg.payload import Signer
from bot.tg.post import Post
from bot.tg.relay import LATEST, Relay
from tests.bot_api import BotApiServer, Group, Person
from tests.bot_api import Message as Seen
from tests.broken import led_astray

QUESTION = "My friend Farzeen in Leeds says that <b>liking</b> photos & such is small. Is it? @farzeen_k"
SOFTER = "My friend in a town says that <b>liking</b> photos & such is small. Is it? an account"


@dataclass
class Club:
    """What the box asks about groups, as a test sets it."""

    post: Post
    moderators: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    asked: int = 0
    coded: list[int] = field(default_factory=list)

    async def is_moderator(self, bot: Bot, group: int, person: int) -> bool:
        """Tell who was named a moderator."""
        self.asked += 1
        return person in self.moderators

    async def takes(self, bot: Bot, group: int, person: int) -> bool:
        """Tell whether the group is open."""
        return group not in self.closed

    async def shows(self, bot: Bot, group: int, person: int) -> bool:
        """Tell the same."""
        return await self.takes(bot, group, person)

    def code(self, group: int) -> str:
        """Return the place of a group among those asked for."""
        if group not in self.coded:
            self.coded.append(group)
        return f"club{self.coded.index(group)}"

    async def group_of(self, code: str) -> int | None:
        """Return the group of a code."""
        return self.coded[int(code.removeprefix("club"))]

    async def lang(self, group: int) -> str:
        """Return English."""
        return "en"

    async def publish(self, bot: Bot, group: int, reply: Reply) -> Message | None:
        """Send to the group."""
        return await self.post.send_unnoted(bot, group, reply)


@dataclass
class Scene:
    """A group with a box, an asker and a moderator; buttons lead straight to the box."""

    api: BotApiServer
    bot: Bot
    box: Box
    club: Club
    group: Group
    alice: Person
    admin: Person
    folder: Path

    async def press(self, person: Person, label: str, card: Seen | None = None) -> Seen:
        """Press a button on a person's last card (or another); return the card as it is then."""
        on = card or person.chat.from_bot[-1]
        button = on.find_button(label)
        assert button is not None, on.labels
        await self.box.press(self.bot, person.id, self.target(str(button.callback_data)), on.message_id)
        return next((m for m in person.chat.from_bot if m.message_id == on.message_id), person.chat.from_bot[-1])

    def target(self, data: str) -> Target:
        """Return where a button leads."""
        return self.box.post.signer.unpack(data)

    async def invited(self, person: Person) -> Seen:
        """Bring a person to where the next thing typed is a draft."""
        await self.box.invite(self.bot, person.id, self.group.id)
        return await self.press(person, "Write something")

    async def draft(self, person: Person, text: str = QUESTION) -> Seen:
        """Type a draft; return its card."""
        await self.invited(person)
        await person.say(text)
        await self.box.draft(self.bot, person.id, text)
        return person.chat.from_bot[-1]

    async def hand_in(self, person: Person, text: str = QUESTION) -> Seen:
        """Hand a question in with softer words where there are any."""
        card = await self.draft(person, text)
        return await self.press(person, card.labels[0])

    async def list(self) -> Seen:
        """Let time pass until what was handed in has come to the moderators, and open their list."""
        self.api.clock.advance(seconds=HOLD_SECONDS)
        await self.box.moderate(self.bot, self.admin.id, self.group.id)
        return self.admin.chat.from_bot[-1]

    async def sweep(self, **passed: int) -> int:
        """Let time pass and do what is due."""
        self.api.clock.advance(**passed)
        return await self.box.sweep(self.bot)


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    """Return what marks drafts."""
    root = content_root()
    return load_identifier(root, load_lexicon(root)[0])


@pytest.fixture
async def scene(
    api: BotApiServer, bot: Bot, catalogue: Catalogue, renderer: Renderer, identifier: Identifier, tmp_path: Path
) -> AsyncIterator[Scene]:
    """Return a group with an open box."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite3")
    assert await database.open()
    seal = make_seal([b"s" * 32])
    letters = {tag: lang.letter for tag, lang in catalogue.library.languages.items()}
    post = Post(Signer((b"k" * 32,), letters), Ledger(database, seal), clock=api.clock.now)
    names = iter(f"Quiet Lamp {n}" for n in range(1, 100))
    questions = QuestionBox(database, seal, lambda: next(names))
    alice, admin = api.person("Canaryfirstname"), api.person("Adminfirstname")
    group = api.group("A group", members=[alice], owner=admin, supergroup=True)
    club = Club(post, moderators={admin.id})
    box = Box(
        renderer,
        post,
        questions,
        identifier,
        club,
        drafts=Drafts(new_code, api.clock.now),
        draw=lambda n: n // 2,
        relay=Relay(lambda n: n - 1),
        clock=api.clock.now,
    )
    for person in (alice, admin):
        await person.start()
    yield Scene(api, bot, box, club, group, alice, admin, tmp_path)
    await database.close()


async def test_a_question_lives_its_whole_life(scene: Scene) -> None:
    """From the invitation to the answer that is shown to its asker, with the clock moved; then nothing is left."""
    card = await scene.draft(scene.alice)
    assert "<b>friend Farzeen</b>" in card.html
    assert unescape(card.html).count(SOFTER) == 1
    handed = await scene.press(scene.alice, "Use the softer words")
    assert "Quiet Lamp 1" in handed.text
    assert "Farzeen" not in handed.text
    link = str(next(b for b in handed.buttons if b.text == "See how it is going").wire["url"])
    word = link.split("start=")[1]
    assert len(word) <= 64

    shown = await scene.list()
    assert SOFTER in shown.text
    after = await scene.press(scene.admin, "Let it through")
    assert "within 12 hours" in after.text
    assert "Nothing waits" in after.text
    await scene.box.open_link(scene.bot, scene.alice.id, word)
    assert "will be posted" in scene.alice.chat.from_bot[-1].text
    sent = len(scene.alice.chat.from_bot)
    assert await scene.sweep(seconds=2 * WINDOW_SECONDS) == 1
    (posted,) = scene.group.from_bot
    assert SOFTER in posted.text
    assert "Quiet Lamp 1" in posted.text
    assert posted.labels == []
    assert len(scene.alice.chat.from_bot) == sent, "no phone lights up as it is posted"
    assert await scene.sweep(hours=1) == 0

    await scene.box.open_link(scene.bot, scene.alice.id, word)
    state = scene.alice.chat.from_bot[-1]
    open_it = next(b for b in state.buttons if b.text == "Open it in the group")
    assert open_it.wire["url"] == f"https://t.me/c/{str(scene.group.id)[4:]}/{posted.message_id}"
    assert not await scene.box.answer_came(scene.group.id, posted.message_id, "kind words")
    assert "Answers are shown here" in (await scene.press(scene.alice, "Show me answers here")).text
    assert await scene.box.answer_came(scene.group.id, posted.message_id, "kind <i>words</i>")
    before = len(scene.alice.chat.from_bot)
    await scene.sweep(minutes=4)
    assert len(scene.alice.chat.from_bot) == before
    await scene.sweep(seconds=LATEST)
    answer = scene.alice.chat.from_bot[-1]
    assert "kind <i>words</i>" in answer.text
    assert answer.disable_notification
    await scene.press(scene.alice, "No more answers here")
    assert not await scene.box.answer_came(scene.group.id, posted.message_id, "more")
    await scene.sweep(seconds=FOLLOW_SECONDS)
    await scene.box.open_link(scene.bot, scene.alice.id, word)
    assert "no longer here" in scene.alice.chat.from_bot[-1].text
    assert await scene.box.proof(scene.alice.id) == ("No questions for a group.",)


async def test_nothing_is_on_disk_before_a_press_and_no_words_ever(scene: Scene) -> None:
    """The draft lies in memory; handed in it is encrypted; settled it is gone."""

    def files() -> bytes:
        return b"".join(p.read_bytes() for p in scene.folder.rglob("*") if p.is_file())

    card = await scene.draft(scene.alice)
    assert len(await scene.box.questions.waiting(scene.group.id, int(scene.api.clock.now()) + HOLD_SECONDS)) == 0
    assert (await scene.box.proof(scene.alice.id))[-1].startswith("In memory")
    await scene.press(scene.alice, "Keep my words", card)
    assert b"Farzeen" not in files()
    assert (await scene.box.proof(scene.alice.id)) == ("Questions for a group, encrypted until they are settled: 1.",)
    await scene.box.forget(scene.alice.id)
    assert await scene.box.proof(scene.alice.id) == ("No questions for a group.",)
    for trace in (str(scene.alice.id).encode(), b"Farzeen", b"Canary"):
        assert trace not in files()


async def test_own_words_are_kept_but_for_contacts(scene: Scene) -> None:
    """A handle never goes out, whichever button is pressed."""
    card = await scene.draft(scene.alice)
    await scene.press(scene.alice, "Keep my words", card)
    shown = await scene.list()
    assert "Farzeen in Leeds" in shown.text
    assert "@farzeen_k" not in shown.text
    assert "an account" in shown.text


async def test_html_is_text_everywhere(scene: Scene) -> None:
    """In the draft, before moderators and in the group; Telegram would refuse a card that it broke."""
    evil = '</blockquote><a href="https://example.org">x</a> <script>&lt; {name} {{ 7*7 }}'
    card = await scene.draft(scene.alice, evil)
    await scene.press(scene.alice, card.labels[0])
    shown = await scene.list()
    assert "<script>&lt; {name} {{ 7*7 }}" in shown.text
    await scene.press(scene.admin, "Let it through")
    await scene.sweep(seconds=2 * WINDOW_SECONDS)
    (posted,) = scene.group.from_bot
    assert "<script>&lt; {name} {{ 7*7 }}" in posted.text
    assert "example.org" not in posted.text
    assert not {e["type"] for e in posted.entities} & {"text_link", "url", "mention", "text_mention", "code"}


async def test_a_moderator_sees_words_and_nothing_else(scene: Scene) -> None:
    """No name, no number, no time; the same card for whoever asked; refusal and block look alike to askers."""
    bella = scene.api.person("Bellafirstname")
    await bella.start()
    for person in (scene.alice, bella):
        await scene.hand_in(person, "Is it small?")
    first = await scene.list()
    second = await scene.press(scene.admin, "Another one")
    names = ("Quiet Lamp 1", "Quiet Lamp 2")
    blank = [text.replace(names[0], "").replace(names[1], "") for text in (first.text, second.text)]
    assert blank[0] == blank[1]
    for card in (first, second):
        for trace in ("Canary", "Bella", str(scene.alice.id), str(bella.id)):
            assert trace not in repr(card.wire) + repr(card.markup)
    assert "told some hours from now" in (await scene.press(scene.admin, "Refuse")).text
    assert "they are not told" in (await scene.press(scene.admin, "Refuse and block")).text
    sent = [len(p.chat.from_bot) for p in (scene.alice, bella)]
    await scene.sweep(minutes=1)
    assert [len(p.chat.from_bot) for p in (scene.alice, bella)] == sent
    await scene.sweep(seconds=2 * WINDOW_SECONDS)
    told = [p.chat.from_bot[-1] for p in (scene.alice, bella)]
    assert told[0].text == told[1].text
    assert "not let through" in told[0].text
    assert told[0].text.splitlines()[0] == "A short note on something you handed in earlier."


async def test_the_blocked_read_the_same_as_everybody(scene: Scene) -> None:
    """Handed in, three at most, expired after a week."""
    bella = scene.api.person("Bellafirstname")
    await bella.start()
    await scene.hand_in(scene.alice)
    await scene.list()
    await scene.press(scene.admin, "Refuse and block")
    await scene.sweep(seconds=2 * WINDOW_SECONDS)
    cards: dict[int, list[str]] = {}
    for person in (scene.alice, bella):
        cards[person.id] = [(await scene.hand_in(person)).text[:40] for _ in range(MOST_WAITING + 1)]
        cards[person.id] += await scene.box.proof(person.id)
    assert [c.replace("Quiet Lamp", "") for c in cards[scene.alice.id][MOST_WAITING:]] == [
        c.replace("Quiet Lamp", "") for c in cards[bella.id][MOST_WAITING:]
    ]
    assert "Three of yours" in cards[scene.alice.id][MOST_WAITING]
    assert "3 waiting" in (await scene.list()).text
    await scene.sweep(seconds=LONGEST_SECONDS)
    assert scene.alice.chat.from_bot[-1].text == bella.chat.from_bot[-1].text


async def test_pressing_without_the_right_does_nothing(scene: Scene) -> None:
    """A member with a moderator's button, a moderator who is none any more, somebody else's draft or question."""
    handed = await scene.hand_in(scene.alice)
    shown = await scene.list()
    button = shown.find_button("Let it through")
    assert button is not None
    target = scene.target(str(button.callback_data))
    await scene.box.press(scene.bot, scene.alice.id, target)
    assert "Only admins" in scene.alice.chat.from_bot[-1].text
    scene.club.moderators.clear()
    assert "Only admins" in (await scene.press(scene.admin, "Refuse")).text
    await scene.box.moderate(scene.bot, scene.admin.id, scene.group.id)
    assert "Only admins" in scene.admin.chat.from_bot[-1].text
    assert scene.club.asked >= 3
    word = str(next(b for b in handed.buttons if b.text == "See how it is going").wire["url"]).split("start=")[1]
    await scene.box.open_link(scene.bot, scene.admin.id, word)
    assert "no longer here" in scene.admin.chat.from_bot[-1].text
    card = await scene.draft(scene.alice)
    keep = card.find_button("Keep my words")
    assert keep is not None
    await scene.box.press(scene.bot, scene.admin.id, scene.target(str(keep.callback_data)))
    assert "no longer here" in scene.admin.chat.from_bot[-1].text
    assert len(await scene.box.questions.waiting(scene.group.id, int(scene.api.clock.now()))) == 1


async def test_another_one_leads_through_all_that_wait(scene: Scene) -> None:
    """And round again, whatever their codes are: in those, digits come after letters."""
    ids = iter(bytes([first]) * 10 for first in (0xFF, 0x00, 0xD0, 0x60))
    scene.box.questions._token = lambda size: next(ids)
    for n in range(4):
        person = scene.api.person(f"P{n}")
        await person.start()
        await scene.hand_in(person, f"Is it small, {'abcd'[n]}?")
    card = await scene.list()
    seen = [card.text]
    for _ in range(4):
        card = await scene.press(scene.admin, "Another one")
        seen.append(card.text)
    assert len(set(seen)) == 4
    assert seen[0] == seen[4]


@pytest.mark.parametrize("decided", ["Let it through", "Refuse", "Refuse and block", None])
@pytest.mark.parametrize("button", ["Another one", "Let it through", "Refuse", "Refuse and block"])
async def test_an_old_card_does_not_tell_whether_somebody_has_forgotten(
    scene: Scene, button: str, decided: str | None
) -> None:
    """A moderator who keeps a card and presses it again reads the same whether its row is there or not."""
    await scene.hand_in(scene.alice, "Is it small?")
    bella = scene.api.person("Bellafirstname")
    await bella.start()
    await scene.hand_in(bella, "Is it large?")
    shown = await scene.list()
    if "small" not in shown.text:
        shown = await scene.press(scene.admin, "Another one")
    assert "small" in shown.text
    data = {label: str(b.callback_data) for label in shown.labels if (b := shown.find_button(label))}
    if decided is not None:
        await scene.press(scene.admin, decided)
    if decided == "Let it through":
        await scene.sweep(seconds=2 * WINDOW_SECONDS)

    async def read() -> tuple[str, list[str]]:
        await scene.box.press(scene.bot, scene.admin.id, scene.target(data[button]))
        card = scene.admin.chat.from_bot[-1]
        return card.text, card.labels

    if decided is None:
        await scene.box.forget(scene.alice.id)
        text, _ = await read()
        assert "settled" not in text
        return
    before = await read()
    await scene.box.forget(scene.alice.id)
    assert await read() == before
    assert "Is it large?" in before[0]


async def test_pressing_twice_changes_nothing(scene: Scene) -> None:
    """The card goes on saying what happened, and there is one question; a settled one is said to be so."""
    card = await scene.draft(scene.alice)
    handed = await scene.press(scene.alice, "Keep my words", card)
    again = await scene.press(scene.alice, "Use the softer words", card)
    assert (again.message_id, again.text) == (handed.message_id, handed.text)
    shown = await scene.list()
    await scene.press(scene.admin, "Let it through", shown)
    assert "settled already" in (await scene.press(scene.admin, "Let it through", shown)).text
    assert await scene.sweep(seconds=2 * WINDOW_SECONDS) == 1


async def test_a_draft_can_be_typed_again_or_dropped(scene: Scene) -> None:
    """The last text counts; buttons of an earlier one lead nowhere; dropped is dropped."""
    first = await scene.draft(scene.alice, "one thing")
    await scene.box.draft(scene.bot, scene.alice.id, "another thing")
    assert "no longer here" in (await scene.press(scene.alice, "Hand it in", first)).text
    second = scene.alice.chat.from_bot[-1]
    assert "another thing" in second.text
    assert "kept" in (await scene.press(scene.alice, "Cancel", second)).text
    assert not scene.box.is_writing(scene.alice.id)
    await scene.box.draft(scene.bot, scene.alice.id, "a third")
    assert "no longer here" in scene.alice.chat.from_bot[-1].text


@pytest.mark.parametrize(
    ("text", "said"), [("x" * 801, "too long"), ("@ab " * 199 + "a", "too long"), ("...", "Type it now")]
)
async def test_what_does_not_fit_is_said_and_can_be_typed_again(scene: Scene, text: str, said: str) -> None:
    """Too long, too long with softer words, no words at all."""
    card = await scene.draft(scene.alice, text)
    assert said in card.text
    assert scene.box.is_writing(scene.alice.id)


async def test_a_draft_is_forgotten_after_half_an_hour(scene: Scene) -> None:
    """What is typed later is no draft, and old buttons lead nowhere."""
    card = await scene.draft(scene.alice)
    scene.api.clock.advance(seconds=MAX_AGE + 1)
    assert not scene.box.is_writing(scene.alice.id)
    assert "no longer here" in (await scene.press(scene.alice, "Keep my words", card)).text


async def test_a_group_that_closed_its_box_takes_nothing(scene: Scene) -> None:
    """At the invitation and between draft and press; answers are not passed on to who is no member any more."""
    card = await scene.draft(scene.alice)
    scene.club.closed.add(scene.group.id)
    assert "takes no questions" in (await scene.press(scene.alice, "Keep my words", card)).text
    await scene.box.invite(scene.bot, scene.alice.id, scene.group.id)
    assert "takes no questions" in scene.alice.chat.from_bot[-1].text


async def test_a_question_that_telegram_refuses_is_said_and_erased(scene: Scene) -> None:
    """The bot was removed from the group meanwhile."""
    await scene.hand_in(scene.alice)
    await scene.list()
    await scene.press(scene.admin, "Let it through")
    await scene.group.kick_bot(scene.admin)
    assert await scene.sweep(seconds=2 * WINDOW_SECONDS) == 0
    await scene.sweep(minutes=1)
    assert "could not be posted" in scene.alice.chat.from_bot[-1].text
    assert await scene.box.proof(scene.alice.id) == ("No questions for a group.",)


async def test_a_broken_database_loses_no_draft(scene: Scene) -> None:
    """The draft's card stays with its buttons and says to press again."""
    card = await scene.draft(scene.alice)
    async with led_astray(scene.box.questions._database, f"sqlite+aiosqlite:///{scene.folder}/without_tables"):
        later = await scene.press(scene.alice, "Keep my words", card)
    assert "just now" in later.text
    assert "Farzeen" in later.text
    assert "Handed in" in (await scene.press(scene.alice, "Keep my words", later)).text


async def test_a_post_whose_row_could_not_be_told_is_not_called_failed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went away between the message and its row: told at the next sweep, posted once."""
    await scene.hand_in(scene.alice)
    await scene.list()
    await scene.press(scene.admin, "Let it through")
    told = scene.box.questions.posted
    calls: list[str] = []

    async def later(code: str, message: int) -> object:
        from bot.storage.boxrows import Outcome

        calls.append(code)
        return Outcome.LATER if len(calls) == 1 else await told(code, message)

    monkeypatch.setattr(scene.box.questions, "posted", later)
    assert await scene.sweep(seconds=2 * WINDOW_SECONDS) == 1
    assert await scene.sweep(minutes=2) == 0
    assert (await scene.box.questions.held(scene.alice.id))["posted"] == 1
    assert len(scene.group.from_bot) == 1
