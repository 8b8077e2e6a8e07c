"""The question box over its whole life: nothing leads to an asker without the key, and nothing stays behind."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.storage.box import QuestionBox
from bot.storage.boxfollow import FOLLOW_PREFIX, LINK_SECONDS
from bot.storage.boxrows import (
    FOLLOW_SECONDS,
    HOLD_SECONDS,
    LATE_SECONDS,
    LONGEST_SECONDS,
    MOST_WAITING,
    POSTING_SECONDS,
    WINDOW_SECONDS,
    Handed,
    Outcome,
    State,
    next_window,
)
from bot.storage.database import Database
from bot.storage.groups import Groups
from bot.storage.seal import Keys, Seal

NOW = 1_800_003_600
GROUP, OTHER_GROUP = -1_001_234_567_890, -1_009_876_543_210
ASKER, OTHER = 5_551_234_567, 5_557_654_321
TEXT = "Is it a small thing or a big one? <b>&"


def _seal(*letters: bytes) -> Seal:
    return Seal([Keys(*(purpose + letter * 31 for purpose in (b"h", b"s", b"t"))) for letter in letters or (b"k",)])


def _first(n: int) -> int:
    return 0


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """Return a database file with all tables and no row."""

    async def make(path: Path) -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        assert await database.open()
        await database.close()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite3"
        asyncio.run(make(path))
        yield path


class Live:
    """A box on a file."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        self.folder = folder
        self.file = folder / "x.sqlite3"
        self.database = Database(f"sqlite+aiosqlite:///{self.file}")
        numbers = count()
        self.box = QuestionBox(self.database, seal, lambda: f"Quiet Lamp{next(numbers)}")

    async def submit(self, asker: int = ASKER, group: int = GROUP, text: str = TEXT, now: int = NOW) -> Handed:
        """Hand in a question that is taken."""
        handed = await self.box.submit(group, asker, text, now)
        assert handed.outcome is Outcome.DONE
        return handed

    async def post(self, code: str, now: int = NOW, message: int = 77) -> int:
        """Bring a waiting question into its group; return when that was."""
        assert await self.box.approve(code, now, _first) is Outcome.DONE
        later = next_window(now)[0]
        assert code in {q.code for q in await self.box.claim_due(later)}
        assert await self.box.posted(code, message) is Outcome.DONE
        return later

    def rows(self, query: str = "SELECT * FROM box_questions") -> list[tuple[object, ...]]:
        """Return what a query finds in the file."""
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query).fetchall()

    def secrets(self) -> list[bytes]:
        """Return every encrypted text in the file."""
        return [bytes(t) for (t,) in self.rows("SELECT text FROM box_questions WHERE text IS NOT NULL")]  # type: ignore[call-overload]

    def bytes(self) -> bytes:
        """Return all that lies in any file of the folder."""
        return b"".join(p.read_bytes() for p in self.folder.rglob("*") if p.is_file())


@asynccontextmanager
async def _open(empty: Path, seal: Seal | None = None) -> AsyncIterator[Live]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty, Path(folder) / "x.sqlite3")
        live = Live(Path(folder), seal or _seal())
        try:
            yield live
        finally:
            await live.database.close()


@pytest.fixture
async def live(empty: Path) -> AsyncIterator[Live]:
    """Return a box on a fresh file."""
    async with _open(empty) as found:
        yield found


async def test_a_question_goes_its_whole_way(live: Live) -> None:
    """Handed in, shown to moderators, approved, posted once, followed for a week, gone."""
    handed = await live.submit()
    (shown,) = await live.box.waiting(GROUP, NOW + HOLD_SECONDS)
    assert (shown.code, shown.text, shown.pseudonym) == (handed.code, TEXT, handed.pseudonym)
    assert await live.box.approve(handed.code, NOW, _first) is Outcome.DONE
    assert await live.box.waiting(GROUP, NOW + HOLD_SECONDS) == []
    start, end = next_window(NOW)
    assert await live.box.claim_due(start - 1) == []
    (due,) = await live.box.claim_due(end)
    assert (due.group_chat_id, due.text, due.pseudonym) == (GROUP, TEXT, handed.pseudonym)
    assert await live.box.claim_due(end + 3 * POSTING_SECONDS) == []
    assert await live.box.posted(due.code, 77) is Outcome.DONE
    assert await live.box.expire(end + FOLLOW_SECONDS - 1) == []
    assert len(live.rows()) == 1
    assert await live.box.expire(end + FOLLOW_SECONDS) == []
    assert live.rows() == []


async def test_moderators_see_questions_at_fixed_marks_only(live: Live) -> None:
    """Whoever looks all the time sees no more of when something was handed in than the part of the day."""
    mark = NOW // HOLD_SECONDS * HOLD_SECONDS
    for asker, now in ((ASKER, mark), (OTHER, mark + HOLD_SECONDS - 1)):
        await live.submit(asker, now=now)
    assert await live.box.waiting(GROUP, mark + HOLD_SECONDS - 1) == []
    assert len(await live.box.waiting(GROUP, mark + HOLD_SECONDS)) == 2
    assert len({row[-1] for row in live.rows()}) == 1


async def test_what_is_approved_together_is_posted_together_at_a_random_moment(live: Live) -> None:
    """The moment comes from the randomness passed in, and lies in the next window."""
    codes = [(await live.submit(asker)).code for asker in (ASKER, OTHER, 3)]
    other = (await live.submit(group=OTHER_GROUP)).code
    draws = iter((1234, 99, 4321))
    for code in (*codes[:2], other):
        await live.box.approve(code, NOW, lambda n: next(draws))
    start, end = next_window(NOW)
    await live.box.approve(codes[2], start, lambda n: n - 1)
    due = dict(live.rows("SELECT hex(id), due FROM box_questions"))
    assert sorted(due.values()) == sorted([start + 1234, start + 1234, start + 99, end + WINDOW_SECONDS - 1])


async def test_two_posters_never_take_the_same_question(live: Live) -> None:
    """And two moderators never decide twice."""
    codes = [(await live.submit(asker)).code for asker in range(10, 20)]
    assert await asyncio.gather(*(live.box.approve(codes[0], NOW, _first) for _ in range(2))) in (
        [Outcome.DONE, Outcome.GONE],
        [Outcome.GONE, Outcome.DONE],
    )
    for code in codes[1:]:
        await live.box.approve(code, NOW, _first)
    later = next_window(NOW)[1]
    found = await asyncio.gather(*(live.box.claim_due(later) for _ in range(3)))
    assert sorted(q.code for part in found for q in part) == sorted(codes)


async def test_nobody_hands_in_more_than_three_at_a_time(live: Live) -> None:
    """By person and group; a decision makes room."""
    codes = [(await live.submit()).code for _ in range(MOST_WAITING)]
    assert (await live.box.submit(GROUP, ASKER, TEXT, NOW)).outcome is Outcome.FULL
    await live.submit(OTHER)
    await live.submit(group=OTHER_GROUP)
    await live.box.refuse(codes[0], NOW, _first)
    await live.submit()
    assert len(await live.box.waiting(GROUP, NOW + HOLD_SECONDS)) == MOST_WAITING + 1


async def test_pseudonyms_differ_by_question(live: Live) -> None:
    """Also where the words run out."""
    box = QuestionBox(live.database, _seal(), lambda: "Quiet Lamp")
    names = [(await box.submit(GROUP, asker, TEXT, NOW)).pseudonym for asker in range(8)]
    assert len(set(names)) == 8
    assert names[0] == "Quiet Lamp"


async def test_whoever_is_blocked_cannot_tell(live: Live) -> None:
    """The same answers, limits, counts and expiry; moderators see nothing any more, and no text is kept."""
    first = await live.submit()
    assert await live.box.block(first.code, NOW, _first) is Outcome.DONE
    await live.box.expire(NOW + 2 * WINDOW_SECONDS)
    handed = {who: [await live.submit(who) for _ in range(MOST_WAITING)] for who in (ASKER, OTHER)}
    for who, mine in handed.items():
        assert (await live.box.submit(GROUP, who, TEXT, NOW)).outcome is Outcome.FULL
        assert (await live.box.held(who)) == {"waiting": MOST_WAITING, "coming": 0, "posted": 0, "ended": 0}
        followed = await live.box.followed(mine[0].code, who)
        assert followed is not None
        assert followed.state is State.WAITING
    assert {q.code for q in await live.box.waiting(GROUP, NOW + HOLD_SECONDS)} == {h.code for h in handed[OTHER]}
    assert len(live.secrets()) == MOST_WAITING
    told = await live.box.expire(NOW + LONGEST_SECONDS)
    assert sorted((n.asker_chat_id, n.state) for n in told) == sorted(
        (who, State.WAITING) for who in (ASKER, OTHER) for _ in range(MOST_WAITING)
    )


async def test_a_block_shows_nothing_that_belongs_together(live: Live) -> None:
    """Other questions of the same person stay; another group's box stays open to them; blocks can be lifted."""
    codes = [(await live.submit()).code for _ in range(2)]
    await live.box.block(codes[0], NOW, _first)
    assert [q.code for q in await live.box.waiting(GROUP, NOW + HOLD_SECONDS)] == [codes[1]]
    await live.submit(group=OTHER_GROUP)
    assert len(await live.box.waiting(OTHER_GROUP, NOW + HOLD_SECONDS)) == 1
    for _ in range(2):
        assert await live.box.lift_blocks(GROUP) is Outcome.DONE
    await live.submit()
    assert len(await live.box.waiting(GROUP, NOW + HOLD_SECONDS)) == 2


async def test_the_refused_hear_of_it_at_a_random_later_moment(live: Live) -> None:
    """A moderator who presses Refuse sees no phone light up; the row is gone with the word."""
    code = (await live.submit()).code
    assert await live.box.refuse(code, NOW, lambda n: n // 2) is Outcome.DONE
    start, end = next_window(NOW)
    assert await live.box.expire(start) == []
    assert [(n.asker_chat_id, n.state) for n in await live.box.expire(end)] == [(ASKER, State.REFUSED)]
    assert live.rows() == []


async def test_what_was_not_posted_is_said_and_never_posted_later(live: Live) -> None:
    """Given up, never confirmed, or late after an outage."""
    start = next_window(NOW)[0]
    codes = [(await live.submit(asker)).code for asker in (1, 2, 3)]
    for code in codes[:2]:
        await live.box.approve(code, NOW, _first)
    assert len(await live.box.claim_due(start)) == 2
    assert await live.box.failed(codes[0], start) is Outcome.DONE
    assert [(n.asker_chat_id, n.state) for n in await live.box.expire(start)] == [(1, State.FAILED)]
    assert [n.asker_chat_id for n in await live.box.expire(start + POSTING_SECONDS)] == [2]
    await live.box.approve(codes[2], NOW, _first)
    assert await live.box.claim_due(start + LATE_SECONDS) == []
    assert [(n.asker_chat_id, n.state) for n in await live.box.expire(start + LATE_SECONDS)] == [(3, State.FAILED)]


@pytest.mark.parametrize("code", ["", "x", "aaaaaaaaaaaaaaaa", "a" * 26, "../../etc", "É" * 16])
async def test_a_code_that_is_none_does_nothing(live: Live, code: str) -> None:
    """From a button of another version, or made up."""
    await live.submit()
    before = live.rows()
    assert await live.box.approve(code, NOW, _first) is Outcome.GONE
    assert await live.box.refuse(code, NOW, _first) is Outcome.GONE
    assert await live.box.block(code, NOW, _first) is Outcome.GONE
    assert await live.box.posted(code, 1) is Outcome.GONE
    assert await live.box.failed(code, NOW) is Outcome.GONE
    assert await live.box.group_of(code) is None
    assert await live.box.followed(code, ASKER) is None
    assert await live.box.watch(code, ASKER, on=True) is Outcome.GONE
    assert live.rows() == before


async def test_a_link_opens_for_its_asker_alone_and_not_for_ever(live: Live) -> None:
    """Another person, another key, another hour, another letter: nothing."""
    handed = await live.submit()
    words = {live.box.link(handed.code, NOW) for _ in range(5)}
    assert len(words) == 5
    for word in words:
        assert len(word) <= 64
        assert word.replace("-", "").replace("_", "").isalnum()
        found = await live.box.follow(word, ASKER, NOW + LINK_SECONDS - 1)
        assert found is not None
        assert found.code == handed.code
        assert await live.box.follow(word, ASKER, NOW + LINK_SECONDS) is None
        assert await live.box.follow(word, OTHER, NOW) is None
        assert await live.box.follow(word[:-4] + "AAAA", ASKER, NOW) is None
        assert await QuestionBox(live.database, _seal(b"w"), str).follow(word, ASKER, NOW) is None
    for odd in ("", FOLLOW_PREFIX, FOLLOW_PREFIX + "a" * 56, FOLLOW_PREFIX + "é+/ =", "gabc", "x" * 64):
        assert await live.box.follow(odd, ASKER, NOW) is None
    with pytest.raises(ValueError, match="no code"):
        live.box.link("nonsense", NOW)


async def test_replies_are_followed_by_the_asker_alone(live: Live) -> None:
    """From the message in the group to the one who wants to know, while they want to."""
    handed = await live.submit()
    assert await live.box.watch(handed.code, ASKER, on=True) is Outcome.GONE
    later = await live.post(handed.code)
    assert await live.box.replied_to(GROUP, 77) is None
    assert await live.box.watch(handed.code, OTHER, on=True) is Outcome.GONE
    assert await live.box.watch(handed.code, ASKER, on=True) is Outcome.DONE
    assert await live.box.replied_to(GROUP, 78) is None
    assert await live.box.replied_to(OTHER_GROUP, 77) is None
    assert await live.box.replied_to(GROUP, 77) == handed.code
    found = await live.box.watcher(handed.code)
    assert found is not None
    assert (found[0], found[1].message) == (ASKER, 77)
    await live.box.watch(handed.code, ASKER, on=False)
    assert await live.box.watcher(handed.code) is None
    await live.box.watch(handed.code, ASKER, on=True)
    await live.box.expire(later + FOLLOW_SECONDS)
    assert await live.box.replied_to(GROUP, 77) is None


async def test_held_and_forget_know_every_group(live: Live) -> None:
    """Counts by what is kept; forgetting leaves others alone."""
    waiting = await live.submit()
    posted, coming, refused = [await live.submit(group=OTHER_GROUP) for _ in range(3)]
    await live.post(posted.code)
    await live.box.approve(coming.code, NOW, _first)
    await live.box.refuse(refused.code, NOW, _first)
    await live.submit(OTHER)
    assert await live.box.held(ASKER) == {"waiting": 1, "coming": 1, "posted": 1, "ended": 1}
    await live.box.forget(ASKER, NOW)
    assert await live.box.held(ASKER) == {"waiting": 0, "coming": 0, "posted": 0, "ended": 0}
    assert (await live.box.held(OTHER))["waiting"] == 1
    assert await live.box.posted(coming.code, 5) is Outcome.GONE
    assert waiting.code not in {q.code for q in await live.box.waiting(GROUP, NOW + HOLD_SECONDS)}


async def test_what_moderators_have_seen_goes_at_the_next_mark(live: Live) -> None:
    """Not as its asker presses, whom somebody may sit beside; from then on it leads to nobody and is never posted."""
    seen = await live.submit()
    later = NOW + HOLD_SECONDS
    unseen = await live.submit(now=later)
    mark = (later // HOLD_SECONDS + 1) * HOLD_SECONDS
    before = await live.box.waiting(GROUP, later)
    assert [q.code for q in before] == [seen.code]
    await live.box.forget(ASKER, later)
    assert await live.box.waiting(GROUP, later) == before
    assert await live.box.waiting(GROUP, mark - 1) == before
    assert sum((await live.box.held(ASKER)).values()) == 0
    assert await live.box.followed(seen.code, ASKER) is None
    assert live.database is not None
    assert _seal().asker(GROUP, ASKER) not in live.bytes()
    assert len(live.rows()) == 1, "what nobody has seen goes at once"
    assert unseen.code != seen.code
    assert await live.box.waiting(GROUP, mark) == []
    assert await live.box.expire(mark) == [], "nobody is told"
    assert live.rows() == []


@pytest.mark.parametrize("decide", ["approve", "refuse", "block"])
async def test_a_decision_on_what_was_taken_back_ends_it(live: Live, decide: str) -> None:
    """Moderators read what they would read otherwise; nothing is posted, nobody blocked, no word left."""
    seen = await live.submit()
    later = NOW + HOLD_SECONDS
    (closed,) = live.secrets()
    await live.box.forget(ASKER, later)
    assert await getattr(live.box, decide)(seen.code, later, _first) is Outcome.DONE
    assert await getattr(live.box, decide)(seen.code, later, _first) is Outcome.GONE
    assert live.rows() == []
    assert closed not in live.bytes()
    assert await live.box.claim_due(later + 2 * WINDOW_SECONDS) == []
    await live.submit(now=later)
    assert len(await live.box.waiting(GROUP, later + HOLD_SECONDS)) == 1


async def test_forgetting_a_group_leaves_no_row_of_it(live: Live) -> None:
    """Blocks too; other groups stay."""
    await live.box.block((await live.submit()).code, NOW, _first)
    await live.submit(OTHER)
    await live.submit(group=OTHER_GROUP)
    await live.box.forget_group(GROUP)
    assert len(live.rows()) == 1
    assert live.rows("SELECT * FROM box_blocks") == []


@pytest.mark.parametrize("groups_first", [True, False])
async def test_questions_and_blocks_move_with_their_group(live: Live, *, groups_first: bool) -> None:
    """Whichever part of the program hears of it first."""
    blocked = await live.submit()
    kept = await live.submit(OTHER)
    await live.box.block(blocked.code, NOW, _first)
    groups = Groups(live.database, _seal())
    await groups.put(GROUP, {})
    for moved in (groups.moved, live.box.moved)[:: 1 if groups_first else -1]:
        await moved(GROUP, OTHER_GROUP)
    assert [q.code for q in await live.box.waiting(OTHER_GROUP, NOW + HOLD_SECONDS)] == [kept.code]
    assert await live.box.group_of(kept.code) == OTHER_GROUP
    await live.submit(group=OTHER_GROUP)
    assert len(await live.box.waiting(OTHER_GROUP, NOW + HOLD_SECONDS)) == 1
    for _ in range(MOST_WAITING - 1):
        await live.submit(OTHER, OTHER_GROUP)
    assert (await live.box.submit(OTHER_GROUP, OTHER, TEXT, NOW)).outcome is Outcome.FULL


async def test_questions_survive_a_change_of_keys(live: Live) -> None:
    """Texts, limits, links and blocks; afterwards the new key alone opens everything."""
    waiting = await live.submit(OTHER)
    word = live.box.link(waiting.code, NOW)
    await live.box.block((await live.submit()).code, NOW, _first)
    old = live.secrets()
    both = QuestionBox(live.database, _seal(b"n", b"k"), lambda: "New Name")
    assert await both.reseal(_seal(b"n", b"k")) == (2, 0)
    assert not any(o in live.bytes() for o in old)
    assert await both.follow(word, OTHER, NOW) is not None
    alone = QuestionBox(live.database, _seal(b"n"), lambda: "Newer Name")
    assert [q.text for q in await alone.waiting(GROUP, NOW + HOLD_SECONDS)] == [TEXT]
    assert (await alone.submit(GROUP, ASKER, TEXT, NOW)).outcome is Outcome.DONE
    assert len(await alone.waiting(GROUP, NOW + HOLD_SECONDS)) == 1
    assert await alone.drop_lost() == 0


async def test_a_lost_secret_drops_the_box_and_goes_on(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    """One line says how many; nothing crashes."""
    handed = await live.submit()
    other = QuestionBox(live.database, _seal(b"x"), str)
    assert await other.waiting(GROUP, NOW + HOLD_SECONDS) == []
    assert await other.group_of(handed.code) is None
    assert (await other.held(ASKER))["waiting"] == 0
    with caplog.at_level(logging.WARNING, "bot"):
        assert await other.drop_lost() == 1
    assert [r.getMessage()[:31] for r in caplog.records if r.name.startswith("bot")] == [
        "1 questions of the box were str"
    ]
    assert live.rows() == []


async def test_a_broken_database_says_later_and_raises_nothing(tmp_path: Path) -> None:
    """Nothing is claimed, shown or lost."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/without_tables")
    box = QuestionBox(database, _seal(), str)
    code = "a" * 16
    assert (await box.submit(GROUP, ASKER, TEXT, NOW)).outcome is Outcome.LATER
    assert await box.approve(code, NOW, _first) is Outcome.LATER
    assert await box.refuse(code, NOW, _first) is Outcome.LATER
    assert await box.posted(code, 1) is Outcome.LATER
    assert (await box.waiting(GROUP, NOW), await box.claim_due(NOW), await box.expire(NOW)) == ([], [], [])
    assert await box.followed(code, ASKER) is None
    assert await box.replied_to(GROUP, 1) is None
    await box.forget(ASKER, NOW)
    await box.forget_group(GROUP)
    assert await box.lift_blocks(GROUP) is Outcome.LATER
    await database.close()


_PART = 16
# Numbers of Telegram's size whose bytes all differ: others might stand in a file by chance.
_IDS = st.integers(min_value=2**40, max_value=2**45).filter(lambda n: len(set(n.to_bytes(6, "big")) - {0}) == 6)
_TEXTS = st.text(min_size=8, max_size=1000).filter(lambda t: len(t.encode(errors="surrogatepass").strip()) >= 8)
_TEXTS = _TEXTS.filter(lambda t: not any("\ud800" <= ch <= "\udfff" for ch in t))


def _found(parts: list[bytes], where: bytes) -> int:
    """Return how many of the parts lie somewhere in a heap of bytes."""
    return sum(part in where for part in parts)


def _traces(number: int) -> list[bytes]:
    """Return a number in the ways it could be written."""
    whole = abs(number)
    big = [n.to_bytes(8, "big", signed=True)[2:] for n in (number, whole)]
    return [str(whole).encode(), f"{whole:x}".encode(), *big, *(b[::-1] for b in big)]


async def _posted(live: Live, code: str) -> None:
    await live.post(code)


async def _refused(live: Live, code: str) -> None:
    assert await live.box.refuse(code, NOW, _first) is Outcome.DONE


async def _blocked(live: Live, code: str) -> None:
    assert await live.box.block(code, NOW, _first) is Outcome.DONE


async def _expired(live: Live, code: str) -> None:
    assert len(await live.box.expire(NOW + LONGEST_SECONDS)) == 1


async def _failed(live: Live, code: str) -> None:
    await live.box.approve(code, NOW, _first)
    await live.box.claim_due(next_window(NOW)[0])
    assert await live.box.failed(code, NOW) is Outcome.DONE


async def _forgotten(live: Live, code: str) -> None:
    await live.box.forget(ASKER, NOW)


@pytest.mark.parametrize("end", [_posted, _refused, _blocked, _expired, _failed, _forgotten])
@given(text=_TEXTS)
@settings(max_examples=8, deadline=None)
def test_nothing_of_a_text_is_left_in_any_byte(
    empty: Path, end: Callable[[Live, str], Awaitable[None]], text: str
) -> None:
    """Neither the words nor what they were encrypted to: database, write-ahead log, anything in the folder."""

    async def run() -> None:
        async with _open(empty) as live:
            before = _found([text.encode()], live.bytes())  # a text may be the name of a table
            handed = await live.submit(text=text)
            (closed,) = live.secrets()
            # Any part of it would do for whoever has the key.
            parts = [closed[i : i + _PART] for i in range(0, len(closed) - _PART, _PART)]
            assert _found(parts, live.bytes()) == len(parts)
            assert _found([text.encode()], live.bytes()) == before
            await end(live, handed.code)
            assert _found([text.encode(), *parts], live.bytes()) == before

    asyncio.run(run())


@given(people=st.lists(_IDS, min_size=1, max_size=4, unique=True), group=_IDS.map(lambda n: -n), text=_TEXTS)
@settings(max_examples=25, deadline=None)
def test_no_path_leads_from_a_posted_question_to_its_asker_without_the_key(
    empty: Path, people: list[int], group: int, text: str
) -> None:
    """With every file, the message and the link in hand; with the key there is one, so the search is a real one."""
    asker, *others = people

    async def run() -> None:
        async with _open(empty) as live:
            for person in others:
                await live.submit(person, group)
            handed = await live.submit(asker, group, text)
            word = live.box.link(handed.code, NOW)
            await live.post(handed.code)
            stolen = live.bytes() + word.encode() + handed.pseudonym.encode()
            for number in (*people, group):
                assert not _found(_traces(number), stolen)
            thief, owner = _seal(b"w"), _seal()
            for person in people:
                assert not any(h in stolen for h in (thief.asker(group, person), thief.chat(person)))
            assert owner.asker(group, asker) in stolen
            assert owner.chat(asker) not in stolen  # nothing ties it to the rows of the private chat
            guess = QuestionBox(live.database, thief, str)
            assert await guess.follow(word, asker, NOW) is None
            assert await guess.followed(handed.code, asker) is None
            assert (await guess.held(asker))["posted"] == 0
            assert await live.box.followed(handed.code, asker) is not None

    asyncio.run(run())


@given(st.lists(st.tuples(_IDS, _TEXTS), min_size=2, max_size=3, unique_by=lambda p: p[0]))
@settings(max_examples=15, deadline=None)
def test_two_questions_of_one_person_in_two_groups_share_nothing(empty: Path, people: list[tuple[int, str]]) -> None:
    """No column of two rows is the same but times and states."""

    async def run() -> None:
        async with _open(empty) as live:
            for asker, text in people:
                for group in (GROUP, OTHER_GROUP):
                    await live.submit(asker, group, text)
            rows = live.rows("SELECT id, asker, asker_box, text FROM box_questions")
            values = [value for row in rows for value in row]
            assert len(set(values)) == len(values)

    asyncio.run(run())


async def test_rows_lie_in_no_order_of_time(live: Live) -> None:
    """SQLite numbers no rows here: the file does not tell who asked first."""
    for table in ("box_questions", "box_blocks"):
        with pytest.raises(sqlite3.OperationalError, match="rowid"):
            live.rows(f"SELECT rowid FROM {table}")  # noqa: S608 - a name of ours
