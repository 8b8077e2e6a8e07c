"""Which of several replicas has an update at hand, and which update has its turn in a chat: leases on PostgreSQL.

Each call is one statement that stands for itself, so that a replica which is paused in between holds nothing; times are
the server's, so that clocks of machines need not agree. A lease that is not renewed ends, and another replica takes
over. Rows hold numbers of updates and keyed hashes of chats, and are gone when the update is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from enum import Enum
from typing import Any

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    bindparam,
    cast,
    delete,
    exists,
    extract,
    func,
    literal,
    or_,
    select,
    update,
)
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
        # Statements are made once: to put one together takes longer than to execute it.
        now = _server_now() if clock is None else bindparam("now", type_=BigInteger)
        self._claim = _claiming(now)
        self._begin = {True: _beginning(now, of_chat=True), False: _beginning(now, of_chat=False)}
        self._known, self._gone, self._over = _finishing(now)

    async def claim(self, number: int, chat_id: int | None) -> bool:
        """Make an update ours; False while another replica has it at hand. One of ours is claimed for longer."""
        async with self._database.at_once() as connection:
            return (await connection.execute(self._claim, self._values(number, chat_id))).first() is not None

    async def begin(self, number: int, chat_id: int | None) -> Standing:
        """Take the turn in its chat for a claimed update, where no earlier one is at hand and none has the turn."""
        values = self._values(number, chat_id)
        async with self._database.at_once() as connection:
            found = (await connection.execute(self._begin[chat_id is not None], values)).one()
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
        parts = (self._known, self._gone, *(s.cte(f"also{n}") for n, s in enumerate(also)))
        async with self._database.at_once() as connection:
            await connection.execute(self._over.add_cte(*parts), self._values(number, None))

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

    def _values(self, number: int, chat_id: int | None) -> dict[str, Any]:
        """Return what fills the statements made once."""
        chat = None if chat_id is None else self._seal.chat(chat_id)
        values = {"number": number, "ours": self._replica, "theirs": chat}
        return values if self._clock is None else {**values, "now": int(self._clock() * 1000)}

    def _now(self) -> Any:
        """Return the time in milliseconds as a part of a statement."""
        return _server_now() if self._clock is None else literal(int(self._clock() * 1000), BigInteger)


_NUMBER = bindparam("number", type_=BigInteger)
_OURS = bindparam("ours", type_=LargeBinary)
_CHAT = bindparam("theirs", type_=LargeBinary)


def _server_now() -> Any:
    return cast(extract("epoch", func.clock_timestamp()) * 1000, BigInteger)


def _claiming(now: Any) -> Any:
    values = {"chat": _CHAT, "replica": _OURS, "until": now + _LEASE}
    return (
        insert(claims)
        .values(update_id=_NUMBER, **values)
        .on_conflict_do_update(
            index_elements=["update_id"], set_=values, where=or_(claims.c.replica == _OURS, claims.c.until <= now)
        )
        .returning(claims.c.update_id)
    )


def _beginning(now: Any, *, of_chat: bool) -> Any:
    """Return the statement that tells how an update stands, and takes the turn of its chat where it has one."""
    mine = (claims.c.update_id == _NUMBER) & (claims.c.replica == _OURS) & (claims.c.until > now)
    answered = (handled.c.update_id == _NUMBER) & (handled.c.at > now / 1000 - _DAY)
    standing = (exists().where(mine).label("mine"), exists().where(answered).label("answered"))
    if not of_chat:
        return select(*standing, literal(True).label("ours"))
    earlier = (claims.c.chat == _CHAT) & (claims.c.update_id < _NUMBER) & (claims.c.until > now)
    row = select(_CHAT, _NUMBER, _OURS, now + _LEASE).where(
        exists().where(mine), ~exists().where(answered), ~exists().where(earlier)
    )
    taking = insert(turns).from_select(["chat", "update_id", "replica", "until"], row)
    taken = (
        taking.on_conflict_do_update(
            index_elements=["chat"],
            set_={name: taking.excluded[name] for name in ("update_id", "replica", "until")},
            where=or_(turns.c.until <= now, turns.c.update_id == _NUMBER),
        )
        .returning(turns.c.chat)
        .cte("taken")
    )
    return select(*standing, exists(select(taken.c.chat)).label("ours"))


def _finishing(now: Any) -> tuple[Any, Any, Any]:
    """Return the parts of the statement that ends an update: enter it, let go of its claim, let go of its turn."""
    row = insert(handled).values(update_id=_NUMBER, at=cast(now / 1000, BigInteger))
    gone = delete(claims).where(claims.c.update_id == _NUMBER, claims.c.replica == _OURS)
    over = delete(turns).where(turns.c.update_id == _NUMBER, turns.c.replica == _OURS)
    return row.on_conflict_do_nothing().cte("known"), gone.cte("gone"), over
