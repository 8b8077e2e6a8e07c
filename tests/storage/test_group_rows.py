"""Groups on both engines: settings by a keyed hash, moved as a whole, erased a week after the bot left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, text

from bot.app import make_seal
from bot.storage.database import Database
from bot.storage.groups import GRACE_SECONDS, Group, Groups
from bot.storage.ledger import Ledger
from bot.storage.schema import box_blocks, box_questions, groups, ledger, metadata, releases, weekly
from bot.storage.seal import Seal
from tests.storage.conftest import NEXT_SECRET, SECRET

GROUP, OTHER, SUPER = -4_012_345_678, -1_009_876_543_210, -1_001_234_567_890
NOW = int(datetime(2026, 11, 25, tzinfo=UTC).timestamp())
OF_A_GROUP = (box_questions, box_blocks, weekly, releases)


@pytest.fixture
def store(database: Database, seal: Seal) -> Groups:
    """Return the groups of one program."""
    return Groups(database, seal)


async def fill(database: Database, chat: bytes) -> None:
    """Put a row of a group into every table that may hold one."""
    who = b"w" * 16
    values: dict[Table, dict[str, Any]] = {
        box_questions: {"id": chat, "asker": who, "asker_box": who, "state": 0, "pseudonym": "Someone", "due": NOW},
        box_blocks: {"asker": who},
        weekly: {"week": 202648, "topic": "texting_ex", "member": who},
        releases: {"week": 202647, "topic": "texting_ex", "value": 5},
        ledger: {"message": 1, "box": who, "sent": NOW, "due": NOW},
    }
    async with database.begin() as connection:
        for table, row in values.items():
            await connection.execute(insert(table).values(chat=chat, **row))


async def chats(database: Database, *tables: Table) -> list[bytes]:
    """Return the groups that rows of some tables belong to."""
    async with database.connect() as connection:
        return [row.chat for table in tables for row in await connection.execute(select(table.c.chat))]


async def test_of_programs_that_change_the_same_at_once_one_does(store: Groups, url: str, seal: Seal) -> None:
    """As two that look at the same moment whether the weekly card was sent; whoever comes later finds it changed."""
    await store.put(GROUP, {"prompted": 1, "lang": "en"})
    second = Database(url)
    stores = (store, Groups(second, seal))

    def note(week: int, found: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return None if found["prompted"] == week else {**found, "prompted": week}

    for week in range(2, 12):
        done = await asyncio.gather(*(mine.claim(GROUP, partial(note, week)) for mine in stores))
        assert sorted(done) == [False, True]
        assert not await store.claim(GROUP, partial(note, week))
    assert await store.get(GROUP) == {"prompted": 11, "lang": "en"}
    assert not await store.claim(OTHER, partial(note, 12))
    await second.close()


async def test_settings_are_kept_and_changed(store: Groups, database: Database, seal: Seal) -> None:
    """One row a group, whatever program writes it; nothing for a group that chose nothing."""
    assert await store.get(GROUP) == {}
    assert await store.put(GROUP, {"lang": "en", "note": "ہاں"})
    assert await Groups(database, seal).put(GROUP, {"lang": "hi-Latn"})
    assert await store.put(OTHER, {"box": True})
    assert await store.get(GROUP) == {"lang": "hi-Latn"}
    assert sorted(g.chat_id for g in await store.every()) == sorted([GROUP, OTHER])
    assert str(GROUP).encode() not in b"".join(await chats(database, groups))


async def test_two_programs_may_write_at_once(store: Groups, database: Database, url: str, seal: Seal) -> None:
    """One of both stands, and no second row comes of it."""
    second = Database(url)
    other = Groups(second, seal)
    for n in range(10):
        kept = await asyncio.gather(store.put(GROUP - n, {"n": 1}), other.put(GROUP - n, {"n": 2}))
        assert kept == [True, True]
    assert len(await chats(database, groups)) == 10
    await second.close()


async def test_a_code_leads_to_its_group(store: Groups) -> None:
    """And anything else to none."""
    await store.put(GROUP, {"lang": "en"})
    await store.put(OTHER, {})
    assert await store.by_code(store.code(GROUP)) == Group(GROUP, {"lang": "en"})
    for odd in ("", "!", "aaaaaaaaaa", "ہاں", store.code(SUPER), store.code(GROUP)[:5], "x" * 80):
        assert await store.by_code(odd) is None


async def test_a_group_that_moves_takes_its_settings_along(store: Groups, database: Database, seal: Seal) -> None:
    """Another group stays where it is; box and weekly counts, whose hashes hold the number, move by themselves."""
    await store.put(GROUP, {"box": True})
    await store.put(OTHER, {"box": False})
    for chat in (GROUP, OTHER):
        await fill(database, seal.chat(chat))
    await store.moved(GROUP, SUPER)
    assert await store.get(GROUP) == {}
    assert await store.get(SUPER) == {"box": True}
    assert await store.get(OTHER) == {"box": False}
    assert sorted(g.chat_id for g in await store.every()) == sorted([SUPER, OTHER])
    await store.moved(GROUP, SUPER)
    assert await store.get(SUPER) == {"box": True}


async def test_the_earlier_number_leads_to_the_group(store: Groups, database: Database, seal: Seal) -> None:
    """By reference and by code, while the group is there; it is no group of its own, and ends with it."""
    await store.put(GROUP, {"box": True})
    code = store.code(GROUP)
    assert await store.present(GROUP) == GROUP
    for _ in range(2):
        await store.moved(GROUP, SUPER)
    assert await store.present(GROUP) == await store.present(SUPER) == SUPER
    assert await store.present(OTHER) == OTHER
    assert await store.by_code(code) == Group(SUPER, {"box": True})
    assert await store.every() == [Group(SUPER, {"box": True})]
    await store.put(SUPER, {"box": False})
    assert await store.by_code(code) == Group(SUPER, {"box": False})
    await store.moved(SUPER, OTHER)
    assert await store.present(GROUP) == await store.present(SUPER) == OTHER
    await store.left(OTHER, NOW)
    assert await store.purge(NOW + GRACE_SECONDS + 1) == 1
    assert await chats(database, groups) == []


async def test_a_change_of_keys_keeps_a_group_that_moved(store: Groups, database: Database) -> None:
    """Once; links from before the move end with the key that they were made with."""
    await store.put(GROUP, {"box": True})
    await store.moved(GROUP, SUPER)
    both = make_seal([NEXT_SECRET, SECRET])
    assert await Groups(database, both).reseal(both) == (1, 0)
    assert await Groups(database, both).every() == [Group(SUPER, {"box": True})]


async def test_a_move_heard_of_late_loses_nothing(store: Groups, database: Database, seal: Seal) -> None:
    """The new number may be greeted first; what was chosen there since stands, what was not makes way."""
    await store.put(GROUP, {"box": True})
    await store.put(SUPER, {})
    await store.moved(GROUP, SUPER)
    assert await store.get(SUPER) == {"box": True}
    assert await store.every() == [Group(SUPER, {"box": True})]
    await store.moved(OTHER, SUPER)
    await store.put(OTHER, {})
    await store.moved(SUPER, OTHER)
    assert await store.get(OTHER) == {"box": True}
    await store.put(GROUP, {"lang": "en"})
    await store.moved(GROUP, OTHER)
    assert await store.get(OTHER) == {"box": True}


async def test_a_group_left_is_erased_a_week_later(store: Groups, database: Database, seal: Seal) -> None:
    """Every row of it, in every table; back within the week, it finds its settings."""
    for chat in (GROUP, OTHER):
        await store.put(chat, {"box": True})
        await fill(database, seal.chat(chat))
        await store.left(chat, NOW)
    assert await store.every() == []
    await store.put(OTHER, await store.get(OTHER))
    assert await store.purge(NOW + GRACE_SECONDS) == 0
    assert await store.purge(NOW + GRACE_SECONDS + 1) == 1
    assert set(await chats(database, groups, ledger, *OF_A_GROUP)) == {seal.chat(OTHER)}
    assert await store.every() == [Group(OTHER, {"box": True})]


async def test_groups_are_sealed_anew_with_all_that_is_theirs(store: Groups, database: Database, seal: Seal) -> None:
    """After that only the new key is needed, and a button made under it finds the group."""
    await store.put(GROUP, {"box": True})
    await fill(database, seal.chat(GROUP))
    await Groups(database, make_seal([b"a secret that nobody has any more"])).put(OTHER, {})
    both = make_seal([NEXT_SECRET, SECRET])
    assert await Groups(database, both).reseal(both) == (1, 1)
    new = make_seal([NEXT_SECRET])
    later = Groups(database, new)
    assert await later.by_code(later.code(GROUP)) == Group(GROUP, {"box": True})
    assert set(await chats(database, *OF_A_GROUP)) == {new.chat(GROUP)}
    assert await later.reseal(both) == (1, 1)


async def test_what_was_chosen_since_the_key_changed_stands(store: Groups, database: Database) -> None:
    """Two rows of one group become one."""
    await store.put(GROUP, {"n": "before"})
    both = make_seal([NEXT_SECRET, SECRET])
    rotated = Groups(database, both)
    await rotated.put(GROUP, {"n": "since"})
    assert await rotated.reseal(both) == (1, 0)
    assert await rotated.get(GROUP) == {"n": "since"}
    assert len(await chats(database, groups)) == 1


async def test_a_broken_database_gives_the_defaults(store: Groups, database: Database) -> None:
    """Nothing raises, and what could not be kept is said."""
    async with database.begin() as connection:
        for table in metadata.tables:
            await connection.execute(text(f"DROP TABLE {table}"))
    assert not await store.put(GROUP, {"box": True})
    assert await store.get(GROUP) == {}
    assert await store.every() == []
    assert await store.by_code(store.code(GROUP)) is None
    assert await store.purge(NOW) == 0
    await store.moved(GROUP, SUPER)
    await store.left(GROUP, NOW)
    await Ledger(database, make_seal([SECRET])).forget(GROUP)
