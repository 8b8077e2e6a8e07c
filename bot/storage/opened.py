"""Whether the present secret is the one that the rows were written with."""

from __future__ import annotations

from sqlalchemy import select

from bot.errors import StorageError
from bot.storage.database import BROKEN, Database
from bot.storage.schema import groups, ledger
from bot.storage.seal import Seal

_LOOKED_AT = 200


async def count_opened(database: Database, seal: Seal) -> tuple[int, int]:
    """Return (rows that a key opens, rows looked at): some hundred of groups and messages.

    Raises StorageError when they cannot be read.
    """
    boxes: list[bytes] = []
    try:
        async with database.connect() as connection:
            for table in (groups, ledger):
                boxes += (await connection.execute(select(table.c.box).limit(_LOOKED_AT))).scalars()
    except BROKEN as error:
        raise StorageError(f"the database cannot be read ({type(error).__name__})") from None
    return sum(seal.open(box) is not None for box in boxes), len(boxes)
