"""Weekly counts that a group's admins may see: bounded, noised and cut off, in whole numbers only.

Three steps, in this order:

1. Each member counts for at most `topics` topics (3), once each, so one member changes the list of counts by 3 at most.
2. A topic with fewer than `k` (5) different members is left out whatever happens.
3. To each other count noise is added: the two-sided geometric distribution P(z) ~ exp(-epsilon |z| / topics), also
   known as discrete Laplace (Ghosh, Roughgarden and Sundararajan 2009, https://arxiv.org/abs/0811.2841). It is released
   only when it is then at least k + margin, and therefore at least k.

What is guaranteed: of two groups that differ in one member, every set of released numbers is about as likely from the
one as from the other, within a factor of exp(epsilon), but for a chance of `delta`. For a member of one topic it is
exp(epsilon / 3) and delta / 3. This holds against admins who know, or are, all the other members.

Why a margin: step 2 looks at the true count, so where a member is the fifth, a release tells that they are there. With
a margin of 0 that would happen more often than not: an admin with four accounts who asks on one topic would learn
whether anybody else did. The margin makes it as rare as `delta` says.

What is not guaranteed: the figures add up over weeks (two weeks are 2 epsilon and 2 delta); what members write where
others read it is not hidden by counting it with noise; someone who sees the table `weekly` or the random numbers sees
the true counts.

The noise is drawn exactly, from whole numbers: with floating point, the last digits of a noisy number can give the
true one away (Mironov 2012). The algorithms are those of Canonne, Kamath and Steinke, "The Discrete Gaussian for
Differential Privacy" (2020, https://arxiv.org/abs/2004.00010), for Bernoulli(exp(-x)) and for discrete Laplace.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

Draw = Callable[[int], int]
"""n -> a uniform whole number from 0 to n - 1, such as `secrets.randbelow`"""
_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be released; raises ValueError for numbers that protect nobody."""

    epsilon: Fraction = Fraction(2)
    """for all topics of one week together"""
    delta: Fraction = Fraction(1, 100)
    """chance at most, for one week, that a number is released which gives away that one member is among those asking"""
    k: int = 5
    """different members at least"""
    topics: int = 3
    """topics at most that one member counts for"""

    def __post_init__(self) -> None:
        """Refuse what is no fraction, or none above nought: 0.1 as a float is not one tenth."""
        for value in (self.epsilon, self.delta):
            if not isinstance(value, Fraction) or value <= 0:
                raise ValueError("epsilon and delta are fractions above 0")
        if self.k < 1 or self.topics < 1:
            raise ValueError("k and topics are at least 1")

    @property
    def scale(self) -> Fraction:
        """Return the scale of the noise: what one member can change over what may be told of them."""
        return self.topics / self.epsilon

    @property
    def margin(self) -> int:
        """Return how far above k a noisy count has to be: the least with topics * P(noise >= margin) <= delta."""
        ratio = math.exp(-1 / self.scale)
        # P(noise >= m) = ratio^m / (1 + ratio). Nothing of anybody is in here, so that floats do no harm.
        bound = float(self.delta) * (1 + ratio) / self.topics
        return max(0, math.ceil(-math.log(bound) * float(self.scale)))

    @property
    def least(self) -> int:
        """Return the smallest number that is ever released."""
        return self.k + self.margin


def released(rows: Iterable[tuple[str, bytes]], epsilon: Fraction, draw: Draw) -> Mapping[str, int]:
    """Return the noisy counts by topic that may be shown, from one week's rows of (topic, member)."""
    rule = Rule(epsilon)
    return noised(count(rows, rule.topics), rule, draw)


def count(rows: Iterable[tuple[str, bytes]], topics: int) -> Mapping[str, int]:
    """Return how many different members stand behind each topic, each member for `topics` topics at most."""
    chosen: defaultdict[bytes, set[str]] = defaultdict(set)
    for topic, member in rows:
        chosen[member].add(topic)
    # Which ones are kept depends on this member alone: else one member more could move the counts of others.
    return Counter(topic for own in chosen.values() for topic in sorted(own)[:topics])


def noised(counts: Mapping[str, int], rule: Rule, draw: Draw) -> Mapping[str, int]:
    """Return the counts that may be shown, with noise; `counts` are bounded already."""
    shown: dict[str, int] = {}
    for topic in sorted(counts):
        if counts[topic] >= rule.k:
            value = counts[topic] + discrete_laplace(rule.scale, draw)
            if value >= rule.least:
                shown[topic] = value
    return shown


def discrete_laplace(scale: Fraction, draw: Draw) -> int:
    """Return z with P(z) = (1 - a) / (1 + a) * a^|z|, where a = exp(-1 / scale) and scale is above 0."""
    t, s = scale.numerator, scale.denominator
    while True:
        low = draw(t)
        if not bernoulli_exp(Fraction(low, t), draw):
            continue
        high = 0
        while bernoulli_exp(_ONE, draw):
            high += 1
        size = (low + t * high) // s
        negative = draw(2) == 1
        # Nought would come up with both signs, twice as often as it may.
        if not (negative and size == 0):
            return -size if negative else size


def bernoulli_exp(x: Fraction, draw: Draw) -> bool:
    """Return True with probability exp(-x), for x from 0 to 1."""
    k = 1
    while draw(x.denominator * k) < x.numerator:
        k += 1
    return k % 2 == 1
