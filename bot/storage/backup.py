"""What is worth keeping for another day or another machine: settings of groups and daily counts, as one JSON file.

Nothing on any person lies in it, and no secret: a group is its keyed hash and its number encrypted, as in the database,
so that only whoever has the same secret can use them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from sqlalchemy import case, delete, select

from bot.errors import StorageError
from bot.storage.database import BROKEN, Database
from bot.storage.schema import counters, groups
from bot.storage.seal import Seal

FORMAT: Final = 1
_LARGEST = 2**31 - 1
_LATEST = 2**53
_Hex = Field(pattern=r"^([0-9a-f]{2})+$")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class GroupRow(_Part):
    """One group, as stored; the hash and the encrypted number in hexadecimal."""

    chat: Annotated[str, _Hex]
    box: Annotated[str, _Hex]
    settings: dict[str, JsonValue]
    left_at: Annotated[int, Field(ge=0, le=_LATEST)] | None


class CounterRow(_Part):
    """How often a topic was asked on a day."""

    day: date
    name: Annotated[str, Field(min_length=1, max_length=64)]
    total: Annotated[int, Field(ge=0, le=_LARGEST)]


class Backup(_Part):
    """The whole file."""

    unspoken_backup: Literal[1] = FORMAT
    groups: tuple[GroupRow, ...]
    counters: tuple[CounterRow, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has written."""

    groups: int
    unopened: int
    """groups of the file that no key opens, left out"""
    counters: int


async def make_backup(database: Database) -> Backup:
    """Return a backup of an open database; raises StorageError when it cannot be read."""
    of_groups = select(groups.c.chat, groups.c.box, groups.c.settings, groups.c.left_at).order_by(groups.c.chat)
    of_counters = select(counters).order_by(counters.c.day, counters.c.name)
    try:
        async with database.connect() as connection:
            return Backup(
                groups=tuple(
                    GroupRow(chat=r.chat.hex(), box=r.box.hex(), settings=json.loads(r.settings), left_at=r.left_at)
                    for r in await connection.execute(of_groups)
                ),
                counters=tuple(
                    CounterRow(day=r.day, name=r.name, total=r.total) for r in await connection.execute(of_counters)
                ),
            )
    except BROKEN as error:
        raise StorageError(f"backup: the database cannot be read ({type(error).__name__})") from None
    except ValueError:
        raise StorageError("backup: the database holds a row of a shape that no version has written") from None


def write_backup(backup: Backup) -> bytes:
    """Return the file's content, in an order that does not change from one backup to the next."""
    return backup.model_dump_json(indent=1).encode() + b"\n"


def read_backup(content: bytes, check: Callable[[Mapping[str, Any]], object] = dict) -> Backup:
    """Return the backup in a file; raises StorageError, one line that quotes nothing, for a file of another shape.

    `check` is given the settings of each group and raises ValueError or TypeError for what are none.
    """
    try:
        data: object = json.loads(content)
    except (ValueError, RecursionError):
        raise StorageError("restore: this is no backup, or it was cut off; nothing was changed") from None
    number = data.get("unspoken_backup") if isinstance(data, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise StorageError("restore: this backup was made by a newer version of Unspoken; nothing was changed")
    if number != FORMAT:
        raise StorageError("restore: this is no backup of Unspoken; nothing was changed")
    try:
        backup = Backup.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise _odd(".".join(map(str, first["loc"]))) from None
    for n, group in enumerate(backup.groups):
        try:
            check(group.settings)
        except (TypeError, ValueError):
            raise _odd(f"groups.{n}.settings") from None
    return backup


def _odd(where: str) -> StorageError:
    return StorageError(f"restore: `{where[:60] or 'file'}` is not as a backup has it; nothing was changed")


async def restore_backup(database: Database, seal: Seal, backup: Backup) -> Restored:
    """Write a backup into an open database, all or nothing.

    A group's settings become those of the backup, under the present keys; of two counts the larger stands, so that
    restoring twice doubles nothing. What the backup does not name stays as it is. Raises StorageError when no key opens
    any group, such as with another secret, and when the database cannot be written.
    """
    opened = [(row, seal.open(bytes.fromhex(row.box))) for row in backup.groups]
    mine = [(row, chat_id) for row, chat_id in opened if chat_id is not None]
    if backup.groups and not mine:
        raise StorageError(
            "restore: the present secret opens no group of this backup; nothing was changed. "
            "Bring the secret along that was in use when it was made"
        )
    try:
        async with database.begin() as connection:
            for row, chat_id in mine:
                earlier = [chat for chat in seal.chats(chat_id)[1:] if chat != seal.chat(chat_id)]
                await connection.execute(delete(groups).where(groups.c.chat.in_(earlier)))
                values = {"box": seal.close(chat_id), "settings": json.dumps(row.settings)}
                put = database.insert(groups).values(chat=seal.chat(chat_id), left_at=row.left_at, **values)
                # Whether the bot has left a group the database knows better than a backup.
                await connection.execute(put.on_conflict_do_update(index_elements=["chat"], set_=values))
            for count in backup.counters:
                add = database.insert(counters).values(day=count.day, name=count.name, total=count.total)
                larger = case((counters.c.total > add.excluded.total, counters.c.total), else_=add.excluded.total)
                await connection.execute(
                    add.on_conflict_do_update(index_elements=["day", "name"], set_={"total": larger})
                )
    except BROKEN as error:
        raise StorageError(
            f"restore: the database cannot be written ({type(error).__name__}); nothing was changed"
        ) from None
    return Restored(len(mine), len(opened) - len(mine), len(backup.counters))
