"""What the sentence encoder learns from: the label follows the message, and nothing dangerous is called calm."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bot.content.buried import bury
from bot.core.fitlinear import Targets
from bot.core.semantic import MAX_PIECES
from bot.quality.trainrows import (
    BURIED,
    LONGEST,
    Material,
    draw_epoch,
    make_batches,
    make_material,
    map_pieces,
)

FIRST, LAST = 1, 2
ORDINARY = range(40)
DANGERS = range(40, 80)
HARD_NEGATIVES = range(60, 80)
ROWS = 80


@pytest.fixture
def material() -> Material:
    """Eighty messages: every piece of a message is 100 and its row, so that its origin shows."""
    rng = np.random.default_rng(5)
    pieces = [(FIRST, *[100 + row] * int(rng.integers(3, 60)), LAST) for row in range(ROWS)]
    intent = np.zeros((ROWS, 3), np.float32)
    intent[list(ORDINARY), 0] = 1
    danger = np.zeros((ROWS, 2), np.float32)
    danger[40:60, 0] = 1
    danger[60:80, 1] = 1
    danger[:40, 1] = 0.7
    targets = {"intent": Targets(("a", "b", "c"), intent), "danger": Targets(("harm", "none"), danger)}
    return make_material(pieces, ORDINARY, DANGERS, targets)


def _origins(pieces: object) -> set[int]:
    return {piece - 100 for piece in pieces if piece >= 100}  # type: ignore[attr-defined]


def _epoch(material: Material, seed: int = 7, spliced: float = 0.0) -> list[tuple[int, tuple[int, ...]]]:
    rows, pieces = draw_epoch(material, np.random.default_rng(seed), spliced=spliced)
    assert len(rows) == len(pieces)
    return [(row, tuple(p)) for row, p in zip(rows, pieces, strict=True)]


def test_calm_is_what_has_no_danger(material: Material) -> None:
    """Ordinary examples and hard negatives."""
    assert set(material.calm) == {*ORDINARY, *HARD_NEGATIVES}


def test_the_two_rows_more_say_no_danger_and_nothing(material: Material) -> None:
    """A joined message has no intent of its own; a spliced one has no label at all."""
    assert material.targets["danger"][material.joined].tolist() == [0, 1]
    assert not material.targets["intent"][material.joined].any()
    assert not any(values[material.spliced].any() for values in material.targets.values())


def test_the_label_follows_the_message(material: Material) -> None:
    """Whatever stands around it, a message of a row of the corpus holds that row; all else in it is calm."""
    for row, pieces in _epoch(material):
        if row < ROWS:
            assert row in _origins(pieces)
            assert _origins(pieces) - {row} <= set(material.calm)


def test_no_danger_is_joined_into_a_calm_message(material: Material) -> None:
    """It would teach that the danger is none."""
    joined = [_origins(pieces) for row, pieces in _epoch(material) if row == material.joined]
    assert joined
    assert all(found <= set(material.calm) for found in joined)


def test_everything_is_there_once_as_it_is_and_most_dangers_in_passing(material: Material) -> None:
    """Hard negatives are told in passing as often: length does not tell."""
    times = Counter(row for row, _ in _epoch(material))
    assert all(times[row] == 1 for row in ORDINARY)
    assert all(times[row] in (1, 2) for row in DANGERS)
    assert sum(times[row] - 1 for row in DANGERS) > len(DANGERS) * (BURIED - 0.2)
    assert any(times[row] == 2 for row in HARD_NEGATIVES)


def test_messages_are_spliced_only_when_asked(material: Material) -> None:
    """Without a teacher nobody knows what they mean."""
    assert material.spliced not in {row for row, _ in _epoch(material)}
    spliced = [_origins(pieces) for row, pieces in _epoch(material, spliced=1.0) if row == material.spliced]
    assert spliced
    assert all(found <= set(DANGERS) for found in spliced)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_put_together_can_be_read_whole(material: Material, seed: int) -> None:
    """With its marks at both ends and nowhere else."""
    for _, pieces in _epoch(material, seed, spliced=0.5):
        assert len(pieces) <= min(LONGEST + 2, MAX_PIECES)
        assert (pieces[0], pieces[-1]) == (FIRST, LAST)
        assert not {FIRST, LAST} & set(pieces[1:-1])


def test_pieces_are_left_out_of_some_messages_but_not_of_short_ones(material: Material) -> None:
    """In about half of them, and few."""
    whole = 0
    for row, pieces in _epoch(material)[:ROWS]:
        before = material.pieces[row]
        whole += len(pieces) == len(before)
        assert len(pieces) >= len(before) * 0.6
        assert len(before) >= 9 or pieces == before
    assert ROWS * 0.3 < whole < ROWS * 0.9


def test_an_epoch_is_the_same_for_the_same_seed(material: Material) -> None:
    """And another for another seed."""
    assert _epoch(material, 7, 0.35) == _epoch(material, 7, 0.35)
    assert _epoch(material, 7, 0.35) != _epoch(material, 8, 0.35)


def test_half_of_the_dangers_stand_between_other_calm_rows() -> None:
    """What only alarms does not tell either; without such rows only ordinary ones stand around."""
    rows = {i: (i,) for i in range(300)}
    dangers, ordinary, calm = range(200, 300), range(100), range(100, 200)
    found = dict(bury(rows, dangers, ordinary, 1.0, 100, np.random.default_rng(1), calm))
    between = [set(words) - {row} for row, words in found.items()]
    assert all(around <= set(ordinary) or around <= set(calm) for around in between)
    assert 30 < sum(around <= set(calm) for around in between) < 70
    alone = dict(bury(rows, dangers, ordinary, 1.0, 100, np.random.default_rng(1)))
    assert all(set(words) - {row} <= set(ordinary) for row, words in alone.items())


def test_a_batch_holds_each_message_once_and_not_too_many_pieces(material: Material) -> None:
    """With padding; a message longer than that goes alone."""
    pieces = [p for _, p in _epoch(material)] + [(1,) * 500]
    batches = make_batches(pieces, 400, np.random.default_rng(3))
    assert sorted(i for batch in batches for i in batch) == list(range(len(pieces)))
    for batch in batches:
        assert len(batch) == 1 or max(len(pieces[i]) for i in batch) * len(batch) <= 400


def test_pieces_are_mapped_by_word_and_marks_by_what_they_mean() -> None:
    """A teacher may call its marks otherwise even where it holds ours as pieces too."""
    ours = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{i}" for i in range(20)), "rare"]
    other = ["<s>", "<pad>", "</s>", "[PAD]", "[UNK]", "[CLS]", *(f"w{i}" for i in reversed(range(20)))]
    found = map_pieces(ours, other)
    assert found[:4] == [1, 4, 0, 2]
    assert [other[i] for i in found[4:-1]] == ours[4:-1]
    assert found[-1] == other.index("[UNK]")


@pytest.mark.parametrize("other", [["<s>", "a", "b"], ["[UNK]", "Ġa", "Ġb"]])
def test_other_word_pieces_are_refused(other: list[str]) -> None:
    """A teacher that reads nothing but unknown words teaches nothing."""
    with pytest.raises(ValueError, match="pieces"):
        map_pieces(["[PAD]", "[UNK]", "a", "b"], other)
