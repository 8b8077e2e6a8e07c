"""A real PostgreSQL for tests: started once from a wheel, a database for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.bench.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Return the server; it starts with the first test that asks for it."""
    server = PostgresServer(lasting=False)
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Return the address of an empty PostgreSQL database of the test's own."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)
