"""Signs that the writer is under eighteen."""

from __future__ import annotations

from collections.abc import Sequence

_ADULT = 18
_YOUNGEST = 8
_SCHOOL = frozenset({"gcse", "gcses", "sixthform", "homeroom", "schoolgirl", "schoolboy", "underage"})
_YEARS = frozenset({str(n) for n in range(7, 12)})
_NUMBER_WORDS = {"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
                 "fifteen": 15, "sixteen": 16, "seventeen": 17}  # fmt: skip
_SHARED_AGE_UNITS = frozenset({"months", "month", "weeks", "days", "years together", "weeks pregnant"})


def under_18(tokens: Sequence[str]) -> bool:
    """Tell whether the writer gives an age below eighteen or a school year as their own."""
    for i, token in enumerate(tokens):
        before = tuple(tokens[max(0, i - 3) : i])
        after = tuple(tokens[i + 1 : i + 4])
        age = _NUMBER_WORDS.get(token, int(token) if token.isdigit() and len(token) <= 2 else 0)
        if _YOUNGEST <= age < _ADULT:
            mine = before[-2:] == ("i", "am") or before[-3:-1] == ("i", "am") or before[-1:] == ("i",)
            units = frozenset(after[:1]) & {
                "months",
                "month",
                "weeks",
                "week",
                "days",
                "minutes",
                "hours",
                "percent",
                "stone",
            }
            past = "was" in before or "since" in before or "when" in before[-3:-1]
            old = after[:2] in {("years", "old"), ("year", "old")} and "i" in before
            if (
                (mine or old)
                and not units
                and not past
                and after[:2] not in {("years", "older"), ("years", "together")}
                and not (after[:1] == ("years",) and after[1:2] != ("old",))
            ):
                return True
        if (
            len(token) == 3
            and token[:2].isdigit()
            and token[2] in "mf"
            and _YOUNGEST <= int(token[:2]) < _ADULT
            and "i" in before
        ):
            return True
        if token == "year" and after[:1] and after[0] in _YEARS and {"i", "am"} & set(before):
            return True
        if token in _SCHOOL and {"i", "my"} & set(tokens[max(0, i - 6) : i]):
            return True
        if token == "teacher" and before[-1:] == ("my",) and not {"was", "used", "son", "daughter"} & set(tokens):
            return True
    return False
