"""Short messages that mean something only after our last card: yes, no, why, the other one, what about her."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from bot.core.values import Context, Direction


class FollowUp(StrEnum):
    """What a short message asks of the last card."""

    YES = "yes"
    NO = "no"
    PICK = "pick"
    OTHER_ONE = "other_one"
    WHY = "why"
    SWAP = "swap"
    GO_ON = "go_on"
    """has words of its own but leans on the last card: "and if he deletes them?" """


def _lines(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split("/"))


_YES = _lines(
    "yes / yeah / yep / yea / yh / yup / haan / han / haanji / ji / hanji / ha / sure / correct / exactly / "
    "true / i am / i do / it is / he does / they do / that is it / yes please / yes i am / yes i do / yes he "
    "does / yes it is / yes that is it / ji haan / haan ji / hyan / hoy / i think so / yes i think so / "
    "sometimes yes"
)
_NO = _lines(
    "no / nope / nah / not / na / no thanks / not really / no i am not / no i do not / no he does not / not at "
    "all / nahi ji / no no / no not that / not that / something else / no something else / no it is not / of "
    "course not / no way / i am not / i do not"
)
_WHY = _lines("why / but why / why is that / why though / how come / why so / and why / why not / why what")
_NUMBERS = {"1": 0, "first": 0, "2": 1, "two": 1, "second": 1, "3": 2, "three": 2, "third": 2, "last": -1,
            "pehla": 0, "pehli": 0, "dusra": 1, "teesra": 2}  # fmt: skip
_FILLER = _lines(
    "the / a / one / option / number / i / mean / please / no / not / that / it / was / is / okay / um / "
    "choice / answer / wala / wali"
)
_SIDES = frozenset({"his", "he", "me", "i", "they", "them", "did", "do", "does", "partner", "spouse", "boyfriend"})
_LEADS = frozenset({"and", "but", "what", "then", "so", "also", "even", "or", "if", "lekin", "magar", "okay"})
_POINTERS = frozenset({"his", "he", "they", "them", "me", "i", "it", "that", "those", "this", "these", "one"})
_MAX_WORDS = 9
_MAX_SWAP = 5


def needs_context(tokens: Sequence[str]) -> bool:
    """Tell whether the message says nothing without a last card."""
    line = " ".join(tokens)
    return line in _YES or line in _NO or line in _WHY or _is_other_one(tokens)


def read_followup(tokens: Sequence[str], context: Context) -> tuple[FollowUp, int] | None:
    """Return (kind, index of the choice for PICK), or None when the message stands on its own.

    `tokens` are the cleaned, gender-folded words; nothing is a follow-up without a last card.
    """
    if not tokens or len(tokens) > _MAX_WORDS or (context.node is None and not context.choices):
        return None
    line = " ".join(tokens)
    if line in _YES:
        return FollowUp.YES, 0
    picked = _pick(tokens, len(context.choices)) if context.choices else None
    if picked is not None:
        return FollowUp.PICK, picked
    if _is_other_one(tokens):
        return FollowUp.OTHER_ONE, 0
    if line in _NO:
        return FollowUp.NO, 0
    if line in _WHY:
        return FollowUp.WHY, 0
    opens = tuple(tokens[:2]) in {("what", "about"), ("and", "what"), ("what", "if")}
    if opens and len(tokens) <= _MAX_SWAP and tokens[-1] in _SIDES:
        return FollowUp.SWAP, 0
    if tokens[0] in _LEADS and _POINTERS.intersection(tokens):
        return FollowUp.GO_ON, 0
    return None


def _is_other_one(tokens: Sequence[str]) -> bool:
    return "other" in tokens and "one" in tokens and len(tokens) <= _MAX_SWAP


def _pick(tokens: Sequence[str], count: int) -> int | None:
    """Return the index that the message names among `count` choices, or None."""
    rest = [t for t in tokens if t not in _FILLER]
    if len(rest) == 1 and -1 <= _NUMBERS.get(rest[0], count) < count:
        return _NUMBERS[rest[0]] % count
    return 0 if tuple(tokens) == ("one",) else None


def swapped(direction: Direction, tokens: Sequence[str]) -> Direction:
    """Return whose side "what about ..." asks for: me, or the other person; else the opposite of the last card's."""
    if tokens[-1] in {"me", "i"} or "i" in tokens:
        return Direction.SELF
    if tokens[-1] in {"his", "he", "they", "them", "partner", "spouse", "boyfriend"} and direction is Direction.NONE:
        return Direction.PARTNER
    return Direction.SELF if direction is Direction.PARTNER else Direction.PARTNER


def context_words(node: str) -> tuple[str, ...]:
    """Return the words that an intent's id lends to a message which leans on it."""
    return tuple(w for w in node.split("_") if w not in {"or", "and", "of", "to", "is", "it", "by"})
