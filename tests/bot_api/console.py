"""A line-based console: type what a person says, or the number of a button."""

import asyncio
import sys
import threading

from .messages import Message
from .people import Person
from .server import BotApiServer


def show(message: Message, *, edited: bool = False) -> str:
    """Returns a message of the bot as lines, its buttons numbered."""
    marks = [mark for mark, on in (("edited", edited), ("protected", message.protect_content)) if on]
    lines = [f"bot{' (' + ', '.join(marks) + ')' if marks else ''}: {message.text or f'[{message.kind}]'}"]
    for number, button in enumerate(message.buttons, start=1):
        target = button.url or (f"copy: {button.copy_text}" if button.copy_text else "")
        lines.append(f"  {number}. {button.text}{'  ' + target if target else ''}")
    return "\n".join(lines) + "\n"


async def talk(api: BotApiServer, person: Person) -> None:
    """Passes lines to the bot and prints what it sends, until the input ends."""
    last: list[Message] = []
    watchers = [asyncio.create_task(_watch(person, last, edited=edited)) for edited in (False, True)]
    try:
        lines = _read_lines()
        while (line := await lines.get()) is not None:
            if (text := line.strip()) and (problem := await _act(person, text, last)):
                _write(f"({problem})\n")
        # The last line deserves its answer, too, when the input was a file.
        await _settle(api)
    finally:
        for watcher in watchers:
            watcher.cancel()


async def _act(person: Person, text: str, last: list[Message]) -> str:
    if not text.isdigit() or not last:
        await person.say(text)
        return ""
    buttons = last[-1].buttons
    if not 1 <= int(text) <= len(buttons):
        return f"the last message has {len(buttons)} buttons"
    button = buttons[int(text) - 1]
    if button.callback_data is None:
        return "this button sends nothing to the bot"
    await person.press_data(last[-1], button.callback_data)
    return ""


async def _watch(person: Person, last: list[Message], *, edited: bool) -> None:
    following = person.next_edit if edited else person.next_reply
    while True:
        try:
            message = await following(timeout=3600)
        except TimeoutError:
            continue
        last.append(message)
        _write(show(message, edited=edited))


async def _settle(api: BotApiServer) -> None:
    try:
        await api.wait_until_taken(timeout=10)
    except TimeoutError:
        _write("(no bot took the last message)\n")


def _read_lines() -> asyncio.Queue[str | None]:
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    # A daemon, because nothing can interrupt a thread that waits for a line.
    threading.Thread(target=read, daemon=True).start()
    return lines


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
