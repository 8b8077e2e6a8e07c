"""`unspoken train`, as far as it goes without torch: the rate, and what is noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.quality.train_encoder import DISTIL, LABELS, WARM_UP, describe_phase, name_teacher, rate_share


def test_the_rate_rises_and_then_falls() -> None:
    """To its last share, and never to nothing."""
    assert rate_share(0.0, 0.35) == pytest.approx(0.02)
    assert rate_share(WARM_UP, 0.35) == pytest.approx(1.0)
    assert rate_share(1.0, 0.35) == pytest.approx(0.35)
    assert rate_share(1.0, 0.0) == pytest.approx(0.01)
    falling = [rate_share(WARM_UP + i / 100, 0.0) for i in range(90)]
    assert falling == sorted(falling, reverse=True)


def test_a_phase_is_described_by_what_it_was_given() -> None:
    """A reader of made.json can do it again."""
    assert describe_phase(LABELS, "small") == (
        "small: 8 epochs on the labels, rate 0.0002 (heads 0.002) falling to 35%, seed 3; mean of the weights"
    )
    assert "falling to 1%" in describe_phase(DISTIL, "small")
    assert "8 epochs on 0.3 of the labels and 0.7 of what the teacher says" in describe_phase(DISTIL, "small")


def test_a_teacher_is_named_with_its_licence(tmp_path: Path) -> None:
    """As its model card has it, or not at all."""
    folder = tmp_path / "all-mpnet-base-v2"
    folder.mkdir()
    assert name_teacher(folder) == "all-mpnet-base-v2, its folder names no licence"
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n")
    assert name_teacher(folder) == "all-mpnet-base-v2, Apache 2.0"
