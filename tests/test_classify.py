"""`unspoken classify` speaks exactly the JSON that others build on."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from bot import cli
from bot.classify import as_json, classify_lines
from bot.content.catalogue import Catalogue
from bot.core.engine import Engine
from bot.core.safety import CATEGORIES

KEYS = ["action", "intent", "confidence", "alternatives", "also", "safety", "urgency", "direction", "lang"]
LANGS = {"en", "hi-Latn", "ur-Latn", "pa-Latn", "hi", "ur", "pa", "bn", "gu", "und"}
CANARY = "canarywordinthetext"


def classify(engine: Engine, *lines: str) -> tuple[int, list[dict[str, Any]]]:
    """Return status and objects for some lines; each line in gives one line out."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    status = classify_lines(engine, lines, out)
    out.flush()
    written = raw.getvalue().decode()
    assert written == "" or written.endswith("\n")
    return status, [json.loads(line) for line in written.splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        "is texting my ex micro-cheating?",
        "he hit me last night",
        "i want to end it tonight, i have the pills",
        "what is the capital of france",
        "is it bad",
        "mera pati mujhe marta hai",
        "मैं मरना चाहती हूँ",
        "",
        "😀",
    ],
)
def test_the_keys_are_exactly_the_documented_ones(engine: Engine, catalogue: Catalogue, text: str) -> None:
    """Names, order, types and values are as the interface fixes them, whatever the action."""
    status, [item] = classify(engine, json.dumps({"text": text}))
    assert status == 0
    assert list(item) == ["text", *KEYS]
    assert item["text"] == text
    assert item["action"] in {"care", "answer", "clarify", "unsure"}
    assert (item["intent"] is not None) == (item["action"] == "answer")
    assert item["intent"] is None or item["intent"] in catalogue.taxonomy.intents
    assert 0 <= item["confidence"] <= 1
    assert len(item["alternatives"]) == 5
    chances = [chance for _, chance in item["alternatives"]]
    assert chances == sorted(chances, reverse=True)
    assert {name for name, _ in item["alternatives"]} <= set(catalogue.taxonomy.intents)
    assert set(item["also"]) <= set(catalogue.taxonomy.intents)
    assert set(item["safety"]) <= set(CATEGORIES)
    assert bool(item["safety"]) == (item["action"] == "care") == (item["urgency"] != "none")
    assert item["urgency"] in {"emergency", "high", "none"}
    assert item["direction"] in {"self", "partner", "other", "none"}
    assert item["lang"] in LANGS


def test_the_answer_is_what_the_engine_decides(engine: Engine) -> None:
    """Nothing is added to or taken from the decision."""
    text = "is texting my ex micro-cheating?"
    _, [item] = classify(engine, json.dumps({"text": text}))
    assert item == {"text": text, **json.loads(json.dumps(as_json(engine.decide(text))))}
    assert item["intent"] == "texting_ex"


def test_other_keys_pass_through(engine: Engine) -> None:
    """A line keeps its number, its label and whatever else it carries; only our keys are ours."""
    extra = {"id": 7, "gold": {"intent": "x", "nested": [1, None, 2.5]}, "note": "ہاں\u2028न", "intent": "mine"}
    _, [item] = classify(engine, json.dumps({**extra, "text": "hello"}))
    assert {name: item[name] for name in ("id", "gold", "note")} == {n: extra[n] for n in ("id", "gold", "note")}
    assert item["intent"] != "mine"


@pytest.mark.parametrize(
    "line",
    [
        CANARY,
        f'{{"text": "{CANARY}"',
        f'["{CANARY}"]',
        f'"{CANARY}"',
        "null",
        "5",
        "{}",
        f'{{"words": "{CANARY}"}}',
        '{"text": null}',
        '{"text": 5}',
        f'{{"text": ["{CANARY}"]}}',
        "[" * 100_000,
        f'{{"text": "{CANARY}", "n": {"1" * 5000}}}',
        f"\ufeff{{'text': '{CANARY}'}}",
    ],
    ids=lambda line: ascii(line[:30]),
)
def test_a_broken_line_is_an_error_line_and_the_run_goes_on(engine: Engine, line: str) -> None:
    """The error quotes nothing, the lines around it are answered, and the status is 1 at the end."""
    good = json.dumps({"text": "hello"})
    status, items = classify(engine, good, line, good)
    assert status == 1
    assert len(items) == 3
    assert list(items[1]) == ["error"]
    assert len(items[1]["error"]) > 10
    assert CANARY not in items[1]["error"]
    assert items[0] == items[2]
    assert "action" in items[0]


@pytest.mark.parametrize("text", ["\ud800", "a\u2028b\u0085c", "\x00", "x" * 100_000, "\\u0000"])
def test_any_text_stays_one_line(engine: Engine, text: str) -> None:
    """Half a surrogate pair, odd line ends and zero bytes come back as they were, on one line."""
    status, [item] = classify(engine, json.dumps({"text": text}))
    assert (status, item["text"]) == (0, text)


def test_empty_lines_and_no_lines_are_nothing(engine: Engine) -> None:
    """An empty line has nothing to be answered, as at the end of a file."""
    assert classify(engine, "", "  \n") == (0, [])
    assert classify(engine) == (0, [])


@pytest.mark.parametrize(("line", "status"), [(b'{"text": "hello"}', 0), (b"\xff\xfe", 1), (b"", 0)])
def test_the_command_ends_with_the_status(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, line: bytes, status: int
) -> None:
    """The program's own exit status says whether every line could be read, whatever its bytes."""
    monkeypatch.setattr(cli, "make_engine", lambda *_, **__: engine)
    result = CliRunner().invoke(cli.app, ["classify"], input=line + b"\n")
    assert result.exit_code == status
    assert len(result.stdout.splitlines()) == (1 if line else 0)
