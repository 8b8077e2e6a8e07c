"""The renderer with the real clock."""

from __future__ import annotations

import datetime as dt

from bot.content.catalogue import Catalogue
from bot.content.render import Renderer


def make_renderer(country: str, operator: str | None, catalogue: Catalogue) -> Renderer:
    """Return the writer of replies for an operator's country and contact."""
    return Renderer(catalogue, lambda: dt.datetime.now(dt.UTC), country, operator)
