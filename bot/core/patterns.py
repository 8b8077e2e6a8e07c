"""A small language for danger patterns over tokens, compiled to regular expressions.

Elements, separated by spaces: `word`; `wor*` (any word that begins so); `(a|b c|d)`; `<class>` (a named word list);
`~N` (up to N words, none of them a negation); `?` after an element makes it optional; `^` and `$` are the two ends
of a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.values import Direction, Urgency

NEGATIONS = frozenset({"not", "never", "no", "without", "nobody", "none", "nor"})
_ELEMENT = re.compile(r"~\d|<[a-z_]+>\??|\([^()]+\)\??|[a-z0-9*]+\??|\^|\$")
Needs = tuple[frozenset[str], ...]
_WORD = r"[^ ]+ "
_GAP_WORD = "(?!(?:" + "|".join(sorted(NEGATIONS)) + r") )[^ ]+ "


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled danger pattern."""

    category: str
    source: str
    regex: re.Pattern[str]
    needs: Needs
    """at least one word of each of these is in every match, the shortest list first; empty: always try"""
    direction: Direction
    urgency: Urgency
    explicit: bool
    leverage: bool = False
    sure: bool = False
    """care on its own word; other patterns need the classifier to find danger possible too"""

    def may_match(self, words: set[str]) -> bool:
        """Tell whether a message with these words could match: a quick look before the search."""
        for need in self.needs:  # noqa: SIM110 - tried dozens of times for each message: any() takes three times as long
            if need.isdisjoint(words):
                return False
        return True


def compile_source(source: str, classes: Mapping[str, Sequence[str]]) -> tuple[re.Pattern[str], Needs]:
    """Return (regex over ` word word `, needs); raises ValueError saying what is wrong with `source`."""
    rest = _ELEMENT.sub("", source).strip()
    if rest:
        raise ValueError(f"`{rest}` is no element of a pattern")
    parts: list[str] = []
    needs: list[frozenset[str]] = []
    for element in _ELEMENT.findall(source):
        if element in "^$":
            parts.append("^ " if element == "^" else "$")
            continue
        if element[0] == "~":
            parts.append(f"(?:{_GAP_WORD}){{0,{element[1]}}}")
            continue
        optional = element.endswith("?")
        choices = _choices(element.removesuffix("?"), classes)
        body = "(?:" + "|".join(_as_regex(c) for c in sorted(choices, key=len, reverse=True)) + ")"
        parts.append(body + ("?" if optional else ""))
        if not optional and not any("*" in c for c in choices):
            needs.append(frozenset(c.split()[0] for c in choices))
    if not parts:
        raise ValueError("a pattern without words")
    regex = "".join(parts)
    regex = regex if regex.startswith("^ ") else "(?<= )" + regex
    return re.compile(regex), tuple(sorted(needs, key=len))


def _choices(element: str, classes: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    if element[0] == "<":
        name = element[1:-1]
        if name not in classes:
            raise ValueError(f"unknown word class <{name}>")
        return tuple(classes[name])
    if element[0] == "(":
        choices: list[str] = []
        for choice in element[1:-1].split("|"):
            stripped = choice.strip()
            choices.extend(_choices(stripped, classes) if stripped.startswith("<") else (stripped,))
        return tuple(choices)
    return (element,)


def _as_regex(choice: str) -> str:
    return "".join(re.escape(w).replace(r"\*", "[^ ]*") + " " for w in choice.split())


def find(pattern: Pattern, line: str) -> tuple[int, int] | None:
    """Return the span of the first match in ` word word ` that no negation stands right before, else None."""
    for match in pattern.regex.finditer(line):
        before = line[: match.start()].split()[-2:]
        if not NEGATIONS.intersection(before) or match.group().split()[0] in NEGATIONS:
            return match.span()
    return None
