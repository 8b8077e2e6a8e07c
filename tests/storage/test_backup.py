"""Backups: groups and counts alone, good for the same secret alone, and nothing of another shape is let in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, text

from bot.app import make_seal
from bot.content.groupsettings import GroupSettings, read_settings, write_settings
from bot.errors import StorageError
from bot.storage.backup import make_backup, read_backup, restore_backup, write_backup
from bot.storage.database import Database
from bot.storage.groups import Groups
from bot.storage.ledger import Ledger
from bot.storage.schema import counters, groups
from bot.storage.seal import Seal
from tests.storage.conftest import NEXT_SECRET, SECRET

ALICE, GROUP, OTHER = 5_551_234_567, -1_001_234_567_890, -1_009_876_543_210
NOW = 1_800_000_000
DAY = date(2026, 11, 25)
CHOSEN = write_settings(GroupSettings(lang="hi-Latn", box=True, topic=7))


async def fill(database: Database, seal: Seal) -> None:
    """Put two groups, one of them left, two counts, and rows of a person into a database."""
    store, ledger = Groups(database, seal), Ledger(database, seal)
    await store.put(GROUP, CHOSEN)
    await store.put(OTHER, {})
    await store.left(OTHER, NOW)
    await ledger.note(ALICE, [1, 2], NOW, NOW)
    await ledger.choose(ALICE, hours=1, word="milk and eggs")
    async with database.begin() as connection:
        for name, total in (("texting_ex", 5), ("care", 1)):
            await connection.execute(insert(counters).values(day=DAY, name=name, total=total))


async def held(database: Database) -> dict[str, int]:
    """Return the number of rows by table."""
    async with database.connect() as connection:
        return {
            name: (await connection.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()  # noqa: S608
            for name in ("groups", "counters", "ledger", "readers")
        }


@pytest.fixture
async def content(database: Database, seal: Seal) -> bytes:
    """Return the file of a database that was filled."""
    await fill(database, seal)
    return write_backup(await make_backup(database))


@pytest.fixture
def good(seal: Seal) -> dict[str, Any]:
    """Return a backup as an object, to be spoilt."""
    return {
        "unspoken_backup": 1,
        "groups": [
            {"chat": seal.chat(GROUP).hex(), "box": seal.close(GROUP).hex(), "settings": CHOSEN, "left_at": None}
        ],
        "counters": [{"day": "2026-11-25", "name": "texting_ex", "total": 5}],
    }


async def test_nothing_on_a_person_and_no_secret_is_in_it(content: bytes, database: Database, seal: Seal) -> None:
    """Neither a row, nor a hash, nor a number of anybody, nor the key."""
    assert set(json.loads(content)) == {"unspoken_backup", "groups", "counters"}
    for chat in (ALICE, GROUP, OTHER):
        assert str(chat).encode() not in content
        assert chat.to_bytes(8, "big", signed=True).hex().encode() not in content
    for value in (seal.chat(ALICE), seal.word(ALICE, "milk and eggs"), SECRET, seal.keys[0].sealing):
        assert value.hex().encode() not in content
    assert SECRET not in content


async def test_a_backup_is_the_same_each_time(content: bytes, database: Database) -> None:
    """So that copies of it can be compared."""
    assert write_backup(await make_backup(database)) == content


async def test_it_comes_back_into_an_empty_database(content: bytes, database: Database, url: str, seal: Seal) -> None:
    """Settings and counts as they were, a group that was left still left, and nobody else's row with them."""
    async with database.begin() as connection:
        for name in ("groups", "counters", "ledger", "readers"):
            await connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608
    done = await restore_backup(database, seal, read_backup(content, read_settings))
    assert (done.groups, done.unopened, done.counters) == (2, 0, 2)
    assert await held(database) == {"groups": 2, "counters": 2, "ledger": 0, "readers": 0}
    assert await Groups(database, seal).get(GROUP) == CHOSEN
    assert [g.chat_id for g in await Groups(database, seal).every()] == [GROUP]
    assert await database.totals(DAY) == {"texting_ex": 5, "care": 1}
    assert write_backup(await make_backup(database)) != content  # a number is encrypted anew each time


async def test_restoring_twice_doubles_nothing(content: bytes, database: Database, seal: Seal) -> None:
    """The backup's settings stand, the larger count stands, and what it does not name stays."""
    store = Groups(database, seal)
    await store.put(GROUP, {"lang": "en"})
    await store.put(ALICE, {"new": True})
    await store.left(GROUP, NOW)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE counters SET total = 9 WHERE name = 'texting_ex'"))
        await connection.execute(text("UPDATE counters SET total = 0 WHERE name = 'care'"))
    for _ in range(2):
        await restore_backup(database, seal, read_backup(content))
    assert await database.totals(DAY) == {"texting_ex": 9, "care": 1}
    assert await store.get(GROUP) == CHOSEN
    assert await store.get(ALICE) == {"new": True}
    assert GROUP not in [g.chat_id for g in await store.every()]
    assert await held(database) == {"groups": 3, "counters": 2, "ledger": 2, "readers": 1}


async def test_only_the_same_secret_can_use_it(content: bytes, database: Database) -> None:
    """With another one, one line says so and nothing is changed."""
    async with database.begin() as connection:
        await connection.execute(text("DELETE FROM counters"))
    with pytest.raises(StorageError, match="the present secret opens no group") as caught:
        await restore_backup(database, make_seal([NEXT_SECRET]), read_backup(content))
    assert "\n" not in str(caught.value)
    assert await database.totals(DAY) == {}


async def test_it_is_good_after_the_key_was_changed(content: bytes, database: Database) -> None:
    """Groups are written under the new key, and no second row of them is left."""
    both = make_seal([NEXT_SECRET, SECRET])
    done = await restore_backup(database, both, read_backup(content))
    assert (done.groups, done.unopened) == (2, 0)
    assert await Groups(database, make_seal([NEXT_SECRET])).get(GROUP) == CHOSEN
    assert (await held(database))["groups"] == 2


async def test_groups_of_another_secret_are_left_out_and_counted(
    good: dict[str, Any], database: Database, seal: Seal
) -> None:
    """The others are restored."""
    lost = make_seal([NEXT_SECRET])
    good["groups"].append({**good["groups"][0], "chat": lost.chat(OTHER).hex(), "box": lost.close(OTHER).hex()})
    done = await restore_backup(database, seal, read_backup(json.dumps(good).encode()))
    assert (done.groups, done.unopened) == (1, 1)


async def test_an_empty_backup_needs_no_secret(database: Database) -> None:
    """A bot without groups has counts alone."""
    empty = read_backup(write_backup(await make_backup(database)))
    assert await restore_backup(database, make_seal([NEXT_SECRET]), empty)


async def test_half_a_restore_is_none(good: dict[str, Any], database: Database, seal: Seal) -> None:
    """Where one row cannot be written, none is."""
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE counters RENAME TO away"))
    with pytest.raises(StorageError, match="cannot be written"):
        await restore_backup(database, seal, read_backup(json.dumps(good).encode()))
    assert await Groups(database, seal).every() == []
    with pytest.raises(StorageError, match="cannot be read"):
        await make_backup(database)


async def test_a_row_that_no_version_wrote_is_one_line(database: Database) -> None:
    """Somebody has edited the database by hand."""
    async with database.begin() as connection:
        await connection.execute(insert(groups).values(chat=b"c" * 16, box=b"b" * 36, settings="canary["))
    with pytest.raises(StorageError, match="no version has written") as caught:
        await make_backup(database)
    assert "canary" not in str(caught.value)


def spoil(data: dict[str, Any], path: str, value: object) -> bytes:
    """Return a backup with one place of it changed; None for a value takes it away."""
    *way, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    place: Any = data
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("unspoken_backup", None),
        ("unspoken_backup", "1"),
        ("unspoken_backup", 0),
        ("groups", None),
        ("groups", {}),
        ("groups.0", []),
        ("groups.0.chat", "canary"),
        ("groups.0.chat", 5),
        ("groups.0.box", "abc"),
        ("groups.0.settings", "canary"),
        ("groups.0.settings", {"minutes": "canary"}),
        ("groups.0.settings", {"off": 5}),
        ("groups.0.left_at", "soon"),
        ("groups.0.left_at", -1),
        ("groups.0.canary", 1),
        ("counters.0.day", "canary"),
        ("counters.0.day", 20261125),
        ("counters.0.name", ""),
        ("counters.0.name", "canary" * 20),
        ("counters.0.total", -1),
        ("counters.0.total", 2**31),
        ("counters.0.total", 1.5),
        ("counters.0.total", True),
        ("readers", [{"chat": "canary"}]),
    ],
)
def test_another_shape_is_refused_in_one_line(good: dict[str, Any], path: str, value: object) -> None:
    """The line says where, and quotes nothing of a file that may be anything."""
    assert read_backup(json.dumps(good).encode(), read_settings)
    with pytest.raises(StorageError, match="nothing was changed") as caught:
        read_backup(spoil(good, path, value), read_settings)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value).replace("groups.0.canary", "")


@pytest.mark.parametrize(
    "content",
    [b"", b"canary", b"{", b"[]", b"null", b"5", b"\xff\xfe", b"[" * 100_000, b'"\xed\xa0\x80"', b"1" * 10_000],
    ids=lambda content: ascii(content[:12]),
)
def test_a_file_that_is_something_else_is_refused_in_one_line(content: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(StorageError, match="is no backup") as caught:
        read_backup(content)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_newer_backup_says_so(good: dict[str, Any]) -> None:
    """An older program does not guess."""
    with pytest.raises(StorageError, match="newer version of Unspoken"):
        read_backup(spoil(good, "unspoken_backup", 2))


def test_the_check_of_settings_is_the_reader_of_settings(good: Mapping[str, Any]) -> None:
    """What it takes is what groups are read with."""
    assert read_settings(good["groups"][0]["settings"]) == GroupSettings(lang="hi-Latn", box=True, topic=7)
