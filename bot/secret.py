"""The secret that keys are derived from: the set one, else one made at first start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import SettingsError
from bot.settings import SHORTEST_SECRET, Settings

_FILE = "secret"
_BYTES = 32


def read_secret(settings: Settings) -> bytes:
    """Return the secret; makes `<data folder>/secret` (mode 0600) at first start.

    Where the folder cannot be written, a secret for this run is made: buttons then last until the next start.
    Raises SettingsError for a file that holds too little, such as one from a start that was cut off.
    """
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    path = settings.data_dir / _FILE
    try:
        value = _read_or_make(path)
    except OSError:
        return secrets.token_bytes(_BYTES)
    if len(value) < SHORTEST_SECRET:
        raise SettingsError(f"{path}: holds no usable secret; delete the file and a new one is made")
    return value


def _read_or_make(path: Path) -> bytes:
    if path.exists():
        return path.read_bytes().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    value = secrets.token_urlsafe(_BYTES).encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # made by another program at this moment
        return path.read_bytes().strip()
    with os.fdopen(descriptor, "wb") as file:
        file.write(value)
    return value


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Return a 32-byte key for one purpose (HKDF-SHA-256, RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=_BYTES, salt=None, info=f"unspoken {purpose}".encode()).derive(secret)
