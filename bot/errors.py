"""The errors of the program: what a user may read, apart from any detail for us."""

from __future__ import annotations


class UnspokenError(Exception):
    """Base of every error we raise on purpose; its text may be shown to whoever runs the program."""


class SettingsError(UnspokenError):
    """A setting is missing or wrong; says which and how to mend it."""


class ContentError(UnspokenError):
    """Content files are broken; carries every problem as `path: problem`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class ModelError(UnspokenError):
    """The fitted matcher is missing, stale or unreadable; a refit mends it."""


class StorageError(UnspokenError):
    """The database cannot be used; the bot goes on without it."""


class PayloadError(UnspokenError):
    """A button's payload does not fit or does not verify."""


class TokenError(UnspokenError):
    """Telegram refused the token."""

    def __init__(self, line: str = "Telegram refuses the token; set UNSPOKEN_TOKEN to the one BotFather gave") -> None:
        super().__init__(line)


class DeafError(UnspokenError):
    """Updates no longer reach the program; whoever supervises it starts it again."""
