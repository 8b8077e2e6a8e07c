"""What came in."""

from __future__ import annotations

from telegram import Message, Update


def message_of(update: Update) -> Message:
    """Return the message of an update whose handler is entered for messages; raises TypeError for another one."""
    message = update.effective_message
    if message is None:
        raise TypeError("an update without a message")
    return message
