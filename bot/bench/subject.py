"""Unspoken as a program of its own to measure: `python -m bot.bench.subject [lexical]`."""

from __future__ import annotations

import asyncio
import sys

from bot.app import run_bot
from bot.content.catalogue import require_catalogue
from bot.content.paths import content_root
from bot.log import setup_logging
from bot.settings import load_settings
from bot.start import make_engine

if __name__ == "__main__":
    settings = load_settings()
    setup_logging("ERROR")
    engine = make_engine(settings, semantic="lexical" not in sys.argv[1:])
    asyncio.run(run_bot(settings, engine, require_catalogue(content_root())))
