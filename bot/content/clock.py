"""The renderer with the real clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from markupsafe import escape

from bot.content.catalogue import Catalogue
from bot.content.render import Renderer


def make_renderer(
    country: str, operator: str | None, catalogue: Catalogue, timezone: str = "Europe/London"
) -> Renderer:
    """Return the writer of replies for an operator's country, contact and clock."""
    renderer = Renderer(catalogue, lambda: dt.datetime.now(dt.UTC), country, ZoneInfo(timezone), operator)
    return replace(renderer, static_text=str(escape(renderer.last_resort())))
