"""Logging that cannot give anyone away: our own lines only, tokens and web addresses cut out."""

from __future__ import annotations

import logging
import re
import sys
import threading

log = logging.getLogger(__name__)
_SECRETS = re.compile(r"\d{5,}:[A-Za-z0-9_-]{20,}|/bot[^/\s]+|https?://\S+")
_OURS = __name__.partition(".")[0]
_LOUD = (
    "httpx",
    "httpcore",
    "telegram",
    "telegram.ext",
    "aiohttp",
    "apscheduler",
    "sqlalchemy",
    "alembic",
    "aiosqlite",
    "asyncio",
    "uvicorn",
    "uvicorn.error",
)


class RedactingFormatter(logging.Formatter):
    """Formats a record without tokens, addresses or tracebacks: an error is its type and place."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for one record."""
        record.exc_text = None
        info, record.exc_info, record.stack_info = record.exc_info, None, None
        line = super().format(record)
        if info and info[1] is not None:
            line += f" [{place_of(info[1])}]"
        return _SECRETS.sub("[redacted]", line)


def place_of(error: BaseException) -> str:
    """Return an error's type and the innermost place in our own code; never its message."""
    place = "?"
    trace = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if "/bot/" in filename:
            place = f"bot/{filename.rsplit('/bot/', 1)[1]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"


def setup_logging(level: str) -> None:
    """Send our log to standard error; libraries are silent."""
    handler = logging.StreamHandler()
    handler.addFilter(_is_ours)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _LOUD:
        # Their messages may quote texts, names, ids and tokens at any level, so none of them is let through; those that
        # are used all the time do not even make theirs.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == _OURS


def quiet_crashes() -> None:
    """Have the log tell type and place of what fails in a thread or while it is cleared away; Python prints it all."""
    threading.excepthook = _say_place
    sys.unraisablehook = _say_place


def _say_place(failure: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
    if failure.exc_value is not None:
        log.error("something failed beside: %s", place_of(failure.exc_value))
