"""Words that differ only by gender or by spelling habit become one, so that both sides share what is learnt."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

# One token per role: swapping the gender of anybody in a message changes nothing that the matcher sees.
_ROLES = {
    "he": ("he", "she"),
    "his": ("his", "him", "her", "hers"),
    "himself": ("himself", "herself"),
    "spouse": ("husband", "wife"),
    "boyfriend": ("boyfriend", "girlfriend"),
    "partner": ("partner",),
    "guy": ("guy", "girl", "boy", "man", "woman", "lad", "gal", "male", "female", "bloke", "chap", "gentleman"),
    "parent": ("mother", "father"),
    "sibling": ("brother", "sister"),
    "uncle": ("uncle", "aunt", "aunty", "auntie"),
    "cousin": ("cousin",),
    "child": ("son", "daughter"),
    "inlaw": ("in laws", "inlaw"),
}
_TO_ROLE = {word: role for role, words in _ROLES.items() for word in words}
_FEMALE = frozenset({"woman", "girl", "female", "lesbian", "lady"})
_MALE = frozenset({"man", "guy", "boy", "male"})
_FEMALE_PARTNER = frozenset({"wife", "girlfriend"})
_MALE_PARTNER = frozenset({"husband", "boyfriend"})
SAME_SEX = "samesexcouple"
"""a token of our own: the writer named their own gender and a partner of the same"""


def fold_gender(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Return `tokens` with gendered words replaced by their role; a same-sex couple is marked first."""
    folded = tuple(_TO_ROLE.get(t, t) for t in tokens)
    return (*folded, SAME_SEX) if _is_same_sex(tokens) else folded


def _is_same_sex(tokens: tuple[str, ...]) -> bool:
    """Tell whether the writer says "I am a woman ... my wife" or the like."""
    own = None
    for i in range(len(tokens) - 3):
        if tokens[i] == "i" and tokens[i + 1] == "am" and tokens[i + 2] == "a":
            own = "f" if tokens[i + 3] in _FEMALE else "m" if tokens[i + 3] in _MALE else own
    if own is None:
        return False
    mine = {b for a, b in pairwise(tokens) if a == "my"}
    return bool(mine & (_FEMALE_PARTNER if own == "f" else _MALE_PARTNER))


_SIDES = {"i": "he", "me": "his", "my": "his", "mine": "his", "myself": "himself", "am": "is"}
_BACK = {"he": "i", "his": "my", "himself": "myself"}


def swap_sides(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Return the message told from the other chair: "i text my ex" and "he text his ex" become each other."""
    return tuple(_SIDES.get(t) or _BACK.get(t, t) for t in tokens)


@lru_cache(maxsize=20_000)
def sound_key(word: str) -> str:
    """Return how a Roman-script Hindi, Urdu, Punjabi, Bengali or Gujarati word sounds, spelling habits apart."""
    key = word
    for old, new in _SOUNDS:
        key = key.replace(old, new)
    out: list[str] = []
    for ch in key:
        if not out or out[-1] != ch:
            out.append(ch)
    key = "".join(out)
    if len(key) > 3 and key[-1] == "h":
        key = key[:-1]
    if len(key) > 3 and key[-1] == "n" and key[-2] in "aeiou":
        key = key[:-1]
    return key


_SOUNDS = (
    ("ee", "i"), ("oo", "u"), ("aa", "a"), ("ou", "o"), ("au", "o"), ("ai", "e"), ("ay", "e"), ("ei", "e"), ("ey", "e"),
    ("ph", "f"), ("w", "v"), ("q", "k"), ("x", "ks"), ("z", "j"), ("kh", "k"), ("gh", "g"), ("bh", "b"), ("dh", "d"),
    ("th", "t"), ("chh", "ch"), ("ie", "i"), ("iy", "i"), ("y", "i"),
)  # fmt: skip


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return a light English stem: plural, -ing, -ed, -er and -ly taken off (after Porter's step 1, simplified)."""
    if len(word) < 5:
        return word[:-1] if len(word) == 4 and word[-1] == "s" and word[-2] != "s" else word
    for ending, put in (
        ("ies", "y"),
        ("ying", "y"),
        ("ied", "y"),
        ("ing", ""),
        ("edly", ""),
        ("ed", ""),
        ("ly", ""),
        ("es", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not (ending == "s" and word.endswith("ss")):
            base = word[: len(word) - len(ending)] + put
            if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            return base.removesuffix("e")
    return word.removesuffix("e")
