"""The tools that measure: records, evaluation, calibration, benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bot.content.lexicon import load_lexicon
from bot.content.taxonomy import load_taxonomy
from bot.core.calibration import Calibration, choose_floor, fit_logistic
from bot.core.engine import Engine
from bot.errors import UnspokenError
from bot.quality.evaluate import Report, evaluate, evaluate_safety
from bot.quality.matchbench import bench_match
from bot.quality.plots import draw_plots
from bot.quality.records import Record, load_records

TRAIN = [
    *((f"turn the {what} on please", "on") for what in ("lamp", "heater", "radio", "fan", "oven")),
    *((f"switch off my {what} now", "off") for what in ("lamp", "heater", "radio", "fan", "oven")),
    *((f"what is the weather in {where}", "weather") for where in ("leeds", "delhi", "rome", "lahore", "derby")),
]
TEST = [("please turn on the light", "on"), ("switch off the kettle", "off"), ("weather in paris", "weather"),
        ("who wrote hamlet", None)]  # fmt: skip


def test_records_are_read_from_files_and_folders(tmp_path: Path, root: Path) -> None:
    """A null intent is out of scope; a file without intents has none."""
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"text": "hello", "intent": "greeting"}\n\n{"text": "rain?", "intent": null}\n{"text": "x", "safety": []}\n'
    )
    records = load_records([path], root)
    assert [r.intent for r in records] == ["greeting", "out_of_scope", None]
    assert load_records([root / "tests" / "sentences"], root)


@pytest.mark.parametrize("content", ["not json\n", "[1]\n", '{"intent": "greeting"}\n', '{"text": 3}\n', ""])
def test_a_broken_file_is_one_line(tmp_path: Path, root: Path, content: str) -> None:
    """Which names the file, and never its text."""
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(UnspokenError) as error:
        load_records([path], root)
    assert len(str(error.value).splitlines()) == 1


def test_the_report_counts_what_it_says(engine: Engine) -> None:
    """First choice, wrong answers, refusals, direction."""
    report = evaluate(
        engine,
        [
            Record("is texting my ex micro-cheating?", "texting_ex", direction="none", style="plain"),
            Record("thank you so much", "not_helpful", style="plain"),
            Record("what is the capital of france", "out_of_scope"),
        ],
    )
    figures = report.summary()
    assert (figures["n"], figures["first"]) == (2, 0.5)
    assert figures["out_of_scope"] == {"n": 1, "not_answered": 1.0}
    assert report.worst(1)[0]["means"] == "not_helpful"


def test_plots_are_drawn(tmp_path: Path, root: Path) -> None:
    """Three pictures, also of an empty report."""
    pytest.importorskip("matplotlib")
    report = Report()
    report.confidences = [(0.9, True), (0.2, False)]
    report.confusions[("flirting", "texting_ex")].append("x")
    for path in draw_plots(report, load_taxonomy(root)[0], tmp_path):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_danger_is_counted_by_category_and_kind(engine: Engine) -> None:
    """Recall for what is danger, alarms for what is not."""
    report = evaluate_safety(
        engine,
        [
            Record("he hit me", safety=("domestic_abuse",), urgency="high", kind="explicit"),
            Record("he hit the gym", safety=(), kind="idiom"),
        ],
    )
    figures = report.summary()
    assert figures["recall"]["domestic_abuse"] == {"n": 1, "share": 1.0}
    assert figures["false_alarms"]["idiom"] == {"n": 1, "share": 0.0}


def test_the_logistic_fit_finds_a_known_line() -> None:
    """Newton's method on data made from known coefficients."""
    rng = np.random.default_rng(1)
    rows = np.column_stack([np.ones(4000), rng.normal(size=4000)])
    right = rng.random(4000) < 1 / (1 + np.exp(-(0.5 + 2.0 * rows[:, 1])))
    found = fit_logistic(rows, right)
    assert found == pytest.approx((0.5, 2.0), abs=0.2)
    assert 0.0 <= Calibration((100.0,)).probability(np.array([1.0])) <= 1.0


def test_the_floor_keeps_its_promises() -> None:
    """Wrong answers and answered strangers stay within their shares on the data it was found on."""
    rng = np.random.default_rng(2)
    chance = rng.random(2000)
    inside = rng.random(2000) < 0.7
    right = inside & (rng.random(2000) < chance)
    floor = choose_floor(chance, right, inside, wrong=0.05, leak=0.1)
    answered = chance >= floor
    assert (answered & ~right)[inside].mean() <= 0.05
    assert answered[~inside].mean() <= 0.1


def test_the_match_benchmark_runs_on_any_data(root: Path) -> None:
    """With the figures it promises, beside two peers at least."""
    lexicon, _ = load_lexicon(root)
    figures = bench_match(TRAIN, TEST, lexicon, peers=True)
    assert {"accuracy", "top3", "auroc", "in_scope_at_oos90", "p50_ms", "p99_ms", "fit_s", "rss_mb"} <= set(
        figures["unspoken"]
    )
    assert figures["unspoken"]["accuracy"] == 1.0
    assert {"extractOne(WRatio)", "extractOne(token_sort_ratio)"} <= set(figures["ratios"])
    json.dumps(figures)
