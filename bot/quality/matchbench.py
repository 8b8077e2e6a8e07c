"""`unspoken bench match`: the matcher on any labelled data, beside its peers on the same split."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.core.calibration import Calibration, signals
from bot.core.fitlinear import Targets, fit_linear
from bot.core.fold import fold_gender
from bot.core.lexicon import Lexicon
from bot.core.linear import softmax
from bot.core.normalize import normalize
from bot.core.repair import Repairer, count_words
from bot.errors import UnspokenError

Labelled = Sequence[tuple[str, str | None]]
Scorer = Callable[[str], tuple[list[str], float]]
"""text -> (labels best first, confidence)"""


def load_labelled(path: Path) -> list[tuple[str, str | None]]:
    """Return (text, intent) of a JSONL file; intent None is out of scope. Raises UnspokenError naming file and line."""
    found: list[tuple[str, str | None]] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UnspokenError(f"{path.name}: cannot be read as UTF-8 text") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                item = json.loads(line)
                found.append((str(item["text"]), item["intent"]))
            except (json.JSONDecodeError, KeyError, TypeError):
                raise UnspokenError(f"{path.name}:{number}: must be a JSON object with text and intent") from None
    return found


def bench_match(train: Labelled, test: Labelled, lexicon: Lexicon, *, peers: bool) -> dict[str, Any]:
    """Return the figures of the matcher fitted on `train`; with `peers` theirs and the ratios too.

    Keys: accuracy, top3, auroc, in_scope_at_oos90, p50_ms, p99_ms, fit_s, rss_mb.
    """
    known = [(text, intent) for text, intent in train if intent is not None]
    at = time.perf_counter()
    scorer = _own(known, lexicon)
    own = {**_measure(scorer, test), "fit_s": round(time.perf_counter() - at, 2)}
    own["rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if not peers:
        return own
    rows: dict[str, Any] = {"unspoken": own}
    for name, make in _peers().items():
        at = time.perf_counter()
        rows[name] = {**_measure(make(known), test), "fit_s": round(time.perf_counter() - at, 2)}
    rows["ratios"] = {
        name: {"accuracy": round(own["accuracy"] / max(1e-9, row["accuracy"]), 3),
               "p50": round(own["p50_ms"] / max(1e-9, row["p50_ms"]), 3)}
        for name, row in rows.items() if name != "unspoken"
    }  # fmt: skip
    return rows


def _own(train: Sequence[tuple[str, str]], lexicon: Lexicon) -> Scorer:
    raw = [fold_gender(normalize(text, lexicon).tokens) for text, _ in train]
    repairer = Repairer(count_words(raw, 1), lexicon.english)
    labels = tuple(sorted({intent for _, intent in train}))
    place = {label: i for i, label in enumerate(labels)}
    values = np.eye(len(labels), dtype=np.float32)[[place[intent] for _, intent in train]]
    model = fit_linear([repairer.repair(t) for t in raw], {"intent": Targets(labels, values)}, min_count=1, min_pairs=1)
    # Without out-of-scope examples nothing can be calibrated on: the default coefficients rank by score and margin.
    calibration = Calibration((-2.0, 1.0, 0.5, 0.0, 3.0, 0.0, -0.5))

    def score(text: str) -> tuple[list[str], float]:
        tokens = repairer.repair(fold_gender(normalize(text, lexicon).tokens))
        logits, share = model.logits(tokens)
        chances = softmax(logits["intent"])
        order = np.argsort(-chances)[:3]
        return [labels[i] for i in order], calibration.probability(signals(chances, 0.0, share, len(tokens)))

    return score


def _measure(score: Scorer, test: Labelled) -> dict[str, float]:
    first = three = inside = 0
    confident: list[float] = []
    outside: list[float] = []
    right: list[float] = []
    taken: list[float] = []
    for text, intent in test:
        at = time.perf_counter()
        labels, confidence = score(text)
        taken.append((time.perf_counter() - at) * 1000)
        if intent is None:
            outside.append(confidence)
            continue
        inside += 1
        first += labels[0] == intent
        three += intent in labels[:3]
        confident.append(confidence)
        if labels[0] == intent:
            right.append(confidence)
    taken.sort()
    result = {
        "accuracy": round(first / max(1, inside), 4),
        "top3": round(three / max(1, inside), 4),
        "p50_ms": round(taken[len(taken) // 2], 3),
        "p99_ms": round(taken[int(len(taken) * 0.99)], 3),
    }
    if outside:
        cut = float(np.quantile(outside, 0.9))
        result["auroc"] = round(_auroc(confident, outside), 4)
        result["in_scope_at_oos90"] = round(sum(c > cut for c in right) / max(1, inside), 4)
    return result


def _auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the probability that a message in scope scores above one out of scope (Mann-Whitney)."""
    values = np.concatenate([positive, negative])
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def _peers() -> dict[str, Callable[[Sequence[tuple[str, str]]], Scorer]]:
    from rapidfuzz import fuzz

    found: dict[str, Callable[[Sequence[tuple[str, str]]], Scorer]] = {
        "extractOne(WRatio)": lambda train: _fuzzy(train, fuzz.WRatio),
        "extractOne(token_sort_ratio)": lambda train: _fuzzy(train, fuzz.token_sort_ratio),
    }
    try:
        import sklearn  # noqa: F401 - only whether it is there
    except ImportError:
        return found
    return {**found, "TF-IDF + logistic regression": _sklearn}


def _fuzzy(train: Sequence[tuple[str, str]], scorer: Any) -> Scorer:
    from rapidfuzz import process, utils

    texts = [utils.default_process(text) for text, _ in train]
    intents = [intent for _, intent in train]

    def score(text: str) -> tuple[list[str], float]:
        best = process.extract(utils.default_process(text), texts, scorer=scorer, limit=10)
        labels = list(dict.fromkeys(intents[i] for _, _, i in best))
        return labels or [""], float(best[0][1]) if best else 0.0

    return score


def _sklearn(train: Sequence[tuple[str, str]]) -> Scorer:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    pipeline = make_pipeline(features, LogisticRegression(C=10, max_iter=300))
    pipeline.fit([text for text, _ in train], [intent for _, intent in train])
    labels = list(pipeline.classes_)

    def score(text: str) -> tuple[list[str], float]:
        chances = pipeline.predict_proba([text])[0]
        return [labels[i] for i in np.argsort(-chances)[:3]], float(chances.max())

    return score
