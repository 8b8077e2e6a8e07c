"""What one replica knows of a chat, the next one finds; without a text, for half an hour, and gone when it is to be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select, text

from bot.app import make_seal
from bot.core.values import Context, Direction
from bot.storage.database import BROKEN, Database
from bot.storage.ledger import Ledger
from bot.storage.schema import sessions
from bot.storage.sessions import Kind, Sessions
from bot.tg.drafts import Draft, Drafts
from bot.tg.memory import MAX_AGE, ShortMemory
from bot.tg.shared import PURGE_SECONDS, Shared

ALICE, BOB = 5_551_234_567, 5_551_234_568
GROUP = -1_001_234_567_890
SEAL = make_seal([b"s" * 32])
CONTEXT = Context("care:coercive_control", Direction.PARTNER, "IE", "hi-Latn", True, True, ("flirting", "close_friend"))


class Clock:
    """Seconds that pass only when they are told to."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Replica:
    """One replica's side."""

    shared: Shared
    database: Database

    async def keep(self, chat_id: int, before: Draft | None) -> None:
        """Write what was changed, as the end of an update does."""
        changes = self.shared.changes(chat_id, before)
        try:
            async with self.database.begin() as connection:
                for statement in changes.statements:
                    await connection.execute(statement)
        except BROKEN:
            self.shared.put_back(changes)
            raise

    @property
    def memory(self) -> ShortMemory:
        """Return its memory."""
        return self.shared.memory

    @property
    def drafts(self) -> Drafts:
        """Return its drafts."""
        return self.shared.drafts


@pytest.fixture
def clock() -> Clock:
    """Return the clock of both."""
    return Clock()


@pytest.fixture
async def both(postgres_url: str, clock: Clock) -> AsyncIterator[tuple[Replica, Replica]]:
    """Return two replicas on one database."""
    made = []
    for _ in range(2):
        database = Database(postgres_url)
        assert await database.open()
        codes = iter(f"code{n}" for n in range(100))
        memory, drafts = ShortMemory(clock, set()), Drafts(lambda codes=codes: next(codes), clock, shared=True)  # type: ignore[misc]
        shared = Shared(Sessions(database, SEAL), memory, drafts, Ledger(database, SEAL), clock)
        made.append(Replica(shared, database))
    yield made[0], made[1]
    for replica in made:
        await replica.database.close()


async def kinds(replica: Replica) -> list[int]:
    """Return the kinds of all rows."""
    async with replica.database.connect() as connection:
        return sorted((await connection.execute(select(sessions.c.kind))).scalars())


async def write(replica: Replica, kind: Kind, content: str) -> None:
    """Write what another version might have."""
    async with replica.database.begin() as connection:
        await connection.execute(replica.shared.sessions.writing(ALICE, kind, content, 1_900_000_000))


async def test_a_context_goes_along(both: tuple[Replica, Replica]) -> None:
    """Every field of it, for this chat alone; and what follows goes back."""
    first, second = both
    await first.shared.bring(ALICE)
    first.memory.put(ALICE, CONTEXT)
    await first.keep(ALICE, None)
    for chat in (ALICE, BOB):
        await second.shared.bring(chat)
    assert second.memory.get(ALICE) == CONTEXT
    assert second.memory.get(BOB) == Context()
    second.memory.put(ALICE, Context("flirting"))
    await second.keep(ALICE, None)
    await first.shared.bring(ALICE)
    assert first.memory.get(ALICE) == Context("flirting")


async def test_what_did_not_change_is_not_written(both: tuple[Replica, Replica]) -> None:
    """Most messages cost one look."""
    first, _ = both
    await first.shared.bring(ALICE)
    assert first.shared.changes(ALICE, first.shared.draft_of(ALICE)).statements == ()
    assert await kinds(first) == []


async def test_what_is_forgotten_is_forgotten_everywhere(both: tuple[Replica, Replica]) -> None:
    """Also by a replica that still has it in memory."""
    first, second = both
    first.memory.put(ALICE, CONTEXT)
    await first.keep(ALICE, None)
    await second.shared.bring(ALICE)
    second.memory.forget(ALICE)
    await second.keep(ALICE, None)
    assert await kinds(first) == []
    await first.shared.bring(ALICE)
    assert first.memory.get(ALICE) == Context()


async def test_danger_typed_in_a_group_is_known_in_the_private_chat(both: tuple[Replica, Replica]) -> None:
    """The group's update is the one that is answered, the context another chat's; a draft there is left alone."""
    first, second = both
    second.drafts.begin(ALICE, GROUP, "en")
    await second.keep(ALICE, None)
    first.memory.put(ALICE, CONTEXT)
    await first.keep(GROUP, None)
    await second.shared.bring(ALICE)
    assert second.memory.get(ALICE) == CONTEXT
    assert second.drafts.of_chat(ALICE) is not None


async def test_a_draft_goes_from_hand_to_hand(both: tuple[Replica, Replica], clock: Clock) -> None:
    """Begun, asked for, typed, handed in or dropped: each at another replica."""
    first, second = both
    begun = first.drafts.begin(ALICE, GROUP, "hi-Latn")
    await first.keep(ALICE, None)

    await second.shared.bring(ALICE)
    before, draft = second.shared.draft_of(ALICE), second.drafts.by_code(ALICE, begun.code)
    assert draft == begun
    draft.writing = True
    await second.keep(ALICE, before)

    await first.shared.bring(ALICE)
    before, typed = first.shared.draft_of(ALICE), first.drafts.of_chat(ALICE)
    assert typed is not None
    assert typed.writing
    clock.now += 60
    first.drafts.renew(typed, "कैसे 🙈 \n" * 80)
    await first.keep(ALICE, before)

    await second.shared.bring(ALICE)
    before, draft = second.shared.draft_of(ALICE), second.drafts.by_code(ALICE, typed.code)
    assert draft == typed
    second.drafts.end(draft)
    await second.keep(ALICE, before)
    await first.shared.bring(ALICE)
    assert not first.drafts.holds(ALICE)
    pressed_twice = first.drafts.by_code(ALICE, typed.code)
    assert pressed_twice is not None
    assert pressed_twice.done

    before = first.shared.draft_of(ALICE)
    first.drafts.forget(ALICE)
    await first.keep(ALICE, before)
    assert await kinds(first) == []


async def test_it_lasts_for_half_an_hour_at_most(both: tuple[Replica, Replica], clock: Clock) -> None:
    """The row too, since it is erased every minute."""
    first, second = both
    first.memory.put(ALICE, CONTEXT)
    first.drafts.begin(ALICE, GROUP, "en")
    await first.keep(ALICE, None)
    clock.now += MAX_AGE - PURGE_SECONDS - 1
    await second.shared.bring(ALICE)
    assert second.memory.get(ALICE) == CONTEXT
    clock.now += 1
    await second.shared.bring(ALICE)
    assert second.memory.get(ALICE) == Context()
    assert second.drafts.of_chat(ALICE) is None
    await second.shared.purge()
    assert await kinds(first) == []


async def test_a_choice_counts_everywhere_at_once(both: tuple[Replica, Replica]) -> None:
    """A code word chosen here tidies when it is typed there, also where the choices were just looked at."""
    first, second = both
    reader = await second.shared.ledger.reader(ALICE)
    assert not second.shared.ledger.is_word(ALICE, reader, "milk and eggs")
    await first.shared.ledger.choose(ALICE, word="milk and eggs", veil=True)
    await second.shared.bring(ALICE)
    reader = await second.shared.ledger.reader(ALICE)
    assert second.shared.ledger.is_word(ALICE, reader, "milk and eggs")
    assert reader.veil


async def test_what_could_not_be_told_is_told_later(both: tuple[Replica, Replica], clock: Clock) -> None:
    """Meanwhile this replica goes on with what it knows."""
    first, second = both
    first.memory.put(ALICE, Context("flirting"))
    await first.keep(ALICE, None)
    async with first.database.begin() as connection:
        await connection.execute(text("ALTER TABLE sessions RENAME TO away"))
    clock.now += 1
    first.memory.put(ALICE, CONTEXT)
    with pytest.raises(BROKEN):
        await first.keep(ALICE, None)
    with pytest.raises(BROKEN):
        await first.shared.bring(ALICE)
    assert first.memory.get(ALICE) == CONTEXT
    async with first.database.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO sessions"))
    await first.shared.bring(ALICE)
    assert first.memory.get(ALICE) == CONTEXT
    await first.keep(BOB, None)
    await second.shared.bring(ALICE)
    assert second.memory.get(ALICE) == CONTEXT


@pytest.mark.parametrize(
    "odd",
    ["", "nonsense", "[]", "7", "{}", '{"at": "soon"}', '{"at": 1, "direction": "sideways"}',
     '{"at": 1, "choices": 7, "direction": "self"}', '{"code": 1, "text": 2}'],
)  # fmt: skip
async def test_what_another_version_wrote_is_nothing(both: tuple[Replica, Replica], odd: str) -> None:
    """During an upgrade both may run; nobody's answer fails by it."""
    first, _ = both
    for kind in Kind:
        await write(first, kind, odd)
    await first.shared.bring(ALICE)
    assert first.memory.get(ALICE) == Context()
    assert first.drafts.of_chat(ALICE) is None


async def test_fields_of_a_later_version_are_passed_over(both: tuple[Replica, Replica], clock: Clock) -> None:
    """And those that it has no longer get their defaults."""
    first, _ = both
    entry = f'{{"at": {clock.now}, "node": "flirting", "direction": "self", "mood": "odd"}}'
    await write(first, Kind.CONTEXT, entry)
    await first.shared.bring(ALICE)
    assert first.memory.get(ALICE) == Context("flirting", Direction.SELF)


def test_one_program_alone_tells_nobody() -> None:
    """Nothing is gathered that nobody fetches."""
    memory = ShortMemory()
    memory.put(ALICE, CONTEXT)
    memory.forget(BOB)
    assert memory.changed is None
    assert not memory.is_shared
