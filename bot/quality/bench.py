"""`unspoken bench turn`: start-up, the time of one turn, resident memory; figures, never assertions."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bot.chat import Conversation, plain_text
from bot.content.yamlfile import read_yaml


def bench_turn(start: Callable[[], Conversation], sentences: Path, turns: int) -> str:
    """Return JSON with start_s (load and first answer), p50_ms, p99_ms, max_ms of a turn, and rss_mb."""
    began = time.perf_counter()
    conversation = start()
    plain_text(conversation.answer("is texting my ex micro-cheating?"))
    started = time.perf_counter() - began
    texts = test_texts(sentences) or ["is texting my ex micro-cheating?"]
    for text in texts[:300]:
        conversation.answer(text)
    taken: list[float] = []
    gc.collect()
    for i in range(turns):
        text = texts[i % len(texts)]
        at = time.perf_counter()
        conversation.answer(text)
        taken.append((time.perf_counter() - at) * 1000)
    taken.sort()
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return json.dumps(
        {
            "turns": turns,
            "start_s": round(started, 2),
            "p50_ms": round(taken[len(taken) // 2], 3),
            "p99_ms": round(taken[int(len(taken) * 0.99)], 3),
            "max_ms": round(taken[-1], 3),
            "rss_mb": round(rss),
        }
    )


def test_texts(sentences: Path) -> list[str]:
    """Return the test sentences, which the matcher was not fitted on."""
    found: list[str] = []
    for path in sorted(sentences.glob("*/*.yaml")):
        data, _ = read_yaml(path, sentences)
        if isinstance(data, dict):
            found.extend(item["text"] for item in data.get("sentences", ()))
    return found
