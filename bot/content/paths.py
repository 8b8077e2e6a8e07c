"""Where the content folders are: inside an installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_PACKAGED = _PACKAGE / "_content"
_CHECKOUT = _PACKAGE.parent


def content_root() -> Path:
    """Return the folder that holds `intents/` and `responses/`."""
    # The checkout comes first: an editable install may leave a stale packaged copy behind.
    if (_CHECKOUT / "intents").is_dir() and (_CHECKOUT / "pyproject.toml").is_file():
        return _CHECKOUT
    return _PACKAGED


def sentences_root() -> Path:
    """Return the folder of the test sentences; it exists in a checkout only."""
    return _CHECKOUT / "tests" / "sentences"


def default_data_dir() -> Path:
    """Return where the database, the key and the fitted matcher live unless a setting says otherwise."""
    if content_root() == _CHECKOUT:
        return _CHECKOUT / "data"
    return Path.home() / ".local" / "share" / "unspoken"
