"""Weekly counts: bounded, released once, discarded in time, and with no plain number of anybody on the disk."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
import sqlalchemy

from bot.core.noise import Rule, released
from bot.storage.database import Database
from bot.storage.schema import metadata
from bot.storage.seal import Keys, Seal
from bot.storage.weekly import KEPT_WEEKS, MOST_TOPICS, Draw, Release, Weekly, week_of, weeks_before

GROUP = -1001234567890123
OTHER = -1009876543210987
NOW = datetime(2026, 11, 25, 17, 30, tzinfo=UTC).timestamp()
WEEK = 202648
DAY = 86_400
TWO = Fraction(2)
KEYS = Keys(b"h" * 32, b"s" * 32, b"t" * 32)
NEWER = Keys(b"H" * 32, b"S" * 32, b"T" * 32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the database lies."""
    return tmp_path / "data"


@pytest.fixture
async def database(folder: Path) -> AsyncIterator[Database]:
    """Return an open database."""
    database = Database(f"sqlite+aiosqlite:///{folder}/unspoken.sqlite3")
    assert await database.open()
    yield database
    await database.close()


@pytest.fixture
def weekly(database: Database) -> Weekly:
    """Return the weekly counts with the real noise."""
    return Weekly(database, Seal([KEYS]), released)


def draw(seed: int) -> Draw:
    """Return random numbers that are the same each time."""
    return random.Random(seed).randrange


def never(n: int) -> int:
    """Fail: nothing may be drawn."""
    raise AssertionError(n)


def true_counts(rows: Iterable[tuple[str, bytes]], epsilon: Fraction, source: Draw) -> Mapping[str, int]:
    """Return counts without any noise, to see what would be noised."""
    counts: dict[str, int] = {}
    for topic, _ in rows:
        counts[topic] = counts.get(topic, 0) + 1
    return counts


async def many(weekly: Weekly, topic: str, count: int, now: float = NOW, group: int = GROUP) -> None:
    """Let so many members ask on a topic."""
    for user in range(count):
        assert await weekly.note(group, 7_000_000_000 + user, topic, now)


def rows_of(folder: Path, query: str = "SELECT * FROM weekly") -> list[tuple[object, ...]]:
    """Return what a query finds in the file."""
    with closing(sqlite3.connect(folder / "unspoken.sqlite3")) as connection:
        return connection.execute(query).fetchall()


def bytes_of(folder: Path) -> bytes:
    """Return all that lies in any file of a folder."""
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (datetime(2026, 11, 25, 17, 30, tzinfo=UTC), 202648),
        (datetime(2026, 12, 31, tzinfo=UTC), 202653),
        (datetime(2027, 1, 3, 23, 59, 59, tzinfo=UTC), 202653),
        (datetime(2027, 1, 4, tzinfo=UTC), 202701),
        (datetime(2024, 12, 30, tzinfo=UTC), 202501),
    ],
)
def test_weeks_are_those_of_the_iso_calendar(moment: datetime, week: int) -> None:
    """The turn of the year belongs to one week only."""
    assert week_of(moment.timestamp()) == week


def test_the_weeks_before_are_over_and_go_back_over_the_year() -> None:
    """This week is never among them."""
    new_year = datetime(2027, 1, 5, tzinfo=UTC).timestamp()
    assert weeks_before(new_year, 3) == (202653, 202652, 202651)
    assert weeks_before(NOW, 1) == (202647,)


def test_the_noise_knows_how_many_topics_are_noted() -> None:
    """The bound of the storage is the sensitivity of the noise."""
    assert Rule().topics == MOST_TOPICS


async def test_a_member_counts_once_for_a_topic_and_for_three_topics(weekly: Weekly, folder: Path) -> None:
    """A fourth topic waits for the next week; the first three stand."""
    asked = ["a", "a", "b", "c", "d", "a", "e"]
    assert [await weekly.note(GROUP, 7, topic, NOW) for topic in asked] == [True, False, True, True, *[False] * 3]
    assert await weekly.note(GROUP, 7, "d", NOW + 7 * DAY)
    assert await weekly.note(OTHER, 7, "d", NOW)
    assert [row[2] for row in rows_of(folder) if row[1] == WEEK].count("d") == 1


async def test_asking_at_the_same_time_does_not_help(weekly: Weekly, folder: Path) -> None:
    """Ten at once are three."""
    made = await asyncio.gather(*(weekly.note(GROUP, 7, f"topic_{n}", NOW) for n in range(10)))
    assert sum(made) == len(rows_of(folder)) == MOST_TOPICS


@pytest.mark.parametrize("topic", ["", "care", "care:domestic_abuse", "Care", "care_abuse", "x" * 65])
async def test_danger_and_what_is_no_topic_is_not_counted(weekly: Weekly, folder: Path, topic: str) -> None:
    """Also where the caller forgot to leave it out."""
    assert not await weekly.note(GROUP, 7, topic, NOW)
    assert rows_of(folder) == []


async def test_a_week_is_released_once_and_its_hashes_are_gone(weekly: Weekly, folder: Path) -> None:
    """Asking again reads the same numbers: with a second draw the noise would cancel out."""
    await many(weekly, "texting_ex", 40)
    await many(weekly, "flirting", 4)
    member = weekly._seal.member(GROUP, WEEK, 7_000_000_000)
    assert member in bytes_of(folder)
    first = await weekly.release(GROUP, WEEK, TWO, draw(1))
    assert first is not None
    assert [topic for topic, _ in first.counts] == ["texting_ex"]
    assert abs(first.counts[0][1] - 40) < 20
    assert (first.week, first.epsilon) == (WEEK, TWO)
    assert rows_of(folder) == []
    assert member not in bytes_of(folder)
    assert await weekly.release(GROUP, WEEK, Fraction(50), never) == first
    assert await weekly.read(GROUP, [WEEK]) == [first]


async def test_what_comes_after_the_release_is_not_counted(weekly: Weekly, folder: Path) -> None:
    """A week released too early stays as it is, and no hash is left lying about."""
    assert await weekly.release(GROUP, WEEK, TWO, draw(1)) == Release(WEEK, TWO, ())
    assert not await weekly.note(GROUP, 7, "texting_ex", NOW)
    assert rows_of(folder) == []
    assert await weekly.release(GROUP, WEEK, TWO, never) == Release(WEEK, TWO, ())


async def test_nothing_is_released_of_fewer_than_five(weekly: Weekly) -> None:
    """Four members, and one of them very often."""
    await many(weekly, "texting_ex", 4)
    for topic in ("flirting", "texting_ex", "flirting"):
        await weekly.note(GROUP, 7_000_000_001, topic, NOW)
    found = await weekly.release(GROUP, WEEK, Fraction(50), draw(1))
    assert found == Release(WEEK, Fraction(50), ())


async def test_two_programs_release_one_week_once(weekly: Weekly, folder: Path) -> None:
    """Both show the numbers that were drawn first."""
    await many(weekly, "texting_ex", 40)
    second = Database(f"sqlite+aiosqlite:///{folder}/unspoken.sqlite3")
    assert await second.open()
    other = Weekly(second, Seal([KEYS]), released)
    found = await asyncio.gather(
        *((weekly, other)[n % 2].release(GROUP, WEEK, TWO, draw(n)) for n in range(6)),
    )
    await second.close()
    assert len(set(found)) == 1
    assert found[0] is not None
    assert found[0].counts


async def test_other_groups_and_weeks_are_left_alone(weekly: Weekly) -> None:
    """A release takes the rows of its own group and week."""
    plain = Weekly(weekly._database, weekly._seal, true_counts)
    await many(plain, "texting_ex", 6)
    await many(plain, "texting_ex", 7, group=OTHER)
    await many(plain, "texting_ex", 8, now=NOW + 7 * DAY)
    for group, week, count in ((GROUP, WEEK, 6), (OTHER, WEEK, 7), (GROUP, WEEK + 1, 8)):
        found = await plain.release(group, week, TWO, never)
        assert found == Release(week, TWO, (("texting_ex", count),))


async def test_one_member_more_is_one_row_more_for_each_topic(weekly: Weekly) -> None:
    """What the noise is given differs by that member's rows and nothing else."""
    given: list[set[tuple[str, bytes]]] = []

    def keep(rows: Iterable[tuple[str, bytes]], epsilon: Fraction, source: Draw) -> Mapping[str, int]:
        given.append(set(rows))
        return {}

    watched = Weekly(weekly._database, weekly._seal, keep)
    for shy in (False, True):
        await many(watched, "texting_ex", 6)
        for topic in ("texting_ex", "flirting", "repair", "jealousy") if shy else ():
            await watched.note(GROUP, 99, topic, NOW)
        assert await watched.release(GROUP, WEEK, TWO, never)
        await watched.forget_group(GROUP)
    without, with_one = given
    assert {member for _, member in with_one - without} == {weekly._seal.member(GROUP, WEEK, 99)}
    assert sorted(topic for topic, _ in with_one - without) == ["flirting", "repair", "texting_ex"]
    assert without < with_one


async def test_weeks_are_read_latest_first_and_only_those_released(weekly: Weekly) -> None:
    """Numbers are sorted by size; a week that nobody released is not there."""
    plain = Weekly(weekly._database, weekly._seal, lambda rows, epsilon, source: {"b": 13, "a": 13, "c": 20})
    for week in (WEEK - 2, WEEK):
        await plain.release(GROUP, week, Fraction(1, 2), never)
    found = await weekly.read(GROUP, [WEEK - 2, WEEK - 1, WEEK])
    assert [release.week for release in found] == [WEEK, WEEK - 2]
    assert found[0] == Release(WEEK, Fraction(1, 2), (("c", 20), ("a", 13), ("b", 13)))
    assert await weekly.read(OTHER, [WEEK]) == await weekly.read(GROUP, []) == []


@pytest.mark.parametrize("epsilon", [Fraction(0), Fraction(-1), Fraction(1, 3), Fraction(1, 2000)])
async def test_an_epsilon_that_cannot_be_stated_is_refused(weekly: Weekly, epsilon: Fraction) -> None:
    """What was drawn with is shown beside the numbers, so it has to be kept exactly."""
    with pytest.raises(ValueError, match="thousandths"):
        await weekly.release(GROUP, WEEK, epsilon, draw(1))


async def test_old_hashes_are_discarded_and_old_numbers_too(weekly: Weekly, folder: Path) -> None:
    """This week and the last one stay, since the last may still be released."""
    for n in range(4):
        assert await weekly.note(GROUP, 7, "texting_ex", NOW - n * 7 * DAY)
    for n in (KEPT_WEEKS, KEPT_WEEKS + 1):
        await weekly.release(GROUP, weeks_before(NOW, n)[-1], TWO, draw(1))
    assert await weekly.discard_old(NOW) == 3
    assert sorted(row[1] for row in rows_of(folder)) == [WEEK - 1, WEEK]
    assert rows_of(folder, "SELECT week FROM releases") == [(weeks_before(NOW, KEPT_WEEKS)[-1],)]
    assert await weekly.discard_old(NOW) == 0
    assert await weekly.discard_old(NOW + 14 * DAY) == 3
    assert rows_of(folder) == rows_of(folder, "SELECT * FROM releases") == []
    assert weekly._seal.member(GROUP, WEEK, 7) not in bytes_of(folder)


async def test_a_member_sees_and_forgets_their_rows(weekly: Weekly, folder: Path) -> None:
    """In every week there is, and nobody else's."""
    for topic, now in (("a", NOW), ("b", NOW), ("a", NOW - 7 * DAY)):
        assert await weekly.note(GROUP, 7, topic, now)
        assert await weekly.note(GROUP, 8, topic, now)
    assert await weekly.note(OTHER, 7, "a", NOW)
    assert (await weekly.held(GROUP, 7), await weekly.held(OTHER, 7), await weekly.held(GROUP, 9)) == (3, 1, 0)
    await weekly.forget(GROUP, 7)
    assert (await weekly.held(GROUP, 7), await weekly.held(GROUP, 8), await weekly.held(OTHER, 7)) == (0, 3, 1)
    assert weekly._seal.member(GROUP, WEEK, 7) not in bytes_of(folder)
    await weekly.forget(GROUP, 9)
    assert len(rows_of(folder)) == 4


async def test_a_group_is_forgotten_as_a_whole(weekly: Weekly, folder: Path) -> None:
    """Hashes and numbers; another group keeps its own."""
    for group in (GROUP, OTHER):
        await many(weekly, "texting_ex", 40, NOW - 7 * DAY, group)
        await weekly.release(group, WEEK - 1, TWO, draw(1))
        await many(weekly, "texting_ex", 2, group=group)
    await weekly.forget_group(GROUP)
    assert weekly._seal.chat(GROUP) not in bytes_of(folder)
    assert await weekly.read(GROUP, [WEEK - 1]) == []
    assert len(await weekly.read(OTHER, [WEEK - 1])) == 1
    assert len(rows_of(folder)) == 2


async def test_a_group_that_moves_keeps_its_numbers_and_loses_its_open_week(weekly: Weekly, folder: Path) -> None:
    """A member who asks again under the new number must not count twice."""
    await many(weekly, "texting_ex", 40, NOW - 7 * DAY)
    before = await weekly.release(GROUP, WEEK - 1, TWO, draw(1))
    await many(weekly, "texting_ex", 9)
    await weekly.moved(GROUP, OTHER)
    assert await weekly.read(OTHER, [WEEK - 1]) == [before]
    assert await weekly.read(GROUP, [WEEK - 1]) == rows_of(folder) == []


async def test_a_new_key_counts_nobody_twice(weekly: Weekly, folder: Path) -> None:
    """What an earlier key hashed is found, bounded together, released together and forgotten together."""
    for topic in ("a", "b"):
        await weekly.note(GROUP, 7, topic, NOW)
    await weekly.release(GROUP, WEEK - 1, TWO, draw(1))
    later = Weekly(weekly._database, Seal([NEWER, KEYS]), true_counts)
    assert [await later.note(GROUP, 7, topic, NOW) for topic in ("a", "c", "d")] == [False, True, False]
    assert not await later.note(GROUP, 7, "a", NOW - 7 * DAY)
    assert await later.release(GROUP, WEEK - 1, Fraction(50), never) == Release(WEEK - 1, TWO, ())
    assert len(rows_of(folder, "SELECT * FROM releases")) == 1
    assert await later.held(GROUP, 7) == 3
    assert await later.release(GROUP, WEEK, TWO, never) == Release(WEEK, TWO, (("a", 1), ("b", 1), ("c", 1)))
    assert rows_of(folder) == []


async def test_no_plain_number_lies_in_any_file(weekly: Weekly, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not as digits, not as bytes, not as a hash without the key; the search finds what does lie there."""
    user = 7_123_456_789
    with caplog.at_level(logging.DEBUG):
        assert await weekly.note(GROUP, user, "texting_ex", NOW)
        open_week = bytes_of(folder)
        await weekly.release(GROUP, WEEK, TWO, draw(1))
        await weekly.discard_old(NOW)
    everything = open_week + bytes_of(folder) + caplog.text.encode()
    for number in (GROUP, user):
        texts = [str(abs(number)), f"{abs(number):x}"]
        plain = [text.encode() for text in texts]
        plain += [number.to_bytes(8, order, signed=True) for order in ("big", "little")]  # type: ignore[arg-type]
        plain += [hashlib.sha256(part).digest()[:8] for part in (*plain, str(number).encode())]
        for part in plain:
            assert part not in everything
    assert b"texting_ex" in open_week
    assert weekly._seal.chat(GROUP) in open_week
    assert b"texting_ex" not in bytes_of(folder)


async def test_a_hash_tells_nothing_on_another_week_or_group_or_key(weekly: Weekly) -> None:
    """Nobody can be followed from week to week."""
    hashes = {
        seal.member(group, week, user)
        for seal in (Seal([KEYS]), Seal([NEWER]))
        for group in (GROUP, OTHER)
        for week in (WEEK, WEEK + 1)
        for user in (7, 8)
    }
    assert len(hashes) == 16
    assert Seal([NEWER, KEYS]).members(GROUP, WEEK, 7) == (
        Seal([NEWER]).member(GROUP, WEEK, 7),
        Seal([KEYS]).member(GROUP, WEEK, 7),
    )


async def test_rows_do_not_lie_in_the_order_of_asking(weekly: Weekly, folder: Path) -> None:
    """Others in the group saw who asked first; the table must not say which hash that was."""
    for user in range(30):
        await weekly.note(GROUP, user, "texting_ex", NOW)
    with pytest.raises(sqlite3.OperationalError, match="rowid"):
        rows_of(folder, "SELECT rowid FROM weekly")
    found = [row[3] for row in rows_of(folder)]
    assert found == sorted(found)  # type: ignore[type-var]


def test_tables_as_declared_have_no_row_numbers_either() -> None:
    """Migration and schema say the same; Alembic does not compare this."""
    engine = sqlalchemy.create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection, pytest.raises(sqlalchemy.exc.OperationalError, match="rowid"):
        connection.exec_driver_sql("SELECT rowid FROM weekly")
    engine.dispose()


async def test_a_broken_database_counts_nothing_and_raises_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is released without being stored, and one line without numbers is logged."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/without_tables.sqlite3")
    weekly = Weekly(database, Seal([KEYS]), released)
    with caplog.at_level(logging.DEBUG, "bot"):
        assert not await weekly.note(GROUP, 7, "texting_ex", NOW)
        assert await weekly.release(GROUP, WEEK, TWO, draw(1)) is None
        assert await weekly.read(GROUP, [WEEK]) == []
        assert await weekly.held(GROUP, 7) == await weekly.discard_old(NOW) == 0
        await weekly.forget(GROUP, 7)
        await weekly.forget_group(GROUP)
        await weekly.moved(GROUP, OTHER)
    await database.close()
    assert len([r for r in caplog.records if r.name.startswith("bot.")]) == 1
    assert str(abs(GROUP)) not in caplog.text


async def test_a_release_that_fails_halfway_is_undone(weekly: Weekly, folder: Path) -> None:
    """Numbers, mark and hashes change together or not at all, and the next try draws for the first time."""
    await many(weekly, "texting_ex", 40)
    with closing(sqlite3.connect(folder / "unspoken.sqlite3")) as connection:
        connection.execute("CREATE TRIGGER no BEFORE DELETE ON weekly BEGIN SELECT RAISE(ABORT, 'no'); END")
        assert await weekly.release(GROUP, WEEK, TWO, draw(1)) is None
        assert rows_of(folder, "SELECT * FROM releases") == []
        assert len(rows_of(folder)) == 40
        connection.execute("DROP TRIGGER no")
    found = await weekly.release(GROUP, WEEK, TWO, draw(2))
    assert found is not None
    assert found.counts
