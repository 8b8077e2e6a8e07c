"""Whether a question is about nobody in particular, so that it may be answered where others read.

It takes rather too much than too little for personal: whoever is led to the private chat loses nothing.
"""

from __future__ import annotations

import re

from bot.core.identify import Identifier
from bot.core.scripts import to_latin
from bot.core.values import Action, Decision, Direction

_WORD = re.compile(r"[^\W_]+")
_PEOPLE = frozenset(
    ["i", "im", "ive", "me", "my", "mine", "myself", "we", "weve", "us", "our", "ours", "ourselves", "he", "hes",
     "him", "his", "himself", "she", "shes", "her", "hers", "herself", "they", "theyre", "theyve", "them", "their",
     "theirs", "themselves", "main", "maine", "mera", "meri", "mere", "mujh", "mujhe", "mujhko", "mujhse", "hum",
     "humne", "humein", "humara", "humari", "humare", "ham", "hamne", "hamein", "hamara", "hamari", "hamare", "woh",
     "usne", "uska", "uski", "uske", "usko", "usse", "unka", "unki", "unke", "unko", "unse", "unhone", "apna",
     "apni", "apne", "shauhar", "shohar", "miyan", "biwi", "pati", "patni", "mainu", "menu", "sadda", "saada",
     "ohne", "ohna", "ami", "amar", "amake", "amader", "amra", "mane", "maru", "mari", "mara", "ame", "amaru",
     "amara"]
)  # fmt: skip
"""words of a question about somebody in particular, English ones and those of South Asia in English letters"""
_RELATED = frozenset(
    ["partner", "husband", "hubby", "wife", "spouse", "boyfriend", "girlfriend", "bf", "gf", "fiance", "fiancé",
     "fiancee", "fiancée", "mum", "mom", "mummy", "mother", "mil", "dad", "father", "brother", "sister", "son",
     "daughter", "uncle", "aunt", "auntie", "aunty", "cousin", "inlaws", "bhai", "behan", "bhabhi", "ammi", "abbu",
     "saas"]
)  # fmt: skip
"""who is somebody in particular too, but not after _ANY"""
_ANY = frozenset(["a", "an", "any", "your"])
"""anybody's: a question on a partner and their password is general"""


def is_general(text: str, decision: Decision, identifier: Identifier) -> bool:
    """Tell whether a text that `decision` is of asks clearly, of no danger, and about nobody in particular."""
    return (
        decision.action is Action.ANSWER
        and decision.intent is not None
        and decision.direction is Direction.NONE
        and not decision.risk.categories
        and not decision.under_18
        and not _names_anyone(text)
        and not identifier.find(text)
    )


def _names_anyone(text: str) -> bool:
    words = _WORD.findall(to_latin(text, {}).lower())
    before = ["", *words]
    return any(w in _PEOPLE or (w in _RELATED and before[i] not in _ANY) for i, w in enumerate(words))
