"""Which of several replicas has an update at hand, and which update has its turn in a chat: leases on PostgreSQL.

Each call is one statement that stands for itself, so that a replica which is paused in between holds nothing; times are
the server's, so that clocks of machines need not agree. A lease that is not renewed ends, and another replica takes
over. Rows hold numbers of updates and keyed hashes of chats, and are gone when the update is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, cast, delete, exists, extract, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.storage.database import Database
from bot.storage.schema import claims, handled, turns
from bot.storage.seal import Seal

LEASE_SECONDS = 8.0
"""how long the chat of a replica that died waits for another one, at most"""
_LEASE = int(LEASE_SECONDS * 1000)
_DAY = 86_400


class Standing(Enum):
    """How an update stands when its turn is asked for."""

    OURS = "ours"
    WAITS = "waits"
    """an earlier update of the chat is at hand"""
    ANSWERED = "answered"
    LOST = "lost"
    """the claim ran out; it may be another replica's by now"""


class Claims:
    """The leases of one replica; every method raises any of BROKEN where the database cannot be used."""

    def __init__(
        self, database: Database, seal: Seal, replica: bytes, clock: Callable[[], float] | None = None
    ) -> None:
        """Take an open database on PostgreSQL, the keys, and eight bytes that no other replica has.

        `clock` gives seconds since 1970 in place of the server's own.
        """
        self._database = database
        self._seal = seal
        self._replica = replica
        self._clock = clock

    async def claim(self, number: int, chat_id: int | None) -> bool:
        """Make an update ours; False while another replica has it at hand. One of ours is claimed for longer."""
        now = self._now()
        values = {"chat": self._hash(chat_id), "replica": self._replica, "until": now + _LEASE}
        statement = (
            insert(claims)
            .values(update_id=number, **values)
            .on_conflict_do_update(
                index_elements=["update_id"],
                set_=values,
                where=or_(claims.c.replica == self._replica, claims.c.until <= now),
            )
            .returning(claims.c.update_id)
        )
        async with self._database.at_once() as connection:
            return (await connection.execute(statement)).first() is not None

    async def begin(self, number: int, chat_id: int | None) -> Standing:
        """Take the turn in its chat for a claimed update, where no earlier one is at hand and none has the turn."""
        now, chat = self._now(), self._hash(chat_id)
        mine = (claims.c.update_id == number) & (claims.c.replica == self._replica) & (claims.c.until > now)
        answered = (handled.c.update_id == number) & (handled.c.at > now / 1000 - _DAY)
        earlier = (claims.c.chat == chat) & (claims.c.update_id < number) & (claims.c.until > now)
        columns = (
            literal(chat, LargeBinary),
            literal(number, BigInteger),
            literal(self._replica, LargeBinary),
            now + _LEASE,
        )
        row = select(*columns).where(exists().where(mine), ~exists().where(answered), ~exists().where(earlier))
        taking = insert(turns).from_select(["chat", "update_id", "replica", "until"], row)
        taken = (
            taking.on_conflict_do_update(
                index_elements=["chat"],
                set_={name: taking.excluded[name] for name in ("update_id", "replica", "until")},
                where=or_(turns.c.until <= now, turns.c.update_id == number),
            )
            .returning(turns.c.chat)
            .cte("taken")
        )
        query = select(
            exists().where(mine).label("mine"),
            exists().where(answered).label("answered"),
            literal(True).label("ours") if chat is None else exists(select(taken.c.chat)).label("ours"),
        )
        async with self._database.at_once() as connection:
            found = (await connection.execute(query)).one()
        if found.answered:
            return Standing.ANSWERED
        if not found.mine:
            return Standing.LOST
        return Standing.OURS if found.ours else Standing.WAITS

    async def busy(self, numbers: Collection[int]) -> set[int]:
        """Return which of these updates another replica has at hand."""
        theirs = claims.c.update_id.in_(numbers) & (claims.c.replica != self._replica) & (claims.c.until > self._now())
        async with self._database.at_once() as connection:
            return set((await connection.execute(select(claims.c.update_id).where(theirs))).scalars())

    async def renew(self, numbers: Collection[int]) -> set[int]:
        """Make leases last longer that have not run out; return which."""
        now = self._now()
        async with self._database.at_once() as connection:
            for table in (turns, claims):
                mine = table.c.update_id.in_(numbers) & (table.c.replica == self._replica) & (table.c.until > now)
                statement = update(table).where(mine).values(until=now + _LEASE).returning(table.c.update_id)
                kept = set((await connection.execute(statement)).scalars())
        return kept

    async def finish(self, number: int, also: Sequence[Any] = ()) -> None:
        """Enter an update as answered, do what goes with it (`also`, statements), let go of it and of its chat.

        All or nothing: who answers it again after a kill finds what the first one found.
        """
        seconds = cast(self._now() / 1000, BigInteger)
        known = insert(handled).values(update_id=number, at=seconds).on_conflict_do_nothing().cte("known")
        gone = delete(claims).where(claims.c.update_id == number, claims.c.replica == self._replica).cte("gone")
        over = delete(turns).where(turns.c.update_id == number, turns.c.replica == self._replica)
        async with self._database.at_once() as connection:
            await connection.execute(over.add_cte(known, gone, *(s.cte(f"also{n}") for n, s in enumerate(also))))

    async def leave(self) -> None:
        """Let go of everything of this replica, as when it stops."""
        async with self._database.at_once() as connection:
            for table in (turns, claims):
                await connection.execute(delete(table).where(table.c.replica == self._replica))

    async def purge(self) -> None:
        """Erase leases that ran out, such as of a replica that died."""
        async with self._database.at_once() as connection:
            for table in (turns, claims):
                await connection.execute(delete(table).where(table.c.until <= self._now()))

    def _hash(self, chat_id: int | None) -> bytes | None:
        return None if chat_id is None else self._seal.chat(chat_id)

    def _now(self) -> Any:
        """Return the time in milliseconds as a part of a statement."""
        if self._clock is not None:
            return literal(int(self._clock() * 1000), BigInteger)
        return cast(extract("epoch", func.clock_timestamp()) * 1000, BigInteger)
