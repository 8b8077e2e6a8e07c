"""Settings: a wrong one is one line that names it, and a secret is shown nowhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.secret import derive_key, read_secrets, rotate_secret
from bot.settings import Settings, load_settings

SECRET = "canarysecretcanarysecret"


def test_nothing_has_to_be_set() -> None:
    """Without any setting there is a terminal chat on an embedded database."""
    settings = load_settings()
    assert settings.token is None
    assert settings.api_base_url == "https://api.telegram.org"
    assert settings.resolved_database_url == f"sqlite+aiosqlite:///{settings.data_dir / 'unspoken.sqlite3'}"
    assert (settings.country, settings.timezone, settings.log_level) == ("GB", "Europe/London", "INFO")


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`.env` is read from the working folder, the environment comes first, and empty means the default."""
    (tmp_path / ".env").write_text("UNSPOKEN_COUNTRY=pk\nUNSPOKEN_LOG_LEVEL=debug\nUNSPOKEN_TIMEZONE=\nOTHER=1\n")
    monkeypatch.setenv("UNSPOKEN_LOG_LEVEL", "warning")
    monkeypatch.setenv("UNSPOKEN_TOKEN", "")
    settings = load_settings()
    assert (settings.country, settings.log_level, settings.timezone) == ("PK", "WARNING", "Europe/London")
    assert settings.token is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COUNTRY", "XX"),
        ("COUNTRY", "England"),
        ("TIMEZONE", "Nowhere/Atall"),
        ("TIMEZONE", "../../etc/passwd"),
        ("LOG_LEVEL", "loud"),
        ("API_BASE_URL", "api.telegram.org"),
        ("API_BASE_URL", "ftp://x"),
        ("API_BASE_URL", "http://"),
        ("API_BASE_URL", "http://[broken"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://user:canarysecret@host/x"),
        ("DATABASE_URL", "sqlite:///x"),
        ("SECRET", "canarysecret"),
        ("WEBHOOK_URL", "http://example.org/hook"),
        ("WEBHOOK_URL", "https://"),
        ("WEBHOOK_URL", "https://example.org/hook?x=canarysecret"),
        ("WEBHOOK_LISTEN", "8443"),
        ("WEBHOOK_LISTEN", "127.0.0.1:"),
        ("WEBHOOK_LISTEN", "127.0.0.1:99999"),
        ("WEBHOOK_SECRET", "canarysecret"),
        ("WEBHOOK_SECRET", "canarysecret with spaces"),
        ("METRICS_LISTEN", "everywhere"),
        ("REPLICAS", "three"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The line says which variable and what it must be, and does not repeat what may be secret."""
    monkeypatch.setenv(f"UNSPOKEN_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    line = str(caught.value)
    assert line.startswith(f"UNSPOKEN_{name}: ")
    assert len(line) > len(f"UNSPOKEN_{name}: ") + 10
    assert "\n" not in line
    assert "canarysecret" not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [("WEBHOOK_URL", "https://example.org/hook"), ("DATABASE_URL", "postgresql+asyncpg://user:canarysecret@host/x")],
)
def test_what_replicas_share_needs_a_secret(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """With webhooks or PostgreSQL several programs answer the same buttons: the secret must be set."""
    monkeypatch.setenv(f"UNSPOKEN_{name}", value)
    with pytest.raises(SettingsError, match="UNSPOKEN_SECRET must be set") as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    assert "canarysecret" not in str(caught.value)
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    assert load_settings().secret is not None


@pytest.mark.parametrize(
    ("webhook", "database", "replicas", "shares"),
    [
        (True, "postgresql+asyncpg://host/x", "", True),
        (True, "postgresql+asyncpg://host/x", "shared", True),
        (True, "postgresql+asyncpg://host/x", "one", False),
        (False, "postgresql+asyncpg://host/x", "", False),
        (True, "sqlite+aiosqlite:///x", "", False),
        (True, "", "", False),
        (False, "", "one", False),
    ],
)
def test_replicas_share_what_only_they_need(
    monkeypatch: pytest.MonkeyPatch, webhook: bool, database: str, replicas: str, shares: bool
) -> None:
    """With webhooks and PostgreSQL, unless it is said that there is one; one program alone keeps nothing more."""
    monkeypatch.setenv("UNSPOKEN_SECRET", SECRET)
    monkeypatch.setenv("UNSPOKEN_WEBHOOK_URL", "https://example.org/hook" if webhook else "")
    monkeypatch.setenv("UNSPOKEN_DATABASE_URL", database)
    monkeypatch.setenv("UNSPOKEN_REPLICAS", replicas)
    assert load_settings().shares is shares


@pytest.mark.parametrize("name", ["WEBHOOK_URL", "DATABASE_URL"])
def test_replicas_that_could_share_nothing_do_not_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Two of them would answer twice."""
    values = {"WEBHOOK_URL": "https://example.org/hook", "DATABASE_URL": "postgresql+asyncpg://host/x"}
    for key, value in {**values, "SECRET": SECRET, "REPLICAS": "shared", name: ""}.items():
        monkeypatch.setenv(f"UNSPOKEN_{key}", value)
    with pytest.raises(SettingsError, match="UNSPOKEN_REPLICAS=shared needs UNSPOKEN_WEBHOOK_URL, and PostgreSQL"):
        load_settings()


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    """A `.env` in another encoding is said in one line too."""
    (tmp_path / ".env").write_bytes("UNSPOKEN_OPERATOR_CONTACT=café".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"^\.env: "):
        load_settings()


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings shows neither token nor secrets nor the database's password."""
    for name in ("TOKEN", "SECRET", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"UNSPOKEN_{name}", SECRET)
    monkeypatch.setenv("UNSPOKEN_DATABASE_URL", f"postgresql+asyncpg://user:{SECRET}@host/x")
    settings = load_settings()
    assert SECRET not in f"{settings!r} {settings}"


def test_settings_do_not_change() -> None:
    """One frozen object, built once."""
    with pytest.raises(ValueError, match="frozen"):
        load_settings().country = "PK"


def test_the_secret_is_made_at_first_start_for_the_owner_alone(tmp_path: Path) -> None:
    """The file gets mode 0600 whatever the umask, and the next start reads the same secret."""
    settings = Settings(data_dir=tmp_path / "new")
    before = os.umask(0)
    try:
        first = read_secrets(settings)[0]
    finally:
        os.umask(before)
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode) == 0o600
    assert read_secrets(settings)[0] == first
    assert read_secrets(Settings(data_dir=tmp_path / "other"))[0] != first


def test_the_set_secret_comes_first(tmp_path: Path) -> None:
    """With UNSPOKEN_SECRET no file is read or made."""
    assert read_secrets(Settings(data_dir=tmp_path, secret=SecretStr(SECRET)))[0] == SECRET.encode()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: str) -> None:
    """An empty key would let anybody forge buttons; the line says how to mend it."""
    (tmp_path / "secret").write_text(content)
    with pytest.raises(SettingsError, match="delete the file"):
        read_secrets(Settings(data_dir=tmp_path))[0]


def test_a_folder_that_cannot_be_written_gives_a_secret_for_this_run(tmp_path: Path) -> None:
    """The bot answers even where it can keep nothing."""
    (tmp_path / "file").write_text("not a folder")
    settings = Settings(data_dir=tmp_path / "file" / "data")
    assert len(read_secrets(settings)[0]) >= 32
    assert read_secrets(settings)[0] != read_secrets(settings)[0]


def test_keys_of_different_purposes_differ() -> None:
    """What leaks of one key says nothing of another."""
    keys = {derive_key(SECRET.encode(), purpose) for purpose in ("buttons", "texts", "ids")}
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)
    assert derive_key(SECRET.encode(), "buttons") in keys


def test_a_rotated_secret_still_verifies_with_the_earlier_one(tmp_path: Path) -> None:
    """The new one stands first, the file stays closed to others, and a third rotation drops the first."""
    settings = Settings(data_dir=tmp_path)
    first = read_secrets(settings)
    after = rotate_secret(settings)
    assert after[1:] == first
    assert read_secrets(settings) == after
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert rotate_secret(settings)[1:] == after[:1]


def test_a_secret_that_was_set_is_rotated_by_whoever_set_it(tmp_path: Path) -> None:
    """One line says how; with both set, the old one verifies."""
    with pytest.raises(SettingsError, match="UNSPOKEN_SECRET_OLD"):
        rotate_secret(Settings(data_dir=tmp_path, secret=SecretStr(SECRET)))
    both = Settings(data_dir=tmp_path, secret=SecretStr(SECRET), secret_old=SecretStr("o" * 20))
    assert read_secrets(both) == [SECRET.encode(), b"o" * 20]
