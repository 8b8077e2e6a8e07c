"""The noise: distributed as in the closed form, drawn in whole numbers, and near enough with and without one member."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Hashable, Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bot.core.noise import Rule, bernoulli_exp, count, discrete_laplace, noised, released

UNLIKELY = 1e-4
"""a chi-square test fails below this; seeds are fixed, so that it fails always or never"""
NO_MARGIN = Rule(delta=Fraction(3))
"""the threshold of 5 alone, which is what the margin is there to better"""


def fit(seen: Counter[int], law: Mapping[int, float]) -> float:
    """Return the p-value of what was seen under a law; rare values are taken together."""
    total = seen.total()
    often = [z for z, p in law.items() if p * total >= 10]
    observed = [seen[z] for z in often]
    expected = [law[z] * total for z in often]
    rest = total - sum(expected)
    if rest >= 1:
        observed.append(total - sum(observed))
        expected.append(rest)
    else:
        expected = [e * sum(observed) / sum(expected) for e in expected]
    return float(stats.chisquare(observed, expected).pvalue)


def law_of_noise(scale: Fraction) -> Mapping[int, float]:
    """Return the closed form, as in Ghosh, Roughgarden and Sundararajan."""
    a = math.exp(-1 / scale)
    return {z: (1 - a) / (1 + a) * a ** abs(z) for z in range(-400, 401)}


def law_of_release(true: int, rule: Rule) -> Mapping[int | None, float]:
    """Return the closed form of what is shown for one topic: a number, or None."""
    if true < rule.k:
        return {None: 1.0}
    law: dict[int | None, float] = {None: 0.0}
    for z, p in law_of_noise(rule.scale).items():
        key = true + z if true + z >= rule.least else None
        law[key] = law.get(key, 0.0) + p
    return law


def beyond(one: Mapping[Hashable, float], other: Mapping[Hashable, float], epsilon: float) -> float:
    """Return how much of `one` no factor exp(epsilon) on `other` explains: the least delta."""
    return sum(max(0.0, p - math.exp(epsilon) * other.get(value, 0.0)) for value, p in one.items())


@pytest.mark.parametrize("x", ["0", "1/7", "1/2", "9/10", "1"])
def test_a_coin_of_exp_minus_x_is_fair_to_its_number(x: str) -> None:
    """Canonne, Kamath and Steinke's coin."""
    draw = random.Random(11).randrange
    heads = sum(bernoulli_exp(Fraction(x), draw) for _ in range(20_000))
    assert stats.binomtest(heads, 20_000, math.exp(-Fraction(x))).pvalue > UNLIKELY


@pytest.mark.parametrize("scale", ["3/2", "3", "1/2", "5/7", "30"])
@pytest.mark.parametrize("seed", [1, 2])
def test_noise_is_distributed_as_the_closed_form(scale: str, seed: int) -> None:
    """Two-sided geometric, for scales above and below 1 and for fractions."""
    draw = random.Random(seed).randrange
    seen = Counter(discrete_laplace(Fraction(scale), draw) for _ in range(20_000))
    assert all(type(z) is int for z in seen)
    assert fit(seen, law_of_noise(Fraction(scale))) > UNLIKELY


def test_the_test_of_the_distribution_can_fail() -> None:
    """A scale a tenth off, or nought counted with both signs, is noticed."""
    draw = random.Random(3).randrange
    seen = Counter(discrete_laplace(Fraction(3, 2), draw) for _ in range(20_000))
    assert fit(seen, law_of_noise(Fraction(33, 20))) < UNLIKELY
    seen[0] *= 2
    assert fit(seen, law_of_noise(Fraction(3, 2))) < UNLIKELY


def test_the_same_random_numbers_give_the_same_noise_and_only_whole_ones_are_asked_for() -> None:
    """No clock, no global state, no floating point on the way."""
    asked: list[object] = []

    def noise(seed: int) -> list[int]:
        source = random.Random(seed)

        def draw(n: int) -> int:
            asked.append(n)
            return source.randrange(n)

        return [discrete_laplace(Fraction(3, 2), draw) for _ in range(50)]

    assert noise(5) == noise(5) != noise(6)
    assert {type(n) for n in asked} == {int}


@pytest.mark.parametrize("epsilon", ["1/2", "1", "2", "3"])
@pytest.mark.parametrize("delta", ["1/100", "1/1000"])
def test_the_margin_is_the_least_that_keeps_to_delta(epsilon: str, delta: str) -> None:
    """Held against the tails of scipy's own discrete Laplace."""
    rule = Rule(Fraction(epsilon), Fraction(delta))
    tail = stats.dlaplace(float(1 / rule.scale)).sf
    assert 3 * tail(rule.margin - 1) <= rule.delta < 3 * tail(rule.margin - 2)


def test_the_defaults_are_those_of_the_decision() -> None:
    """docs/decisions/0010-weekly-counts.md names these numbers."""
    assert (Rule().epsilon, Rule().delta, Rule().k, Rule().topics, Rule().least) == (2, Fraction(1, 100), 5, 3, 13)
    assert NO_MARGIN.least == 5


@pytest.mark.parametrize(
    "wrong",
    [{"epsilon": Fraction(0)}, {"epsilon": 0.1}, {"epsilon": 1}, {"delta": Fraction(-1)}, {"k": 0}, {"topics": 0}],
)
def test_numbers_that_protect_nobody_are_refused(wrong: dict[str, object]) -> None:
    """A float is no exact fraction."""
    with pytest.raises(ValueError, match=r"at least|above"):
        Rule(**wrong)  # type: ignore[arg-type]


ROWS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from([b"1", b"2", b"3", b"4", b"5", b"6"])))


@given(ROWS, st.lists(st.sampled_from("abcdef")))
def test_one_member_changes_the_counts_by_three_at_most(rows: list[tuple[str, bytes]], own: list[str]) -> None:
    """Each topic once, three topics in all, and nobody else's count moves."""
    before = count(rows, 3)
    after = count([*rows, *((topic, b"new") for topic in own)], 3)
    changes = [after.get(t, 0) - before.get(t, 0) for t in "abcdef"]
    assert all(change in {0, 1} for change in changes)
    assert sum(changes) == min(3, len(set(own)))
    assert after == count(reversed([*rows, *((topic, b"new") for topic in own)]), 3)


def members(topic: str, n: int) -> list[tuple[str, bytes]]:
    """Return the rows of n members who asked on a topic."""
    return [(topic, b"%d" % i) for i in range(n)]


def test_fewer_than_five_members_are_never_shown() -> None:
    """Whatever the noise is: not even where it is far up."""
    draw = random.Random(8).randrange
    for epsilon in (Fraction(1, 50), Fraction(2), Fraction(50)):
        assert not any(released(members("few", 4), epsilon, draw) for _ in range(2_000))


def test_one_member_asking_five_times_is_one() -> None:
    """Rows are of members, not of questions."""
    rows = [("loud", b"same")] * 50
    draw = random.Random(8).randrange
    assert not any(released(rows, Fraction(50), draw) for _ in range(100))


def test_what_is_shown_is_never_below_the_least() -> None:
    """And therefore never below k; topics of few are missing, those of many are there."""
    draw = random.Random(9).randrange
    rows = [*members("few", 3), *members("some", 9), *members("many", 60)]
    for _ in range(2_000):
        shown = released(rows, Fraction(2), draw)
        assert all(value >= Rule().least for value in shown.values())
        assert "few" not in shown
        assert "many" in shown


@pytest.mark.parametrize("true", [5, 6, 12, 13, 30])
def test_what_is_shown_is_distributed_as_computed(true: int) -> None:
    """So that the exact test below speaks about this program. None is written as -1."""
    draw = random.Random(true).randrange
    seen = Counter(noised({"t": true}, Rule(), draw).get("t", -1) for _ in range(20_000))
    law = {-1 if value is None else value: p for value, p in law_of_release(true, Rule()).items()}
    assert fit(seen, law) > UNLIKELY


@pytest.mark.parametrize("epsilon", ["1/2", "1", "2", "3"])
def test_one_member_of_one_topic_changes_the_law_by_a_third_of_the_budget(epsilon: str) -> None:
    """In closed form, for every count, both ways, the fifth member too; three topics multiply to the whole budget."""
    rule = Rule(Fraction(epsilon))
    # Up to rounding in the sums here.
    budget, most = float(rule.epsilon / 3) + 1e-9, float(rule.delta / 3) + 1e-9
    for true in range(1, 80):
        with_one, without = law_of_release(true, rule), law_of_release(true - 1, rule)
        assert beyond(with_one, without, budget) <= most
        assert beyond(without, with_one, budget) <= most
        if true != rule.k:
            assert beyond(with_one, without, budget) < 1e-6


def test_without_the_margin_the_fifth_member_would_be_told() -> None:
    """The reason for it: four accounts of one's own would tell, more often than not, whether anybody else asked."""
    assert beyond(law_of_release(5, NO_MARGIN), law_of_release(4, NO_MARGIN), 2.0) > 0.5
    assert beyond(law_of_release(5, Rule()), law_of_release(4, Rule()), 2.0) < 1 / 300


@pytest.mark.parametrize("others", [(4, 4, 4), (4, 12, 12), (12, 12, 12), (11, 13, 15)])
def test_with_and_without_one_member_the_released_numbers_come_from_nearby_distributions(
    others: tuple[int, int, int],
) -> None:
    """Whole releases as drawn, of a member who asked on three topics: nearer than exp(epsilon), but for delta."""
    tries, rule = 20_000, Rule()
    rows = [row for topic, n in zip("abc", others, strict=True) for row in members(topic, n)]
    shown: list[Counter[Hashable]] = []
    for extra, seed in (([(t, b"shy") for t in "abc"], 21), ([], 22)):
        draw = random.Random(seed).randrange
        seen: Counter[Hashable] = Counter()
        counts = count([*rows, *extra], rule.topics)
        for _ in range(tries):
            seen[tuple(sorted(noised(counts, rule, draw).items()))] += 1
        shown.append(seen)
    for one, other in (shown, shown[::-1]):
        often = {value: n for value, n in one.items() if n >= 50}
        for value, n in often.items():
            if other[value]:
                # The logarithm of a count of n is off by about 1 / sqrt(n).
                error = 4 * math.sqrt(1 / n + 1 / other[value])
                assert math.log(n / other[value]) <= float(rule.epsilon) + error, value
        alone = sum(n for value, n in often.items() if not other[value]) / tries
        assert alone <= float(rule.delta) + 4 * math.sqrt(float(rule.delta) / tries)
