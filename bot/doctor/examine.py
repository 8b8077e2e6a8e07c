"""All checks in order, each in nobody else's way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.doctor.account import check_account, check_clock
from bot.doctor.content import check_checklist, check_content, check_matcher
from bot.doctor.finding import Finding, fail
from bot.doctor.machine import check_database, check_folder, check_secret, check_settings
from bot.errors import SettingsError
from bot.secret import read_secrets, secret_file
from bot.settings import Settings, load_settings
from bot.storage.seal import Seal


async def examine(
    root: Path, env_file: Path, make_seal: Callable[[list[bytes]], Seal], clock: Callable[[], float]
) -> AsyncIterator[Finding]:
    """Yield what every check finds, best known things first; changes nothing, here or at Telegram.

    `root` holds the content, `env_file` may hold the settings, `clock` gives seconds since 1970.
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        yield fail("settings", f"{error}; the rest needs them and was not looked at, but for content")
        settings = None
    today = datetime.fromtimestamp(clock(), UTC).date()
    if settings is None:
        for finding in check_content(root, today):
            yield finding
        return
    for finding in check_settings(settings, env_file):
        yield finding
    yield check_folder(settings.data_dir)
    yield check_secret(settings)
    yield await check_database(settings, _seal(settings, make_seal))
    for finding in (*check_content(root, today), check_checklist(settings, root), *check_matcher(settings, root)):
        yield finding
    for finding in (*await check_account(settings, clock), await check_clock(settings, clock)):
        yield finding


def _seal(settings: Settings, make_seal: Callable[[list[bytes]], Seal]) -> Seal | None:
    """Return the present keys; None where there is no secret, since looking must not make one."""
    there = settings.secret is not None or secret_file(settings).is_file()
    try:
        return make_seal(read_secrets(settings)) if there else None
    except SettingsError:
        return None
