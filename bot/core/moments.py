"""Passages of a draft that tell a day, an hour or somebody's age."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.clues import Clues, Draft, Kind, Mark

_FULL = "january|february|march|april|june|july|august|september|october|november|december"
_MONTH = f"(?:{_FULL}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|jumma|jummah"
_BEFORE = (
    r"(?:\b(?P<before>on|in|since|from|until|till|before|after|around|about|by|last|this|next|back in|born on|dated)"
    r" +(?:the +)?)?"
)
_YEAR = r"(?:19[4-9]\d|20[0-4]\d)"
_PART = r"(?: +(?:morning|evening|night|afternoon|lunchtime))?"
_DATES = tuple(
    re.compile(_BEFORE + pattern, re.I)
    for pattern in (
        rf"\b\d{{1,2}}(?:st|nd|rd|th)? *(?:of +)?(?:{_MONTH}|may)\b(?:,? *(?P<year>{_YEAR}|'?\d\d)\b)?",
        rf"\b(?:{_MONTH}\b(?: +the)? +\d{{1,2}}(?:st|nd|rd|th)?|may(?: +the)? +\d{{1,2}}(?:st|nd|rd|th))\b"
        rf"(?:,? +(?P<year>{_YEAR}))?",
        rf"\b(?:{_MONTH}|may),? +(?P<year>{_YEAR})\b",
        r"\b\d{1,2} ?[/.-] ?\d{1,2} ?[/.-] ?(?P<year>\d{4}|\d{2})\b",
        r"\b(?P<year>\d{4})-\d{1,2}-\d{1,2}\b",
    )
)
_DATES_NEED_BEFORE = tuple(
    re.compile(_BEFORE.removesuffix("?") + pattern, re.I)
    for pattern in (
        rf"\b(?:{_FULL}|may)\b(?! (?:i|you|he|she|we|they|be|have|not)\b)",
        r"\d{1,2}/\d{1,2}\b",
        rf"(?:{_DAYS})s?\b{_PART}",
        rf"(?:{_DAYS}) +(?:the +)?\d{{1,2}}(?:st|nd|rd|th)?\b",
        r"\d{1,2}(?:st|nd|rd|th)\b(?! (?:time|one|child|year|date|person|floor|class|cousin|wife|marriage|birthday))",
    )
)
_NO_YEAR = r"(?![%/:-]|,\d| ?(?:pounds|quid|rupees|rs|taka|people|miles|km|followers))"
_LONE_YEAR = re.compile(_BEFORE + rf"(?<![\d£$€₹.,:/-])\b(?P<year>{_YEAR})\b{_NO_YEAR}", re.I)
_HOUR = re.compile(r"\b(?:at +)?\d{1,2}(?:[:.]\d\d)? ?(?:am|pm|a\.m\.|p\.m\.)(?!\w)|\bat +\d{1,2}[:.]\d\d\b", re.I)
_KEPT_BEFORE = {"until", "till", "before", "after", "around", "about", "by"}

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPELT = rf"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES)}))?|{'|'.join(_TEENS)}|{'|'.join(_ONES)})"
_NUMBER = rf"(?P<n>\b\d{{1,2}}\b|\b{_SPELT}\b)"
_OLD = r"(?:[ -]?(?:years?|yrs?)[ -]?olds?|[ -]?(?:yo|y/o)|[ -]?yrs?)?(?!\w)"
_AFTER_AGE = (
    r"(?=\s*(?:$|[,.;:!?)\n…]|-(?!\d))| +(?:and|but|so|now|when|while|with|who|from|because|bc|cos|though|already|this"
    r"|next|today|tomorrow|soon|too|male|female|[mf]|living|married|unmarried|single|divorced|engaged|widowed|working"
    r"|i|im|i'm|he|she|we|they|my|his|her|our|have|has|had|got|been|never|still|just)\b)"
)
"""what may follow an age; after anything else ("34 weeks", "2 faced") the number is none"""
_HOW = r"(?:(?:a|an|only|just|like|now|currently|nearly|almost|about|around|still|turning|already) +)*"
_OWN = re.compile(rf"\b(?:i'?m|i’m|i am|i was|me|myself)[ ,(]+{_HOW}{_NUMBER}{_OLD}{_AFTER_AGE}", re.I)
_OTHERS = re.compile(
    r"\b(?P<who>he|she|they|who|(?:my|his|her|their|our) [a-z-]+)(?:['’]?s| is| was| are| were|['’]re|,)? +[(]?"
    rf"{_HOW}{_NUMBER}{_OLD}{_AFTER_AGE}",
    re.I,
)
_OLD_NOUN = re.compile(
    rf"{_NUMBER}(?:[ -]?(?:years?|yrs?|yr)[ -]?olds?|[ -]?(?:yo|y/o))\b(?=(?P<noun> +[a-z]+)?)", re.I
)
_LETTER = re.compile(r"\b(?P<n>\d\d) ?f\b|\bf ?(?P<n2>\d\d)\b|(?<=\()(?P<n3>\d\d) ?m\b|(?<=\()m ?(?P<n4>\d\d)\b", re.I)
_AGED = re.compile(
    rf"\b(?:(?P<at>(?:at|from|since) (?:the )?age(?: of)?)|(?P<aged>aged?|umar|umr|age is):? )\s*{_NUMBER}\b", re.I
)
_TURNED = re.compile(rf"\b(?:turned|turning|turn) {_NUMBER}{_AFTER_AGE}", re.I)
_SAAL = re.compile(rf"{_NUMBER} ?sa+l (?:ka|ki|ke)\b", re.I)
_MINE, _THEIRS = "my", "their"
_ME = frozenset({"i", "im", "i'm", "me", "am", "myself"})
_MALE = frozenset(
    ["he", "he's", "hes", "husband", "hubby", "boyfriend", "bf", "fiance", "brother", "bro", "dad", "father", "son",
     "uncle", "nephew"]
)  # fmt: skip
_FEMALE = frozenset(
    ["she", "she's", "shes", "wife", "girlfriend", "gf", "fiancee", "sister", "sis", "mum", "mother", "daughter",
     "aunt", "aunty", "auntie", "niece"]
)  # fmt: skip
_OLDEST = 99
_CHILD, _ADULT = 13, 20


def find_dates(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield dates, months, weekdays and years with the word before them, and hours of the day."""
    for pattern in (*_DATES, *_DATES_NEED_BEFORE, _LONE_YEAR):
        for match in pattern.finditer(draft.text):
            before = (match.group("before") or "").lower()
            year = "year" in pattern.groupindex and match.group("year") is not None
            yield Mark(match.start(), match.end(), Kind.DATE, _softer_date(before, clues, year=year))
    for match in _HOUR.finditer(draft.text):
        yield Mark(match.start(), match.end(), Kind.DATE, clues.softer["hour"])


def _softer_date(before: str, clues: Clues, *, year: bool) -> str:
    if before == "since":
        return clues.softer["since"]
    if before == "next":
        return clues.softer["coming"]
    if before in _KEPT_BEFORE:
        return f"{before} {clues.softer['then']}"
    if before == "in" and not year:
        return clues.softer["hour"]
    return clues.softer["past" if year else "recent"]


def find_ages(draft: Draft, clues: Clues) -> Iterator[Mark]:
    """Yield ages of the writer and of others."""
    text = draft.text
    for match in _OWN.finditer(text):
        noun = _OLD_NOUN.match(text, match.start("n"))
        if (
            noun is not None
            and noun.group("noun") is not None
            and draft.text[match.start("n") - 2 : match.start("n")] in {"a ", "n "}
        ):
            continue  # "i am a 34 year old woman": the noun stays
        age = _number(match.group("n"))
        if _is_age(age):
            yield Mark(match.start("n"), match.end(), Kind.AGE, _softer_age(_MINE, age, clues))
    for match in _OTHERS.finditer(text):
        age = _number(match.group("n"))
        if _is_age(age) and not re.search(r"\ba +$", text[: match.start("n")]):
            whose = _whose(match.group("who").lower().split()[-1])
            yield Mark(match.start("n"), match.end(), Kind.AGE, _softer_age(whose, age, clues))
    for match in _OLD_NOUN.finditer(text):
        age = _number(match.group("n"))
        if _is_age(age):
            softer = _adjective(age, clues) if match.group("noun") else _softer_age(_MINE, age, clues)
            yield Mark(match.start(), match.end(), Kind.AGE, softer)
    for match in _LETTER.finditer(text):
        age = int(next(g for g in match.groups() if g is not None))
        before = re.findall(r"[a-z']+", text[: match.start()].lower().replace("’", "'"))
        whose = _MINE if not before or before[-1] in _ME else _whose(before[-1])
        if _is_age(age):
            yield Mark(match.start(), match.end(), Kind.AGE, _softer_age(whose, age, clues))
    for match in _AGED.finditer(text):
        age = _number(match.group("n"))
        if _is_age(age):
            yield Mark(match.start(), match.end(), Kind.AGE, _softer_age(_THEIRS, age, clues))
    for match in _TURNED.finditer(text):
        if _is_age(_number(match.group("n"))):
            yield Mark(match.start(), match.end(), Kind.AGE, clues.softer["birthday"])
    for match in _SAAL.finditer(text):
        if _is_age(_number(match.group("n"))):
            yield Mark(match.start(), match.end(), Kind.AGE, _softer_age(_THEIRS, _number(match.group("n")), clues))


def _number(text: str) -> int:
    """Return the value of a number in digits of any script, or spelt in English."""
    if text[0].isdigit():
        return int(text)
    value = 0
    for part in text.lower().replace("-", " ").split():
        if part in _TENS:
            value += 10 * (_TENS.index(part) + 2)
        elif part in _TEENS:
            value += 10 + _TEENS.index(part)
        else:
            value += 1 + _ONES.index(part)
    return value


def _is_age(value: int) -> bool:
    return 1 < value <= _OLDEST


def _whose(word: str) -> str:
    """Return the possessive of whoever a word names."""
    return "his" if word in _MALE else "her" if word in _FEMALE else _THEIRS


def _softer_age(whose: str, age: int, clues: Clues) -> str:
    if age < _CHILD:
        return clues.softer["child"]
    return clues.softer["age"].format(whose=whose, decade=clues.decades[age // 10 - 1])


def _adjective(age: int, clues: Clues) -> str:
    if age < _ADULT:
        return clues.softer["young" if age < _CHILD else "teenage"]
    return clues.softer["grown"].format(decade=clues.decades_single[age // 10 - 1])
