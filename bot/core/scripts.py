"""Native scripts to Latin letters: Devanagari, Gurmukhi, Bengali and Gujarati by library, Urdu by own rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_BLOCKS = (
    ("hi", "\u0900", "\u097f"),
    ("bn", "\u0980", "\u09ff"),
    ("pa", "\u0a00", "\u0a7f"),
    ("gu", "\u0a80", "\u0aff"),
    ("ur", "\u0600", "\u06ff"),
    ("ur", "\u0750", "\u077f"),
    ("ur", "\ufb50", "\ufdff"),
    ("ur", "\ufe70", "\ufeff"),
)
_SCHEMES = {"hi": "devanagari", "bn": "bengali", "pa": "gurmukhi", "gu": "gujarati"}
_RUN = re.compile(r"[\u0900-\u0aff\u200c\u200d]+|[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]+")

# Letters of Urdu to Latin; short vowels are not written, so the word list of the lexicon comes first.
_URDU = {
    "ا": "a", "آ": "aa", "ب": "b", "پ": "p", "ت": "t", "ٹ": "t", "ث": "s", "ج": "j", "چ": "ch", "ح": "h",
    "خ": "kh", "د": "d", "ڈ": "d", "ذ": "z", "ر": "r", "ڑ": "r", "ز": "z", "ژ": "zh", "س": "s", "ش": "sh",
    "ص": "s", "ض": "z", "ط": "t", "ظ": "z", "ع": "a", "غ": "gh", "ف": "f", "ق": "q", "ک": "k", "ك": "k",
    "گ": "g", "ل": "l", "م": "m", "ن": "n", "ں": "n", "ہ": "h", "ه": "h", "ھ": "h", "ء": "", "ئ": "y",
    "ی": "i", "ي": "i", "ى": "i", "ے": "e", "و": "o", "ؤ": "o", "ة": "h", "ۃ": "h", "أ": "a", "إ": "i",
    "َ": "a", "ِ": "i", "ُ": "u", "ّ": "", "ْ": "", "ٰ": "a", "ً": "an", "٬": "", "٫": "",
    "۔": ".", "؟": "?", "،": ",", "؛": ";",
}  # fmt: skip
_URDU_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_URDU_MARKS = frozenset("۔؟،؛")
# The library's ITRANS to the letters people use when they type; capital letters tell long vowels and retroflexes.
_ROMAN = (
    ("RRi", "ri"), ("~N", "n"), ("~n", "n"), (".N", "n"), (".n", "n"), (".Dh", "rh"), (".D", "r"), ("Ch", "ch"),
    ("chh", "ch"), ("Th", "th"), ("Dh", "dh"), ("shh", "sh"), ("Sh", "sh"), ("GY", "gy"), ("M", "n"), ("H", "h"),
    ("T", "t"), ("D", "d"), ("N", "n"), ("L", "l"), ("R", "r"), ("Y", "y"), ("^e", "e"), ("^o", "o"),
)  # fmt: skip
_MEDIAL_SCHWA = re.compile(r"(?<=[aAeiIoOuU])([bcdfghjklmnpqrstvwxyz]h?)a(?=[bcdfghjklmnpqrstvwxyz]h?[aAeiIoOuU])")
_FINAL_SCHWA = re.compile(r"(?<=[aAeiIoOuU])([bcdfghjklmnpqrstvwxyz]+)a(?=$|[^A-Za-z])")


def script_of(text: str) -> str | None:
    """Return the language tag of the native script that most of `text` is in, or None for Latin and others."""
    counts: dict[str, int] = {}
    latin = 0
    for ch in text:
        if ch.isascii():
            latin += ch.isalpha()
            continue
        for tag, low, high in _BLOCKS:
            if low <= ch <= high:
                counts[tag] = counts.get(tag, 0) + 1
                break
    if not counts:
        return None
    tag = max(counts, key=lambda t: counts[t])
    return tag if counts[tag] * 2 >= latin else None


def to_latin(text: str, urdu_words: Mapping[str, str]) -> str:
    """Return `text` with every native-script run written in Latin letters, the way people type them."""
    if text.isascii():
        return text

    def replace(match: re.Match[str]) -> str:
        run = match.group()
        tag = script_of(run)
        if tag == "ur":
            return _from_urdu(run, urdu_words)
        return _from_indic(run, tag or "hi")

    return _RUN.sub(replace, text)


def _from_urdu(word: str, words: Mapping[str, str]) -> str:
    """Write one run of Urdu letters in Latin ones: by the word list, else letter by letter."""
    word = word.translate(_URDU_DIGITS).replace("ي", "ی").replace("ك", "ک").replace("ه", "ہ")
    tail = ""
    while word and word[-1] in _URDU_MARKS:
        tail = _URDU[word[-1]] + tail
        word = word[:-1]
    bare = "".join(ch for ch in word if ch not in "َُِّْٰ")
    known = words.get(bare)
    if known is not None:
        return known + tail
    out = []
    for i, ch in enumerate(word):
        if ch == "و" and i == 0:
            out.append("w")
        elif ch == "ی" and i == 0:
            out.append("y")
        else:
            out.append(_URDU.get(ch, ch if ch.isascii() else ""))
    return "".join(out) + tail


@lru_cache(maxsize=4096)
def _from_indic(word: str, tag: str) -> str:
    """Write one run of an Indic script in Latin letters, dropping the inherent vowel where speech does."""
    from indic_transliteration import sanscript  # slow to import, needed by few messages

    word = word.replace("\u200c", "").replace("\u200d", "").replace("।", ".").replace("॥", ".")
    word = word.replace("\u0a70", "\u0a02").replace("\u0a71", "")  # Gurmukhi tippi, addak
    latin = str(sanscript.transliterate(word, _SCHEMES[tag], "itrans"))
    for old, new in _ROMAN:
        latin = latin.replace(old, new)
    latin = _FINAL_SCHWA.sub(r"\1", latin)
    latin = _MEDIAL_SCHWA.sub(r"\1", latin)
    if tag == "bn":  # the inherent vowel is said as o; sv- as sh-
        latin = re.sub(r"^sv", "sh", latin.replace("a", "o"))
    return re.sub(r"[^a-z0-9.?!,]", "", latin.lower())
