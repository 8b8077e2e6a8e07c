"""Deeds that are said not to have happened become words of their own."""

from __future__ import annotations

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
    for i, token in enumerate(tokens):
        if token not in _NEGATORS:
            continue
        j = i + 1
        while j < len(tokens) and tokens[j] in _BETWEEN:
            j += 1
        if j < len(tokens) and tokens[j] in _DEEDS:
            out[j] = f"not_{tokens[j]}"
    return tuple(out)
