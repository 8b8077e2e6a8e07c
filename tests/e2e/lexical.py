"""`unspoken run` without the sentence encoder: starts and answers sooner, for tests that are about something else."""

from __future__ import annotations

import asyncio

from bot.app import run_bot
from bot.content.catalogue import require_catalogue
from bot.content.load import load_engine
from bot.content.paths import content_root
from bot.log import setup_logging
from bot.settings import load_settings

if __name__ == "__main__":
    settings = load_settings()
    setup_logging(settings.log_level)
    root = content_root()
    asyncio.run(run_bot(settings, load_engine(root, settings.data_dir, semantic=False), require_catalogue(root)))
