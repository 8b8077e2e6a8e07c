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


def read_secrets(settings: Settings) -> list[bytes]:
    """Return the secrets, the present one first; makes `<data folder>/secret` (mode 0600) at first start.

    An earlier secret (UNSPOKEN_SECRET_OLD, or the second line of the file) still verifies and opens, it makes nothing.
    Where the folder cannot be written, a secret for this run is made: buttons then last until the next start.
    Raises SettingsError for a file that holds too little, such as one from a start that was cut off.
    """
    if settings.secret is not None:
        both = [settings.secret, *([settings.secret_old] if settings.secret_old is not None else [])]
        return [secret.get_secret_value().encode() for secret in both]
    path = secret_file(settings)
    try:
        values = _read_or_make(path).split()
    except OSError:
        return [secrets.token_bytes(_BYTES)]
    if not values or any(len(value) < SHORTEST_SECRET for value in values):
        raise SettingsError(f"{path}: holds no usable secret; delete the file and a new one is made")
    return values


def secret_file(settings: Settings) -> Path:
    """Return where the secret lies that was made at first start; it need not be there."""
    return settings.data_dir / _FILE


def _read_or_make(path: Path) -> bytes:
    if path.exists():
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # made by another program at this moment
        return path.read_bytes()
    value = secrets.token_urlsafe(_BYTES).encode()
    with os.fdopen(descriptor, "wb") as file:
        file.write(value)
    return value


def rotate_secret(settings: Settings) -> list[bytes]:
    """Put a new secret before the present one in the data folder; return both, the new one first.

    Raises SettingsError where UNSPOKEN_SECRET is set: whoever set it changes it.
    """
    if settings.secret is not None:
        raise SettingsError(
            "UNSPOKEN_SECRET is set: move it to UNSPOKEN_SECRET_OLD, put a new one in its place, run this again"
        )
    path = secret_file(settings)
    values = [secrets.token_urlsafe(_BYTES).encode(), read_secrets(settings)[0]]
    beside = path.with_name(f"{_FILE}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"\n".join(values))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return values


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Return a 32-byte key for one purpose (HKDF-SHA-256, RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=_BYTES, salt=None, info=f"unspoken {purpose}".encode()).derive(secret)
