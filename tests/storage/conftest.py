"""Both engines: a test that asks for `url` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import make_seal
from bot.storage.database import Database
from bot.storage.seal import Seal

SECRET = b"the present secret of the tests"
NEXT_SECRET = b"the secret after the present one"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database of the test's own."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'new' / 'unspoken.sqlite3'}"
    address: str = request.getfixturevalue("postgres_url")
    return address


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """Return an open database."""
    database = Database(url)
    assert await database.open()
    yield database
    await database.close()


@pytest.fixture
def seal() -> Seal:
    """Return the keys of one secret."""
    return make_seal([SECRET])
