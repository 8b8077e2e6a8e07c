"""Signs that the writer is under eighteen."""

from __future__ import annotations

import re

_NUMBERS = {"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
            "fifteen": 15, "sixteen": 16, "seventeen": 17}  # fmt: skip
_MINOR = "(?:[89]|1[0-7]|" + "|".join(_NUMBERS) + ")"
# What may follow a number that is no age: a time together, a price, somebody else's years.
_UNITS = "months?|weeks?|days?|hours?|minutes?|percent|stone|kg|pounds?|quid|times?"
_NOT_AGE = rf"(?! (?:{_UNITS}|years? (?!old)))"
_AGE_UNIT = "(?:[mf]| years? old| yo| yrs? old)?"
_OWN_AGE = (
    rf" i am (?:a |an |only |just |like |nearly |almost |turning |still )*{_MINOR}{_AGE_UNIT}{_NOT_AGE} ",
    rf" i (?:only |just )?(?:turned|turn) {_MINOR}{_NOT_AGE} ",
    rf" (?:i|me|i am) {_MINOR}(?: ?[mf])?{_NOT_AGE} ",
    r" i am in year (?:7|8|9|10|11|12|13) ",
    r" i am (?:a |an )?(?:minor|underage|schoolgirl|schoolboy|in secondary school|in high school|in sixth form) ",
    r" my gcses? ",
    r" my (?:maths |english |science |pe |form |head |school |quran |arabic |piano )?teacher (?!training|husband|wife)",
)
_PATTERN = re.compile("|".join(_OWN_AGE))
_PAST = re.compile(rf" (?:when|since|was|were|until) i (?:am|was|were|turned) |(?:when|since) i .{{0,12}}{_MINOR} ")
_OF_A_CHILD = re.compile(r" my (?:son|daughter|child|kid|children|kids|niece|nephew|pupil|stepchild) ")


def under_18(tokens: tuple[str, ...]) -> bool:
    """Tell whether the writer gives an age below eighteen, a school year or the like as their own."""
    line = " " + " ".join(tokens) + " "
    match = _PATTERN.search(line)
    if match is None:
        return False
    if "teacher" in match.group() or "gcse" in match.group():
        return _OF_A_CHILD.search(line) is None and " was " not in line
    return _PAST.search(line) is None
