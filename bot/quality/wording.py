"""What no card may say: the rules of `responses/wording.yaml`, tried on cards as a reader sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from bot.content.reply import Reply
from bot.content.yamlfile import read_yaml

NAME = "responses/wording.yaml"
PLACES = ("care", "talk", "all")
_TAGS = re.compile(r"<[^>]+>")
_DENIED = re.compile(r"\b(not|never|no|nobody|don't|without|than)\b(?: \w+){0,6} ?$")
"""what stands shortly before a match, in the same part of its sentence, and turns it round"""
_DENIED_AFTER = re.compile(r"\s*(is|are|can|does|do) not\b")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where it holds, why, and what must not be said."""

    where: str
    why: str
    never: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """All rules."""

    rules: tuple[Rule, ...] = ()
    must: tuple[str, ...] = ()
    """what every card of danger says, in lower case"""


def load_wording(root: Path) -> tuple[Wording, tuple[str, ...]]:
    """Return the rules under `root` and the problems found."""
    data, problem = read_yaml(root / NAME, root)
    if problem or not isinstance(data, dict) or not isinstance(data.get("rules"), list):
        return Wording(), (problem or f"{NAME}: must hold `rules:`",)
    rules: list[Rule] = []
    problems: list[str] = []
    for number, item in enumerate(data["rules"], start=1):
        if (
            not isinstance(item, dict)
            or item.get("where") not in PLACES
            or not item.get("never")
            or not item.get("why")
        ):
            problems.append(f"{NAME}: rule {number} needs `where` ({', '.join(PLACES)}), `why` and `never`")
            continue
        try:
            never = tuple(re.compile(str(p)) for p in item["never"])
        except re.error as error:
            problems.append(f"{NAME}: rule {number}: a pattern does not compile ({error.msg})")
            continue
        rules.append(Rule(str(item["where"]), str(item["why"]), never))
    must = data.get("must", {})
    return Wording(tuple(rules), tuple(str(m) for m in must.get("care", ()))), tuple(problems)


def plain_text(html: str) -> str:
    """Return a card's text as read: no tags, lower case, straight quotes."""
    return unescape(_TAGS.sub("", html)).replace("\u2019", "'").lower()


def wording_problems(
    wording: Wording, html: str, *, care: bool, talk: bool = False, limits: bool = False
) -> Iterator[str]:
    """Yield what a card says that it may not; `limits` asks for what every card of danger must say."""
    text = plain_text(html)
    for rule in wording.rules:
        if rule.where != "all" and not (care if rule.where == "care" else talk):
            continue
        for pattern in rule.never:
            for match in pattern.finditer(text):
                if not _DENIED.search(text[: match.start()]) and not _DENIED_AFTER.match(text[match.end() :]):
                    yield f"says `{match.group()}`; {rule.why}"
    if limits:
        yield from (f"does not say `{phrase}`" for phrase in wording.must if phrase not in text)


def care_problems(reply: Reply, number: str) -> Iterator[str]:
    """Yield what is wrong with the order of a care card: neutral line, number with its country, one line.

    `number` is the emergency number of the country shown; cards that lead with another script have it too.
    """
    lines = [line for line in reply.html.split("\n") if line.strip()]
    if re.search(r"\d", lines[0]):
        yield "line 1 holds a digit; a lock screen shows it"
    if number not in lines[1] or ":" not in lines[1].split("<b>")[0]:
        yield "line 2 must be the emergency number with its country"
    numbers = sum(1 for line in lines if re.search(r"<b>[+\d][\d ]*</b>", line))
    if numbers > _MOST_NUMBERS:
        yield f"shows {numbers} numbers; one line first, a pair at most, more on request"


_MOST_NUMBERS = 3
"""the emergency number, and a pair"""
