"""Looking for English where another language is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from typing import Any

from bot.content.catalogue import Catalogue

_SHORTEST = 7
"""letters of a stretch of words that is looked for; shorter ones may be the same in both languages"""
_NAMES = re.compile(r"\{[a-z_]+\}|<[^>]+>|\n")


def english_left(catalogue: Catalogue, tag: str, html: str) -> Iterator[str]:
    """Yield the stretches of English system texts that stand in a text which is to be in the language `tag`."""
    plain = unescape(re.sub(r"<[^>]+>", "", html))
    for part in _stretches(catalogue.library.texts, catalogue.library.languages[tag].texts):
        if part in plain:
            yield part


def _stretches(english: Mapping[str, Any], own: Mapping[str, Any]) -> frozenset[str]:
    """Return the stretches between names in braces and tags of all English texts, but for those the language shares."""
    return frozenset(_parts(english)) - frozenset(_parts(own))


def _parts(texts: Any) -> Iterator[str]:
    if isinstance(texts, Mapping):
        for value in texts.values():
            yield from _parts(value)
    elif isinstance(texts, list):
        for value in texts:
            yield from _parts(value)
    else:
        for part in _split(str(texts)):
            if len(part) >= _SHORTEST and " " in part:
                yield part


@lru_cache(maxsize=4096)
def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip(" .,:;()?") for part in _NAMES.split(text))
