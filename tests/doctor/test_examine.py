"""The doctor: one line for each thing, what mends it, and nothing made, changed or given away by looking."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.app import make_seal
from bot.content.catalogue import Catalogue, load_catalogue
from bot.content.checklist import record_done
from bot.doctor import content as content_module
from bot.doctor.content import check_content, check_matcher
from bot.doctor.examine import examine
from bot.doctor.finding import Finding, Level
from bot.settings import Settings
from bot.start import today
from bot.storage.database import Database
from bot.storage.groups import Groups
from tests.bot_api import BotApiServer
from tests.bot_api.webhook import Webhook
from tests.operating import Command

TOKEN = "7000000001:AAcanarytokencanarytokencanarytoken"
SECRET = "canarysecretcanarysecret"
GROUP = -1_001_234_567_890
CLOSED = "http://127.0.0.1:1"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data folder of a bot that cannot reach Telegram; nothing is in it yet."""
    monkeypatch.setenv("UNSPOKEN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("UNSPOKEN_API_BASE_URL", CLOSED)
    monkeypatch.setenv("UNSPOKEN_TOKEN", TOKEN)
    return tmp_path / "data"


@pytest.fixture
async def api(data: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotApiServer]:
    """Return a Bot API server that the bot is set to."""
    async with BotApiServer(token=TOKEN) as server:
        monkeypatch.setenv("UNSPOKEN_API_BASE_URL", server.url)
        yield server


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue, root: Path) -> None:
    """Reading the real content takes most of a second; here it is read once."""

    def load(where: Path) -> tuple[Catalogue, tuple[str, ...]]:
        return (catalogue, ()) if where == root else load_catalogue(where)

    monkeypatch.setattr(content_module, "load_catalogue", load)


async def look(root: Path, clock: Callable[[], float] = time.time) -> list[Finding]:
    """Return all that the doctor finds."""
    return [finding async for finding in examine(root, Path(".env"), make_seal, clock)]


def put(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file, and the folder that it lies in."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)


def of(findings: list[Finding], name: str) -> Finding:
    """Return the last finding on something; each is one line."""
    assert all("\n" not in str(finding) for finding in findings)
    return [finding for finding in findings if finding.name == name][-1]


async def test_a_bot_that_is_well(api: BotApiServer, data: Path, root: Path) -> None:
    """Nothing is marked but that nobody has gone through the help lines."""
    findings = await look(root)
    assert {str(f) for f in findings if f.level is not Level.OK} == {str(of(findings, "help lines"))}
    assert [f.name for f in findings] == [
        "settings", "data folder", "secret", "database", "content", "help lines", "matcher", "encoder", "token",
        "webhook", "privacy mode", "clock",
    ]  # fmt: skip
    assert "@unspoken_test_bot" in of(findings, "token").text


async def test_looking_makes_and_changes_nothing(api: BotApiServer, data: Path, root: Path, tmp_path: Path) -> None:
    """No secret, database or folder here; at Telegram nothing but questions."""
    before = sorted(os.listdir(tmp_path))
    await look(root)
    assert sorted(os.listdir(tmp_path)) == before
    assert {call.method for call in api.calls} == {"getMe", "getWebhookInfo"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "not set"),
        ("canarytoken", "does not look like one"),
        (f"{TOKEN} ", "does not look like one"),
        ("7000000001:AAothertokenothertokenothertoken", "refuses the token"),
    ],
)
async def test_a_token_that_is_none(
    api: BotApiServer, root: Path, monkeypatch: pytest.MonkeyPatch, value: str, says: str
) -> None:
    """The line says how it is wrong, and shows nothing of it."""
    monkeypatch.setenv("UNSPOKEN_TOKEN", value)
    found = of(findings := await look(root), "token")
    assert says in found.text
    assert found.level is (Level.FAIL if value else Level.WARN)
    assert not any(part in str(f) for f in findings for part in ("canary", "othertoken"))


async def test_offline_the_rest_is_looked_at(data: Path, root: Path) -> None:
    """Telegram and the clock each have a line that says so; the token is in neither."""
    findings = await look(root)
    assert of(findings, "telegram").level is Level.FAIL
    assert "cannot be reached" in of(findings, "telegram").text
    assert "cannot be reached" in of(findings, "clock").text
    assert of(findings, "content").level is Level.OK
    assert not any("canary" in str(f) for f in findings)


@pytest.mark.parametrize("fault", ["server error", "nonsense", "dropped", "flood"])
async def test_a_telegram_that_answers_badly_is_one_line(api: BotApiServer, root: Path, fault: str) -> None:
    """Whatever comes back."""
    match fault:
        case "server error":
            api.faults.next("getMe", status=502, times=None)
        case "nonsense":
            api.faults.malformed("getWebhookInfo", times=None)
        case "dropped":
            api.faults.drop_connection("getMe", times=None)
        case _:
            api.faults.next("getMe", status=429, retry_after=30, times=None)
    findings = await look(root)
    assert of(findings, "telegram").level is Level.FAIL
    assert of(findings, "clock").level is Level.OK


async def test_a_webhook_while_updates_are_fetched(api: BotApiServer, root: Path) -> None:
    """Another copy may run elsewhere: its host is named, its path and query are not."""
    await _set_webhook(api, "http://localhost:9/canarypath")
    found = of(await look(root), "webhook")
    assert found.level is Level.WARN
    assert "localhost" in found.text
    assert "canary" not in found.text


@pytest.mark.parametrize(("there", "level"), [("http://127.0.0.1:9/x", Level.OK), ("http://localhost:9/x", Level.WARN)])
async def test_a_webhook_that_is_wanted(
    api: BotApiServer, root: Path, monkeypatch: pytest.MonkeyPatch, there: str, level: Level
) -> None:
    """It is well where it leads to the set host, and is set at start where it does not."""
    monkeypatch.setenv("UNSPOKEN_WEBHOOK_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    await _set_webhook(api, there)
    assert of(await look(root), "webhook").level is level


async def test_a_webhook_that_takes_nothing(api: BotApiServer, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Updates wait, and the last delivery failed not long ago."""
    monkeypatch.setenv("UNSPOKEN_WEBHOOK_URL", CLOSED)
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    await _set_webhook(api, f"{CLOSED}/x")
    await api.person().say("hello")
    async with asyncio.timeout(5):
        while not api.deliveries:  # noqa: ASYNC110 - the server tells nobody of a failed delivery
            await asyncio.sleep(0.01)
    found = of(await look(root), "webhook")
    assert found.level is Level.FAIL
    assert "1 updates wait" in found.text


async def _set_webhook(api: BotApiServer, url: str) -> None:
    await api.world.courier.set(Webhook(url, "", 40, ""))


async def test_privacy_and_inline_mode(data: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What BotFather keeps is said, with the command that changes it."""
    async with BotApiServer(token=TOKEN, privacy_mode=False, inline_mode=False) as server:
        monkeypatch.setenv("UNSPOKEN_API_BASE_URL", server.url)
        monkeypatch.setenv("UNSPOKEN_INLINE", "true")
        findings = await look(root)
    assert "/setprivacy" in of(findings, "privacy mode").text
    assert "/setinline" in of(findings, "inline mode").text
    assert {of(findings, n).level for n in ("privacy mode", "inline mode")} == {Level.WARN}


@pytest.mark.parametrize(("off", "level"), [(0, Level.OK), (60, Level.WARN), (-60, Level.WARN), (3600, Level.FAIL)])
async def test_a_clock_that_is_wrong(api: BotApiServer, root: Path, off: int, level: Level) -> None:
    """It is held beside the Date that the server sends; the hour it is taken to be is shown."""
    found = of(await look(root, lambda: time.time() + off), "clock")
    assert found.level is level
    assert "Europe/London" in found.text
    assert ("fast" in found.text, "slow" in found.text) == (off > 0, off < 0)


async def test_a_wrong_setting_leaves_the_content_to_look_at(
    data: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is the one that every command gives."""
    monkeypatch.setenv("UNSPOKEN_COUNTRY", "XX")
    findings = await look(root)
    assert "UNSPOKEN_COUNTRY" in of(findings, "settings").text
    assert of(findings, "settings").level is Level.FAIL
    assert [f.name for f in findings][:2] == ["settings", "content"]


async def test_a_file_of_settings_that_everybody_can_read(data: Path, root: Path, tmp_path: Path) -> None:
    """It may hold the token."""
    put(tmp_path / ".env", b"UNSPOKEN_COUNTRY=PK\n", 0o644)
    found = of(await look(root), "settings")
    assert found.level is Level.WARN
    assert "chmod 600" in found.text
    put(tmp_path / ".env", b"UNSPOKEN_COUNTRY=PK\n", 0o640)
    assert of(await look(root), "settings").level is Level.OK


@pytest.mark.parametrize(
    ("mode", "content", "level", "says"),
    [
        (0o600, "s" * 40, Level.OK, "owner alone"),
        (0o644, "s" * 40, Level.FAIL, "chmod 600"),
        (0o640, "s" * 40, Level.FAIL, "0640"),
        (0o600, "short", Level.FAIL, "less than 16"),
        (0o600, "", Level.FAIL, "less than 16"),
    ],
)
async def test_the_file_of_the_secret(data: Path, root: Path, mode: int, content: str, level: Level, says: str) -> None:
    """Mode 0600, sixteen characters or more, and nothing of it is shown."""
    put(data / "secret", content.encode(), mode)
    found = of(await look(root), "secret")
    assert found.level is level
    assert says in found.text
    assert not content or content not in found.text


async def test_a_data_folder_that_is_none(data: Path, root: Path) -> None:
    """A file lies where the folder should be."""
    put(data, b"no folder")
    findings = await look(root)
    assert of(findings, "data folder").level is Level.FAIL
    assert of(findings, "secret").level is Level.FAIL


async def _fill(url: str) -> None:
    database = Database(url)
    assert await database.open()
    await Groups(database, make_seal([SECRET.encode()])).put(GROUP, {"lang": "en"})
    await database.close()


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
async def test_a_database_in_each_state(
    data: Path, root: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, kind: str
) -> None:
    """None yet, current, of another secret, earlier, newer: each has its line, on both engines."""
    url = f"sqlite+aiosqlite:///{data}/x.sqlite3"
    if kind == "PostgreSQL":
        url = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("UNSPOKEN_DATABASE_URL", url)
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    found = of(await look(root), "database")
    assert (found.level, found.text.startswith(f"{kind}, without tables yet")) == (Level.OK, True)
    await _fill(url)
    found = of(await look(root), "database")
    assert (found.level, found.text) == (Level.OK, f"{kind}, 0 messages to clear, 1 groups")
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET[::-1])
    found = of(await look(root), "database")
    assert found.level is Level.FAIL
    assert "opens 0 of 1 rows" in found.text
    for revision, level, says in (("0001", Level.WARN, "earlier version"), ("9999", Level.FAIL, "newer version")):
        database = Database(url)
        async with database.begin() as connection:
            await connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))  # noqa: S608
        await database.close()
        found = of(await look(root), "database")
        assert found.level is level
        assert says in found.text


async def test_a_database_that_cannot_be_used(data: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its path's content nor a password is shown."""
    put(data / "unspoken.sqlite3", b"canary, no database" * 500)
    found = of(await look(root), "database")
    assert found.level is Level.FAIL
    assert "cannot be used (DatabaseError)" in found.text
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    for where in ("127.0.0.1:1/x", "127.0.0.1:99999/x", "127.0.0.1/x?nonsense=1"):
        monkeypatch.setenv("UNSPOKEN_DATABASE_URL", f"postgresql+asyncpg://u:canarypassword@{where}")
        found = of(await look(root), "database")
        assert found.level is Level.FAIL
        assert "canary" not in found.text


async def test_a_table_that_is_missing_is_said(data: Path, root: Path) -> None:
    """The schema says that all is there, and it is not."""
    await _fill(f"sqlite+aiosqlite:///{data}/unspoken.sqlite3")
    with closing(sqlite3.connect(data / "unspoken.sqlite3")) as connection:
        connection.execute("DROP TABLE ledger")
    assert of(await look(root), "database").level is Level.FAIL


def test_content_that_is_broken_names_the_first_problem(tmp_path: Path) -> None:
    """All of it is for `unspoken check`."""
    (found,) = check_content(tmp_path, today())
    assert found.level is Level.FAIL
    assert "intents/taxonomy.yaml" in found.text
    assert "unspoken check" in found.text


def test_help_lines_past_their_date_are_counted(root: Path, catalogue: Catalogue) -> None:
    """Some day all are."""
    assert next(f.level for f in check_content(root, today())) is Level.OK
    later = max(line.check_by for line in catalogue.resources.lines) + timedelta(days=1)
    found = list(check_content(root, later))[-1]
    assert found.level is Level.WARN
    assert f"{len(catalogue.resources.lines)} past their check date" in found.text
    assert catalogue.resources.lines[0].id in found.text


async def test_help_lines_that_were_gone_through(data: Path, root: Path) -> None:
    """With the day."""
    record_done(data, root, "GB", today())
    found = of(await look(root), "help lines")
    assert found.level is Level.OK
    assert today().isoformat() in found.text


def test_an_encoder_that_is_missing_is_said(tmp_path: Path, root: Path) -> None:
    """The bot understands less without it, and runs."""
    for name in ("intents", "responses", "bot"):
        (tmp_path / name).symlink_to(root / name)
    findings = list(check_matcher(Settings(data_dir=tmp_path / "data"), tmp_path))
    assert [f.level for f in findings] == [Level.OK, Level.WARN]
    assert "words alone" in findings[1].text


def test_the_command_ends_with_the_worst(command: Command, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """2 where something must be mended, such as Telegram out of reach; 0 where the bot can run."""
    found = command("doctor")
    assert found.status == 2
    assert "fail  telegram: " in found.out
    assert found.err == ""
    monkeypatch.setenv("UNSPOKEN_TOKEN", "")
    found = command("doctor")
    assert found.status == 0, found
    assert "warn  token: " in found.out
    assert all(line.split()[0] in {"ok", "warn"} for line in found.out.splitlines())
    assert not data.exists()
