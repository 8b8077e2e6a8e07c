"""Deeds that are said not to have happened become words of their own."""

from __future__ import annotations

from collections.abc import Iterator

_NEGATORS = frozenset({"not", "never"})
_BETWEEN = frozenset({"even", "once", "ever", "actually", "really", "physically", "yet"})
_DEEDS = frozenset(
    [
        "hit",
        "hits",
        "hitting",
        "beat",
        "beats",
        "beating",
        "slap",
        "slapped",
        "slaps",
        "punch",
        "punched",
        "kick",
        "kicked",
        "push",
        "pushed",
        "shove",
        "shoved",
        "hurt",
        "hurts",
        "hurting",
        "threaten",
        "threatens",
        "threatened",
        "force",
        "forced",
        "forces",
        "rape",
        "raped",
        "touch",
        "touched",
        "abuse",
        "abused",
        "choke",
        "choked",
        "strangled",
        "attacked",
        "harm",
        "harmed",
        "follow",
        "followed",
        "stalk",
        "stalked",
        "violent",
        "abusive",
        "controlling",
        "suicidal",
    ]
)


def mark_negated(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Return `tokens` with each denied deed marked: "he never hit me" holds `not_hit`, and no `hit`.

    Only a deed right after the negation counts, so "he would not stop hitting me" stays as it is.
    """
    out = list(tokens)
    for _, j in _denials(tokens):
        if tokens[j] in _DEEDS:
            out[j] = f"not_{tokens[j]}"
    return tuple(out)


def _denials(tokens: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield (place of a negation, place of the word it denies), small words in between skipped."""
    for i, word in enumerate(tokens):
        if word not in _NEGATORS:
            continue
        j = i + 1
        while j < len(tokens) and tokens[j] in _BETWEEN:
            j += 1
        if j < len(tokens):
            yield i, j


_ACTS = frozenset(
    {
        "call", "called", "calls", "cheat", "cheated", "cheats", "comment", "commented", "comments", "delete",
        "deleted", "deletes", "flirt", "flirted", "flirts", "follow", "followed", "follows", "hid", "hide",
        "hides", "kiss", "kissed", "lie", "lied", "lies", "like", "liked", "likes", "meet", "meets", "message",
        "messaged", "messages", "messaging", "met", "replied", "replies", "reply", "send", "sends", "sent",
        "sleep", "slept", "text", "texted", "texts", "watch", "watched", "watches"
    }
)  # fmt: skip
_SUBJECTS = frozenset({"he", "i", "they", "spouse", "boyfriend", "partner", "fiance"})
_HELPERS = frozenset({"do", "does", "did", "have", "has", "had", "is", "was"})


def denies_act(tokens: tuple[str, ...]) -> bool:
    """Tell whether somebody is said *not* to have done the act: "he did not delete them", "i never replied"."""
    for i, j in _denials(tokens):
        before = tokens[max(0, i - 2) : i]
        spoken_of = bool(_SUBJECTS.intersection(before)) and (tokens[i] == "never" or before[-1] in _HELPERS)
        if spoken_of and tokens[j] in _ACTS:
            return True
    return False
