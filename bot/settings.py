"""All settings, from the environment and `.env`, in one frozen object built once in `main`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.content.paths import default_data_dir
from bot.content.places import COUNTRIES
from bot.errors import SettingsError

PREFIX = "UNSPOKEN_"
SHORTEST_SECRET = 16
ENGINES = ("sqlite+aiosqlite://", "postgresql+asyncpg://")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LAST_PORT = 65_535


class Settings(BaseSettings):
    """What an operator can set; every field is an UNSPOKEN_ variable of the same name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    token: SecretStr | None = None
    api_base_url: str = "https://api.telegram.org"
    database_url: str | None = Field(default=None, repr=False)  # may hold a password
    data_dir: Path = Field(default_factory=default_data_dir)
    secret: SecretStr | None = None
    secret_old: SecretStr | None = None
    webhook_url: str | None = None
    webhook_listen: str = "127.0.0.1:8443"
    webhook_secret: SecretStr | None = None
    metrics_listen: str | None = None
    log_level: str = "INFO"
    operator_contact: str | None = None
    country: str = "GB"
    timezone: str = "Europe/London"
    inline: bool = False
    replicas: Literal["shared", "one"] | None = None

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str) -> str:
        value = value.upper()
        if value not in COUNTRIES:
            raise ValueError(f"must be one of {', '.join(COUNTRIES)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("must be a time zone such as Europe/London") from None
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        value = value.upper()
        if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value

    @field_validator("api_base_url")
    @classmethod
    def _http_root(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("must be the root of a Bot API server, such as http://127.0.0.1:8081")
        return value.rstrip("/")

    @field_validator("webhook_url")
    @classmethod
    def _public_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not (parts.scheme == "https" or local) or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be the public address that leads to this program, such as https://example.org/hook")
        return value.rstrip("/")

    @field_validator("webhook_listen", "metrics_listen")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        if value is None:
            return None
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > _LAST_PORT:
            raise ValueError("must be host:port, such as 127.0.0.1:8443")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _sendable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value.get_secret_value()):
            raise ValueError("must be 16 to 256 characters of A-Z, a-z, 0-9, _ and -")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(ENGINES):
            raise ValueError(f"must begin with {' or '.join(ENGINES)}")
        return value

    @field_validator("secret", "secret_old")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"must be at least {SHORTEST_SECRET} characters")
        return value

    @model_validator(mode="after")
    def _shared_secret(self) -> Settings:
        shared = self.webhook_url is not None or (self.database_url or "").startswith("postgresql")
        if shared and self.secret is None:
            raise ValueError("UNSPOKEN_SECRET must be set for webhooks or PostgreSQL: replicas share it")
        if self.replicas == "shared" and not self._can_share:
            raise ValueError("UNSPOKEN_REPLICAS=shared needs UNSPOKEN_WEBHOOK_URL, and PostgreSQL as the database")
        return self

    @property
    def _can_share(self) -> bool:
        return self.webhook_url is not None and (self.database_url or "").startswith("postgresql")

    @property
    def shares(self) -> bool:
        """Tell whether other programs answer for the same bot: with webhooks and PostgreSQL, unless told otherwise."""
        return self._can_share and self.replicas != "one"

    @property
    def resolved_database_url(self) -> str:
        """Return the database address: the set one, else an SQLite file in the data folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'unspoken.sqlite3'}"


def load_settings() -> Settings:
    """Return the settings; raises SettingsError with one line that names the variable and the mend."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = "".join(str(p) for p in first["loc"])
        name = f"{PREFIX}{where.upper()}: " if where else ""
        raise SettingsError(name + str(first["msg"]).removeprefix("Value error, ")) from None
    except UnicodeDecodeError:
        raise SettingsError(".env: must be a text file in UTF-8") from None
