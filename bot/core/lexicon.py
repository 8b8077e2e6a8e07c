"""The words the core knows beside what it is fitted on; built from content files, read-only afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Word lists, all lower case, all in Latin letters but the keys of `urdu`."""

    english: frozenset[str] = frozenset()
    """the 30,000 commonest English words: never repaired"""
    variants: Mapping[str, str] = field(default_factory=dict)
    """variant or slang word -> one or more standard words"""
    phrases: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """variant of two to four words -> standard words"""
    ambiguous: frozenset[str] = frozenset()
    """variants that are also common English words: not read as variants in an English message"""
    markers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """language tag -> common words that tell that language when written in Latin letters"""
    urdu: Mapping[str, str] = field(default_factory=dict)
    """word in Urdu script -> its usual Roman spelling"""
    phrase_heads: frozenset[str] = frozenset()
    """first words of `phrases`, to skip the search quickly"""

    @classmethod
    def build(
        cls,
        english: frozenset[str],
        variants: Mapping[str, str],
        ambiguous: frozenset[str],
        markers: Mapping[str, frozenset[str]],
        urdu: Mapping[str, str],
    ) -> Lexicon:
        """Split one variant table into single words and phrases."""
        words = {k: v for k, v in variants.items() if " " not in k}
        phrases = {tuple(k.split()): v for k, v in variants.items() if " " in k}
        return cls(
            english=english,
            variants=words,
            phrases=phrases,
            ambiguous=ambiguous,
            markers=markers,
            urdu=urdu,
            phrase_heads=frozenset(p[0] for p in phrases),
        )
