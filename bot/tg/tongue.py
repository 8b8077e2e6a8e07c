"""In which language a command is answered: commands hold no words to tell it by."""

from __future__ import annotations

from telegram import User

from bot.content.answers import Library
from bot.core.values import Context


def tongue_of(library: Library, before: Context, person: User | None) -> str:
    """Return the language of the last half hour (`before`), else that of the person's app, of which nothing is kept."""
    if before.lang is not None:
        return library.language_for(before.lang)
    return library.language_of_app(person.language_code if person is not None else None)
