"""Whether Telegram would accept a text as HTML: its own few tags, closed in order, everything else escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TAGS = frozenset({"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote",
                   "tg-spoiler", "span"})  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)([^<>]*)>")
_ENTITY = re.compile(r"&(#\d+|#x[0-9a-fA-F]+|lt|gt|amp|quot);")
_SPAN = ' class="tg-spoiler"'


def markup_problems(html: str) -> Iterator[str]:
    """Yield what Telegram would refuse in `html` (Bot API, "HTML style"), and an empty text."""
    stack: list[str] = []
    position = 0
    for match in _TAG.finditer(html):
        yield from _text_problems(html[position : match.start()])
        position = match.end()
        closing, tag, rest = match.groups()
        tag = tag.lower()
        if tag not in _TAGS or (tag == "span" and not closing and rest != _SPAN):
            yield f"<{tag}> is no tag that Telegram knows"
        elif not closing:
            stack.append(tag)
        elif not stack or stack.pop() != tag:
            yield f"</{tag}> closes what is not open"
    yield from _text_problems(html[position:])
    if stack:
        yield f"<{stack[-1]}> is not closed"
    if not _TAG.sub("", html).strip():
        yield "is empty"


def _text_problems(text: str) -> Iterator[str]:
    if "<" in text or ">" in text:
        yield "holds a bare < or >; write &lt; or &gt;"
    if "&" in _ENTITY.sub("", text):
        yield "holds a bare &; write &amp;"
