"""The secret that keys are derived from: the set one, else one made at first start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import SettingsError
from bot.settings import Settings

_FILE = "secret"
_BYTES = 32


def read_secret(settings: Settings) -> bytes:
    """Return the secret; makes `<data folder>/secret` (mode 0600) at first start.

    Where the folder cannot be written, a secret for this run is made: buttons then last until the next start.
    Raises SettingsError for a secret that is too short.
    """
    if settings.secret is not None:
        value = settings.secret.get_secret_value().encode()
        if len(value) < 16:
            raise SettingsError("UNSPOKEN_SECRET: must be at least 16 characters")
        return value
    path = settings.data_dir / _FILE
    try:
        return _read_or_make(path)
    except OSError:
        return secrets.token_bytes(_BYTES)


def _read_or_make(path: Path) -> bytes:
    if path.exists():
        return path.read_bytes().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    value = secrets.token_urlsafe(_BYTES).encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(value)
    return value


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Return a 32-byte key for one purpose (HKDF-SHA-256, RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=_BYTES, salt=None, info=f"unspoken {purpose}".encode()).derive(secret)
