"""How cards must sound: the rules of `responses/tone.yaml`, tried on cards as a reader sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.content.yamlfile import read_yaml
from bot.quality.reading import grade
from bot.quality.wording import plain_text

NAME = "responses/tone.yaml"
_KEYS = frozenset({"neutral_characters", "reveal", "most_words", "highest_grade", "banned", "gendered",
                   "gendered_allowed", "balance"})  # fmt: skip
_FOLDED = re.compile(r"<blockquote expandable>.*?</blockquote>", re.S)
_WORD = re.compile(r"\w[\w'’-]*")


@dataclass(frozen=True, slots=True)
class Tone:
    """All rules, compiled."""

    neutral: int = 60
    most_words: int = 90
    highest_grade: float = 6.5
    reveal: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    banned: Mapping[str, tuple[re.Pattern[str], ...]] = field(default_factory=dict)
    gendered: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    gendered_allowed: frozenset[str] = frozenset()
    balance: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


def load_tone(root: Path) -> tuple[Tone, tuple[str, ...]]:
    """Return the rules under `root` and the problems found."""
    data, problem = read_yaml(root / NAME, root)
    if problem or not isinstance(data, dict) or set(data) != _KEYS:
        return Tone(), (problem or f"{NAME}: must hold {', '.join(sorted(_KEYS))}",)
    try:
        return Tone(
            int(data["neutral_characters"]),
            int(data["most_words"]),
            float(data["highest_grade"]),
            {lang: _words(words) for lang, words in data["reveal"].items()},
            {lang: tuple(re.compile(p) for p in patterns) for lang, patterns in data["banned"].items()},
            {lang: _words(words) for lang, words in data["gendered"].items()},
            frozenset(data["gendered_allowed"]),
            {side: _words(words) for side, words in data["balance"].items()},
        ), ()
    except (AttributeError, TypeError, ValueError, re.error) as error:
        return Tone(), (f"{NAME}: {type(error).__name__}: {error}",)


def _words(words: Sequence[Any]) -> re.Pattern[str]:
    """Return a pattern that finds any of the words; `*` stands for any ending."""
    parts = (re.escape(str(w)).replace(r"\*", r"\w*") for w in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.I)


def neutral_problems(tone: Tone, html: str) -> Iterator[str]:
    """Yield words in the first characters of a message that a lock screen must not show, in whatever language."""
    text = plain_text(html)
    start = text[: tone.neutral]
    if text[tone.neutral : tone.neutral + 1].isalnum():
        start = re.sub(r"\w+$", "", start)  # half a word is no word
    for lang, pattern in tone.reveal.items():
        found = pattern.search(start)
        if found is not None:
            yield f"`{found.group()}` ({lang}) stands in the first {tone.neutral} characters; a lock screen shows them"


def answer_problems(tone: Tone, html: str, intent: str, lang: str, *, light: bool) -> Iterator[str]:
    """Yield what is wrong with the tone of an answer; `light` ones (thanks, how it works) take no side to balance."""
    text = plain_text(html)
    shown = plain_text(_FOLDED.sub("", html))
    words = len(_WORD.findall(shown))
    if words > tone.most_words:
        yield f"shows {words} words before what is folded; {tone.most_words} fit"
    for pattern in tone.banned.get(lang, ()):
        found = pattern.search(text)
        if found is not None:
            yield f"says `{found.group()}`, which is on the list of banned phrasings"
    if intent not in tone.gendered_allowed and lang in tone.gendered:
        found = tone.gendered[lang].search(text)
        if found is not None:
            yield f"says `{found.group()}`; cards assume no gender"
    if lang != "en":
        return
    hard = grade(text)
    if hard > tone.highest_grade:
        yield f"reads at grade {hard:.1f}; {tone.highest_grade} at most (shorter sentences, shorter words)"
    if not light:
        for side, pattern in tone.balance.items():
            if not pattern.search(text):
                yield f"holds nothing for the {side}"
