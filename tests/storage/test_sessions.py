"""What replicas hand on to each other on a chat: encrypted, for a while, and gone when it is to be."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from bot.app import make_seal
from bot.storage.database import Database
from bot.storage.schema import claims, sessions, turns
from bot.storage.seal import Seal
from bot.storage.sessions import Kind, Sessions, purge_shared
from tests.storage.conftest import NEXT_SECRET, SECRET

ALICE, BOB = 5_551_234_567, 5_551_234_568
NOW = 1_800_000_000
TEXT = '{"node": "care:canary"}'


async def write(database: Database, seal: Seal, chat: int, kind: Kind, text: str, until: int) -> None:
    """Have a replica keep a text."""
    await do(database, Sessions(database, seal).writing(chat, kind, text, until))


async def do(database: Database, statement: Any) -> None:
    """Execute a statement."""
    async with database.begin() as connection:
        await connection.execute(statement)


async def rows(database: Database) -> list[tuple[Any, ...]]:
    """Return what the table holds."""
    async with database.connect() as connection:
        return [tuple(row) for row in await connection.execute(select(sessions))]


async def test_what_one_writes_another_reads(database: Database, seal: Seal) -> None:
    """Of this chat alone, until it ends."""
    await write(database, seal, ALICE, Kind.CONTEXT, TEXT, NOW + 60)
    await write(database, seal, ALICE, Kind.DRAFT, "[]", NOW + 30)
    other = Sessions(database, seal)
    assert await other.read(ALICE, NOW) == {Kind.CONTEXT: TEXT, Kind.DRAFT: "[]"}
    assert await other.read(BOB, NOW) == {}
    assert await other.read(ALICE, NOW + 30) == {Kind.CONTEXT: TEXT}
    assert await other.read(ALICE, NOW + 60) == {}


async def test_the_later_one_stays(database: Database, seal: Seal) -> None:
    """A replica that was paused does not bring back what is over."""
    held = Sessions(database, seal)
    await write(database, seal, ALICE, Kind.CONTEXT, "new", NOW + 60)
    await write(database, seal, ALICE, Kind.CONTEXT, "old", NOW + 59)
    assert await held.read(ALICE, NOW) == {Kind.CONTEXT: "new"}
    await write(database, seal, ALICE, Kind.CONTEXT, "newest", NOW + 60)
    assert await held.read(ALICE, NOW) == {Kind.CONTEXT: "newest"}


async def test_what_is_erased_is_gone(database: Database, seal: Seal) -> None:
    """One kind of one chat; and what has ended, of all."""
    held = Sessions(database, seal)
    for chat in (ALICE, BOB):
        for kind in Kind:
            await write(database, seal, chat, kind, TEXT, NOW + 60 * (1 + kind))
    await do(database, held.erasing(ALICE, Kind.DRAFT))
    assert await held.read(ALICE, NOW) == {Kind.CONTEXT: TEXT}
    await held.purge(NOW + 60)
    assert [(row[1], row[3]) for row in await rows(database)] == [(Kind.DRAFT, NOW + 120)]
    assert await held.read(BOB, NOW) == {Kind.DRAFT: TEXT}


async def test_a_stolen_database_tells_nothing(database: Database, seal: Seal) -> None:
    """Neither by what is in a row nor by its length; a row moved to another chat opens nothing."""
    held = Sessions(database, seal)
    await write(database, seal, ALICE, Kind.CONTEXT, TEXT, NOW)
    await write(database, seal, BOB, Kind.CONTEXT, TEXT * 9, NOW)
    first, second = await rows(database)
    assert len(first[2]) == len(second[2])
    for row in (first, second):
        for value in row:
            seen = value if isinstance(value, bytes) else str(value).encode()
            for secret in (b"canary", b"care", str(ALICE).encode(), ALICE.to_bytes(8, "big")):
                assert secret not in seen
    async with database.begin() as connection:
        swap = {first[0]: second[2], second[0]: first[2]}
        for chat, box in swap.items():
            await connection.execute(sessions.update().where(sessions.c.chat == chat).values(box=box))
    assert await held.read(ALICE, NOW - 1) == {}


async def test_after_a_rotation_it_is_read_and_erased_all_the_same(database: Database, seal: Seal) -> None:
    """With the earlier key, until it ends; with another secret it is nothing."""
    await write(database, seal, ALICE, Kind.CONTEXT, TEXT, NOW)
    rotated = Sessions(database, make_seal([NEXT_SECRET, SECRET]))
    assert await rotated.read(ALICE, NOW - 1) == {Kind.CONTEXT: TEXT}
    assert await Sessions(database, make_seal([NEXT_SECRET])).read(ALICE, NOW - 1) == {}
    await do(database, rotated.erasing(ALICE, Kind.CONTEXT))
    assert await rows(database) == []


async def test_one_program_alone_clears_up_after_several(database: Database, seal: Seal) -> None:
    """As when tables were moved back to one machine."""
    await write(database, seal, ALICE, Kind.CONTEXT, TEXT, NOW)
    lease = {"update_id": 1, "chat": b"c" * 16, "replica": b"replica1", "until": (NOW - 3601) * 1000}
    async with database.begin() as connection:
        for table in (claims, turns):
            await connection.execute(insert(table).values(**lease))
    await purge_shared(database, NOW)
    async with database.connect() as connection:
        for table in (claims, turns, sessions):
            assert (await connection.execute(select(table))).all() == []
