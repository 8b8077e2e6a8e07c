"""Text to tokens: one clean, Latin, lower-case form that every later step reads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.language import UNKNOWN, identify
from bot.core.lexicon import Lexicon
from bot.core.scripts import script_of, to_latin
from bot.core.unicode import clean

_COMMAND = re.compile(r"^\s*/(?!help\b)[a-z]+(?:@\w+)?\s+")
"""a command before a message, as in "/topics he hit me"; "/help me" is one sentence"""
_WORD = re.compile(r"[a-z0-9']+|[?!.;\n]+")
_URL = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+")
_AGE_TAG = re.compile(r"[\[(]\s*(\d{1,2})\s*/?\s*([mf])?\s*[\])]")
_GLUED = re.compile(r"[a-z@$!*+|][a-z0-9@$!*+|']*[0-9@$*+|!][a-z@$*+|0-9!']*[a-z]|[0-9$@][a-z]{2,}[0-9a-z]*")
_SIGN = re.compile(r"[0-9@$*+|!]")
_SPACED = re.compile(r"\b(?:[a-z][ .\-_*]){2,}[a-z]\b")
# Digits and signs that stand for letters inside a word (leetspeak, "algospeak").
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s",
                       "!": "i", "|": "i", "+": "t", "*": ""})  # fmt: skip
_LONE_LETTERS = frozenset("iauryncbkx")
"""letters people type as whole words: "r u a bot" is no spelt-out word"""
_NOT_LEET = re.compile(r"^\d+(?:st|nd|rd|th|am|pm|yo|yr|yrs|y|m|f|k|d|h|hr|hrs|min|mins|x|s)?$")
_END = frozenset("?!.;\n")
_STUCK = {"im": "i'm", "ive": "i've", "dont": "don't", "cant": "can't", "wont": "won't", "didnt": "didn't",
          "doesnt": "doesn't", "isnt": "isn't", "hes": "he's", "shes": "she's", "thats": "that's", "ill": "ill",
          "whats": "what's", "theres": "there's", "theyre": "they're", "youre": "you're", "wasnt": "wasn't",
          "wouldnt": "wouldn't", "shouldnt": "shouldn't", "couldnt": "couldn't", "havent": "haven't",
          "hasnt": "hasn't", "arent": "aren't", "aint": "ain't", "id": "id"}  # fmt: skip
_OPEN = {"i'm": "i am", "i've": "i have", "i'd": "i would", "i'll": "i will", "don't": "do not", "can't": "can not",
         "cannot": "can not", "won't": "will not", "didn't": "did not", "doesn't": "does not", "isn't": "is not",
         "he's": "he is", "she's": "she is", "that's": "that is", "it's": "it is", "what's": "what is",
         "there's": "there is", "they're": "they are", "they've": "they have", "you're": "you are",
         "we're": "we are", "we've": "we have", "wasn't": "was not", "weren't": "were not",
         "wouldn't": "would not", "shouldn't": "should not", "couldn't": "could not", "haven't": "have not",
         "hasn't": "has not", "hadn't": "had not", "aren't": "are not", "ain't": "is not", "he'll": "he will",
         "she'll": "she will", "he'd": "he would", "she'd": "she would", "they'll": "they will",
         "who's": "who is", "let's": "let us", "how's": "how is"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message after cleaning."""

    tokens: tuple[str, ...]
    """words in Latin lower case, contractions opened, variants made standard; no punctuation"""
    sentences: tuple[tuple[str, ...], ...]
    """the same words, cut where the writer put an end mark"""
    lang: str
    """BCP 47 tag"""
    question: bool = False
    """the writer put a question mark"""
    letters: int = 0
    """letters and digits in the cleaned text; 0 for emoji only"""


def normalize(text: str, lexicon: Lexicon) -> Utterance:
    """Return the clean form of `text`; never raises, whatever the input."""
    cleaned = clean(text)
    script = None if cleaned.isascii() else script_of(cleaned)
    latin = to_latin(cleaned, lexicon.urdu).casefold()
    latin = _URL.sub(" ", _COMMAND.sub("", latin))
    latin = _AGE_TAG.sub(lambda m: f" {m.group(1)} ", latin)
    latin = _SPACED.sub(lambda m: _join_spaced(m.group()), latin)
    if _SIGN.search(latin):  # most messages have none, and to look for whole words takes much longer
        latin = _GLUED.sub(lambda m: _unleet(m.group()), latin)
    raw_sentences: list[list[str]] = [[]]
    for word in _WORD.findall(latin):
        if word[0] in _END:
            raw_sentences.append([])
        elif bare := word.strip("'"):
            raw_sentences[-1].append(bare)
    raw = [w for s in raw_sentences for w in s]
    lang = identify(raw, script, lexicon)
    skip = lexicon.ambiguous if lang in {"en", UNKNOWN} else frozenset[str]()
    sentences = tuple(tuple(_standard(s, lexicon, skip)) for s in raw_sentences if s)
    return Utterance(
        tokens=tuple(t for s in sentences for t in s),
        sentences=sentences,
        lang=lang,
        question="?" in latin,
        letters=sum(map(len, raw)),
    )


def _join_spaced(run: str) -> str:
    """Join letters typed apart ("k i l l"); a lone "i a" stays as it is."""
    letters = [ch for ch in run if ch.isalpha()]
    if len(letters) < 5 and _LONE_LETTERS.issuperset(letters):
        return run
    return "".join(letters)


def _unleet(word: str) -> str:
    """Read digits and signs inside a word as letters ("gr@pe"); numbers with a unit stay."""
    if _NOT_LEET.match(word) or word[0] in "248":
        return word
    stripped = word.rstrip("!")
    if stripped.isalpha() or not any(ch.isalpha() for ch in stripped):
        return word
    digits = sum(ch.isdigit() for ch in stripped)
    letters = sum(ch.isalpha() for ch in stripped)
    if digits > letters:
        return word
    return stripped.translate(_LEET)


def _standard(words: list[str], lexicon: Lexicon, skip: frozenset[str]) -> list[str]:
    """Open contractions and put the standard word for each variant, longest phrase first."""
    out: list[str] = []
    i = 0
    count = len(words)
    while i < count:
        word = words[i]
        if word in lexicon.phrase_heads:
            for size in (4, 3, 2):
                phrase = lexicon.phrases.get(tuple(words[i : i + size])) if i + size <= count else None
                if phrase is not None:
                    out.extend(phrase.split())
                    i += size
                    break
            else:
                out.extend(_one(word, lexicon, skip))
                i += 1
            continue
        out.extend(_one(word, lexicon, skip))
        i += 1
    return out


def _one(word: str, lexicon: Lexicon, skip: frozenset[str]) -> list[str]:
    """Return the standard words for one word."""
    if word.endswith("'s") and word not in _OPEN:
        word = word[:-2]
    variant = None if word in skip else lexicon.variants.get(word)
    if variant is not None:
        return variant.split()
    word = _STUCK.get(word, word)
    opened = _OPEN.get(word)
    return opened.split() if opened is not None else [word.replace("'", "")]
