"""Signs of age, in every language that danger is recognised in."""

from __future__ import annotations

import pytest

from bot.content.lexicon import load_lexicon
from bot.content.paths import content_root
from bot.core.age import under_18
from bot.core.fold import fold_gender
from bot.core.normalize import normalize

LEXICON = load_lexicon(content_root())[0]


def young(text: str) -> bool:
    """Tell whether the writer of a text is taken to be under eighteen."""
    return under_18(fold_gender(normalize(text, LEXICON).tokens))


@pytest.mark.parametrize(
    "text",
    ["main 15 saal ki hoon aur chacha mujhe chhoote hain", "meri umar 14 hai", "mein pandrah saal ka hun",
     "main class 9 me hoon kya texting cheating hai", "मैं 15 साल की हूँ", "मैं १५ साल की हूँ", "मेरी उम्र चौदह साल है",
     "میں 15 سال کی ہوں", "میری عمر ۱۴ سال ہے", "ਮੈਂ 15 ਸਾਲ ਦੀ ਹਾਂ", "mai 16 saal da haan", "আমার বয়স ১৪", "મારી ઉંમર 14 છે",
     "14f here, is it cheating if he likes pics", "im 15F", "F15 need help", "I'm 15yo", "age 14",
     "we are in 10th class and he likes my friend", "my mum says at 15 im too young", "as a 16 year old girl"],
)  # fmt: skip
def test_an_age_is_read_however_it_is_written(text: str) -> None:
    """In English, Roman Hindi and the native scripts, in letters or digits."""
    assert young(text)


@pytest.mark.parametrize(
    "text",
    ["main 15 saal se shaadi shuda hoon", "hamari shaadi ko 15 saal ho gaye", "meri beti ki umar 14 hai",
     "meri umar 14 thi jab shaadi hui", "मेरी शादी को 15 साल हो गए", "main 25 saal ki hoon", "meri umar 34 hai",
     "as a 36 year old woman", "m25 is closed", "f1 is on tonight", "age gap of 10 years", "at 15 i met him",
     "my daughter is in class 9", "we are in year 10 of our marriage", "i took class 12 of the course",
     "15m from my house there is a pub"],
)  # fmt: skip
def test_other_numbers_are_no_age(text: str) -> None:
    """Years together, other people's ages, ages long past, roads and prices."""
    assert not young(text)
