"""Signs that the writer is under eighteen."""

from __future__ import annotations

import re

_NUMBERS = {"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
            "fifteen": 15, "sixteen": 16, "seventeen": 17, "aath": 8, "gyarah": 11, "barah": 12, "terah": 13,
           "chaudah": 14, "pandrah": 15, "solah": 16, "satrah": 17}  # fmt: skip
_MINOR = "(?:[89]|1[0-7]|" + "|".join(_NUMBERS) + ")"
# What may follow a number that is no age: a time together, a price, somebody else's years.
_UNITS = "months?|weeks?|days?|hours?|minutes?|percent|stone|kg|pounds?|quid|times?"
_NOT_AGE = rf"(?! (?:{_UNITS}|years? (?!old)))"
_AGE_UNIT = "(?:[mf]| years? old| yo| yrs? old)?"
_OWN_AGE: tuple[str, ...] = (
    rf" i am (?:a |an |only |just |like |nearly |almost |turning |still )*{_MINOR}{_AGE_UNIT}{_NOT_AGE} ",
    rf" i (?:only |just )?(?:turned|turn) {_MINOR}{_NOT_AGE} ",
    rf" (?:i|me|i am) {_MINOR}(?: ?[mf])?{_NOT_AGE} ",
    r" i am (?:in |a )*(?:year|yr) (?:7|8|9|10|11|12|13) ",
    r" i am still (?:at|in) school ",
    rf"^ iam (?:a |an |only |just )*{_MINOR}{_AGE_UNIT}{_NOT_AGE} ",
    r" i am (?:a |an )?(?:minor|underage|schoolgirl|schoolboy|in secondary school|in high school|in sixth form) ",
    r" my gcses? ",
    r" my (?:maths |english |science |pe |form |head |school |quran |arabic |piano )?teacher (?!training|husband|wife)",
)
# As brought to Latin letters: Hindi, Urdu, Punjabi, Bengali and Gujarati, in their own script or typed in ours.
_I = "(?:i|main|mein|mai|mainu)"
_AM = "(?:am|hoon|hun|hu|hoo|haan|han|aan|girl|guy|ladki|ladka|larki|larka)"
_AGE = "(?:age|umar|umr|umra|ummar|unmar|umer|voyso|boyosh|boyos)"
_CLASS = "(?:class|grade|standard|std|year)"
_FORM = "(?:[7-9]|1[0-2])"
_IN_CLASS = rf"(?:{_CLASS} {_FORM}(?:th)?|(?:the )?{_FORM}th {_CLASS})"
_OWN_AGE += (
    rf" {_I} (?:sirf |abhi |to |bas |only |just )*{_MINOR} (?:years )?(?:ki|ka|ke|di|da|de) {_AM} ",
    rf" (?:my|meri|mera|mari|mare|amar|amari|i) {_AGE} (?:sirf |abhi |only |just |is |hai )*{_MINOR}"
    rf"(?! (?:thi|tha|was|{_UNITS})) ",
    rf"^ {_AGE} (?:is )?{_MINOR}{_NOT_AGE} ",
    rf" {_I} (?:abhi |am in |in )*{_IN_CLASS} (?:me|mein|main|ch|in|am|hoon|hun) ",
    rf" (?:i am|we are) in {_IN_CLASS}(?! (?:of|into)) ",
    rf"(?:^| i am| i) (?:a |an |only |just )*(?:{_MINOR}(?:yo|yr|[mf])|[mf]{_MINOR})(?! (?:from|away|ago|is|to)) ",
    rf" as an? {_MINOR} years? old ",
    rf" at {_MINOR} i am ",
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
