"""The commands for operators: what they do, and one line for whatever stands in their way."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import make_seal
from bot.secret import read_secrets
from bot.settings import load_settings
from bot.storage.database import Database
from bot.storage.groups import Groups
from bot.storage.ledger import Ledger
from bot.storage.schema import readers
from tests.operating import Command
from tests.postgres import PostgresServer

ALICE, BOB, GROUP = 5_551_234_567, 5_557_654_321, -1_001_234_567_890
NOW = 1_800_000_000
SECRET = "canarysecretcanarysecret"
PASSWORD = "canarypassword"
NOWHERE = f"postgresql+asyncpg://unspoken:{PASSWORD}@127.0.0.1:1/unspoken"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data folder that the commands use; nothing is in it yet."""
    monkeypatch.setenv("UNSPOKEN_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def on(url: str, do: Callable[[Database], Awaitable[Any]]) -> Any:
    """Return what something finds on a database, opened for it alone."""

    async def run() -> Any:
        database = Database(url)
        assert await database.open()
        try:
            return await do(database)
        finally:
            await database.close()

    return asyncio.run(run())


def present() -> str:
    """Return the address of the database that the commands use."""
    return load_settings().resolved_database_url


async def fill(database: Database) -> None:
    """Put a group, a count and messages of a reader into the database in use."""
    seal = make_seal(read_secrets(load_settings()))
    await Groups(database, seal).put(GROUP, {"lang": "en", "box": True})
    await Ledger(database, seal).note(ALICE, [1, 2], NOW, NOW)
    database.count("texting_ex")


async def group(database: Database) -> object:
    """Return the group's settings as the present secret finds them."""
    return await Groups(database, make_seal(read_secrets(load_settings()))).get(GROUP)


async def messages(database: Database) -> int:
    """Return how many messages of the reader are noted, as the present secret finds them."""
    return len(await Ledger(database, make_seal(read_secrets(load_settings()))).of_chat(ALICE))


async def choose(database: Database) -> None:
    """Let two readers choose something."""
    ledger = Ledger(database, make_seal(read_secrets(load_settings())))
    await ledger.choose(ALICE, word="milk and eggs")
    await ledger.choose(BOB, hours=1)


async def word_holds(database: Database) -> bool:
    """Tell whether the first one's code word works with the present secret; the other does not write."""
    ledger = Ledger(database, make_seal(read_secrets(load_settings())))
    return ledger.is_word(ALICE, await ledger.reader(ALICE), "milk and eggs")


async def chosen(database: Database) -> int:
    """Return how many rows of choices there are."""
    return len(await database.rows(select(readers)))


@pytest.fixture
def filled(data: Path) -> Path:
    """Return the data folder of a bot that has run."""
    on(present(), fill)
    return data


def test_the_key_is_changed_twice_and_nothing_is_lost(command: Command, filled: Path) -> None:
    """Messages and groups follow each time."""
    for _ in range(2):
        before = (filled / "secret").read_bytes().split()[0]
        result = command("rotate-key")
        assert result.status == 0
        assert "2 ledger rows" in result.out
        assert "1 groups" in result.out
        assert (filled / "secret").read_bytes().split()[1] == before
    assert on(present(), group) == {"lang": "en", "box": True}
    assert on(present(), messages) == 2


def test_choices_outlive_two_changes_of_keys(command: Command, filled: Path) -> None:
    """Of whoever wrote in between; the others are erased, in one line that says how many."""
    on(present(), choose)
    first = command("rotate-key").out
    assert "choices of 2 readers kept, of 0 " in first
    assert on(present(), word_holds)
    second = command("rotate-key").out
    assert "choices of 1 readers kept, of 1 who have not written since the last change erased" in second
    assert on(present(), word_holds)
    assert on(present(), chosen) == 1


def test_a_wrong_earlier_secret_erases_no_choices(
    command: Command, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line asks whether it is right; with the right one all is found again."""
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    on(present(), choose)
    monkeypatch.setenv("UNSPOKEN_SECRET_OLD", "mistypedmistyped")
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET[::-1])
    assert "of 2 who have not written since the last change left as they are: is" in command("rotate-key").out
    monkeypatch.setenv("UNSPOKEN_SECRET_OLD", SECRET)
    assert "choices of 2 readers kept" in command("rotate-key").out
    assert on(present(), word_holds)


def test_a_change_that_was_cut_off_loses_nothing(
    command: Command, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run again, what still needs the first key is encrypted anew before that key goes."""

    async def fail(*_: object) -> None:
        raise OSError

    on(present(), choose)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "reseal", fail)
        assert "the earlier key still opens" in command("rotate-key").line
    assert "choices of 2 readers kept, of 0 " in command("rotate-key").out
    assert on(present(), group) == {"lang": "en", "box": True}
    assert on(present(), messages) == 2


def test_a_secret_that_was_set_is_changed_by_whoever_set_it(
    command: Command, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says how; with both set, what is held comes under the new one."""
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    on(present(), fill)
    assert "move it to UNSPOKEN_SECRET_OLD" in command("rotate-key").line
    monkeypatch.setenv("UNSPOKEN_SECRET_OLD", SECRET)
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET[::-1])
    assert "2 ledger rows" in command("rotate-key").out
    monkeypatch.delenv("UNSPOKEN_SECRET_OLD")
    assert on(present(), group) == {"lang": "en", "box": True}
    assert on(present(), messages) == 2


def test_a_backup_comes_back(command: Command, filled: Path, tmp_path: Path) -> None:
    """Into a database that was lost; the secret is kept apart."""
    file = tmp_path / "backup.json"
    done = command("backup", file)
    assert done.status == 0
    assert "1 groups and 1 daily counts" in done.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(json.loads(file.read_text())) == {"unspoken_backup", "groups", "counters"}
    for path in filled.glob("unspoken.sqlite3*"):
        path.unlink()
    back = command("restore", file)
    assert (back.status, back.out) == (0, "restored 1 groups and 1 daily counts\n")
    assert on(present(), group) == {"lang": "en", "box": True}
    assert on(present(), messages) == 0


def test_a_backup_takes_no_files_place(command: Command, filled: Path, tmp_path: Path) -> None:
    """The name was a slip, or the last backup would be gone if this one failed."""
    (tmp_path / "there").write_text("mine")
    for there in (tmp_path / "there", tmp_path):
        assert "is there already" in command("backup", there).line
    assert (tmp_path / "there").read_text() == "mine"
    assert "cannot be written (No such file or directory)" in command("backup", tmp_path / "no" / "folder").line


def test_a_full_disk_leaves_no_half_backup(
    command: Command, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file would be found missing on the day it is needed."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "No space left" in command("backup", tmp_path / "backup.json").line
    assert not (tmp_path / "backup.json").exists()


def test_without_a_database_there_is_nothing_to_back_up_or_move(command: Command, data: Path, tmp_path: Path) -> None:
    """And none is made: the address may have been a slip."""
    for arguments in (["backup", tmp_path / "x"], ["move-database", f"sqlite+aiosqlite:///{tmp_path}/other"]):
        assert "there is no database" in command(*arguments).line
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / "other").exists()
    assert not data.exists()


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"unspoken_backup": 1}', '{"unspoken_backup": 2}'])
def test_a_file_that_is_no_backup_is_one_line(
    command: Command, filled: Path, tmp_path: Path, content: str | None
) -> None:
    """Missing, empty, cut off, of another shape, of a newer version: nothing is changed."""
    file = tmp_path / "backup.json"
    if content is not None:
        file.write_text(content)
    before = (filled / "unspoken.sqlite3").read_bytes()
    assert command("restore", file).line.startswith("unspoken: ")
    assert command("restore", tmp_path).line
    assert (filled / "unspoken.sqlite3").read_bytes() == before


def test_a_backup_of_another_secret_says_what_is_missing(
    command: Command, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a new machine the secret was forgotten."""
    command("backup", tmp_path / "backup.json")
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    line = command("restore", tmp_path / "backup.json").line
    assert "the present secret opens no group" in line
    assert SECRET not in line


@pytest.mark.parametrize("typed", [False, True])
def test_everything_moves_to_postgresql(
    command: Command, filled: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, typed: bool
) -> None:
    """What to set is said, and with that set the bot finds everything again."""
    secret = (filled / "secret").read_text()
    done = command("move-database", "-", typed=f"{postgres_url}\n") if typed else command("move-database", postgres_url)
    assert done.status == 0, done
    assert "ledger 2" in done.out
    assert "UNSPOKEN_SECRET" in done.out
    assert secret not in done.out
    monkeypatch.setenv("UNSPOKEN_DATABASE_URL", postgres_url)
    monkeypatch.setenv("UNSPOKEN_SECRET", secret)
    assert on(present(), group) == {"lang": "en", "box": True}
    assert on(present(), messages) == 2
    back = command("move-database", f"sqlite+aiosqlite:///{filled}/again.sqlite3")
    assert back.status == 0
    assert "UNSPOKEN_SECRET" not in back.out


def test_a_database_in_use_is_not_moved_into(command: Command, filled: Path, postgres_url: str) -> None:
    """Neither one with rows nor the present one."""
    assert command("move-database", postgres_url).status == 0
    assert "holds rows already" in command("move-database", postgres_url).line
    assert "is the database in use" in command("move-database", present()).line


@pytest.mark.parametrize(
    "address", ["", "nonsense", "mysql://u:canarypassword@h/x", "postgresql+asyncpg://u:canarypassword@h:port/x",
                f"postgresql+asyncpg://u:{PASSWORD}@127.0.0.1:99999/x"],
)  # fmt: skip
def test_an_address_to_move_to_that_is_none_is_one_line(command: Command, filled: Path, address: str) -> None:
    """It may hold a password, which is not repeated."""
    line = command("move-database", address).line
    assert "move-database" in line
    assert PASSWORD not in line


def test_a_database_that_cannot_be_reached_is_one_line(
    command: Command, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every command that needs one, without the address; secret, files and databases stay as they were."""
    command("backup", tmp_path / "backup.json")
    moved = command("move-database", NOWHERE).line
    monkeypatch.setenv("UNSPOKEN_DATABASE_URL", NOWHERE)
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    monkeypatch.setenv("UNSPOKEN_SECRET_OLD", SECRET[::-1])
    lines = [
        moved,
        command("rotate-key").line,
        command("backup", tmp_path / "other.json").line,
        command("restore", tmp_path / "backup.json").line,
        command("move-database", f"sqlite+aiosqlite:///{tmp_path}/new.sqlite3").line,
    ]
    for line in lines:
        assert "cannot be used (ConnectionRefusedError)" in line
        assert PASSWORD not in line
        assert SECRET not in line
    assert not (tmp_path / "other.json").exists()
    assert not (tmp_path / "new.sqlite3").exists()


def test_the_key_stays_where_the_database_cannot_be_used(command: Command, filled: Path) -> None:
    """A new secret without the rows under it would lose them."""
    secret = (filled / "secret").read_bytes()
    (filled / "unspoken.sqlite3").write_bytes(b"this is no database" * 500)
    assert "cannot be used" in command("rotate-key").line
    assert (filled / "secret").read_bytes() == secret


@pytest.mark.parametrize("arguments", [["backup", "new.json"], ["restore", "backup.json"], ["rotate-key"]])
def test_a_newer_database_is_left_alone(
    command: Command, filled: Path, postgres: PostgresServer, arguments: list[str]
) -> None:
    """An older program does not touch what a newer one made."""
    assert command("backup", "backup.json").status == 0

    async def age(database: Database) -> None:
        async with database.begin() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    on(present(), age)
    secret = (filled / "secret").read_bytes()
    assert "newer version of Unspoken" in command(*arguments).line
    assert (filled / "secret").read_bytes() == secret
