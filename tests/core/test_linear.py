"""The linear matcher: weights in four bits, threads that change nothing, features that are common enough."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.features import FAMILIES, family_of
from bot.core.fitlinear import Targets, fit_linear, vectorize
from bot.core.linear import Head, LinearModel, quantise

RNG = np.random.default_rng(7)
WORDS = ["texting", "ex", "phone", "jealous", "marriage", "trust", "lie", "honest", "parents", "secret", "night"]


def unpack(weights: np.ndarray, steps: np.ndarray, classes: int) -> np.ndarray:
    """Return what a packed table stands for."""
    whole = np.concatenate([weights & 15, weights >> 4], axis=1).astype(np.float32) - 8
    return whole[:, :classes] * steps[:, None].astype(np.float32)


@pytest.mark.parametrize("classes", [1, 2, 5, 8, 121])
def test_a_weight_is_off_by_half_a_step_at_most(classes: int) -> None:
    """Also with an odd number of classes, and where a feature has no weight at all."""
    weights = RNG.normal(0, 1, (40, classes)).astype(np.float32)
    weights[3] = 0
    packed, steps = quantise(weights)
    assert packed.shape == (40, (classes + 1) // 2)
    wrong = np.abs(unpack(packed, steps, classes) - weights)
    assert (wrong <= steps[:, None].astype(np.float32) * 0.51 + 1e-3 * np.abs(weights)).all()


def test_logits_are_those_of_the_unpacked_weights() -> None:
    """What is scored is what the packed table stands for, and the bias."""
    examples = [tuple(RNG.choice(WORDS, 5)) for _ in range(60)]
    keys, idf, _ = vectorize(examples, 1, 1)
    packed, steps = quantise(RNG.normal(0, 1, (len(keys), 7)).astype(np.float32))
    bias = RNG.normal(0, 1, 7).astype(np.float32)
    model = LinearModel(keys, idf, packed, steps, bias, {"a": Head(("x",) * 3, 0, 3), "b": Head(("y",) * 4, 3, 7)})
    rows, values, share = model.vector(examples[0])
    found, known = model.logits(examples[0])
    wanted = values @ unpack(packed, steps, 7)[rows] + bias
    assert np.allclose(np.concatenate([found["a"], found["b"]]), wanted, atol=1e-4)
    assert known == share == 1.0


def test_a_message_of_unknown_words_gets_the_bias() -> None:
    """Nothing is known of it."""
    packed, steps = quantise(np.ones((0, 3), np.float32))
    empty = np.empty(0, np.float32)
    bias = np.array([1, 2, 3], np.float32)
    model = LinearModel(np.empty(0, np.uint32), empty, packed, steps, bias, {"a": Head(("x",) * 3, 0, 3)})
    assert model.logits(("zzz",))[0]["a"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("threads", [2, 3, 16])
def test_threads_change_nothing(threads: int) -> None:
    """Also more of them than classes."""
    examples = [tuple(RNG.choice(WORDS, 6)) for _ in range(80)]
    values = np.eye(5, dtype=np.float32)[RNG.integers(0, 5, 80)]
    targets = {"a": Targets(tuple("abcde"), values), "b": Targets(("x", "y"), values[:, :2])}
    one, many = (fit_linear(examples, targets, min_count=1, min_pairs=1, threads=n) for n in (1, threads))
    assert (one.weights == many.weights).all()
    assert (one.bias == many.bias).all()


def test_rare_pairs_are_no_features() -> None:
    """A pair anywhere in a message must be seen more often than a word, or two words side by side."""
    examples = [("texting", "secret", "night")] * 4 + [("jealous", "parents")] * 5
    keys, _, _ = vectorize(examples, 3, 5)
    kept = np.bincount(family_of(keys), minlength=len(FAMILIES))
    assert kept[FAMILIES.index("pair")] == 1  # of the five; three stand in the four
    assert kept[FAMILIES.index("bigram")] == 3
    assert kept[FAMILIES.index("word")] == 5
