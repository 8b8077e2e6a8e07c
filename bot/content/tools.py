"""Guided tools as data: questions with options, and what comes of the answers; the state rides in the buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.content.languages import ENGLISH, Language
from bot.content.yamlfile import read_yaml

FOLDER = "tools"
KINDS = ("list", "sentence", "pick")
"""a summary of what was said; one sentence to copy; a list from chosen areas"""
MAX_COPY = 256
"""characters of Telegram's copy button"""
DONE = "."
"""ends the state of a pick"""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose."""

    key: str
    label: str
    says: str
    """what it adds to the result"""
    afraid: bool = False
    """fear speaks: the result leads to the card for that first"""


@dataclass(frozen=True, slots=True)
class Step:
    """One question."""

    ask: str
    options: tuple[Option, ...]

    def option(self, key: str) -> Option | None:
        """Return the option of a key, or None."""
        return next((o for o in self.options if o.key == key), None)


@dataclass(frozen=True, slots=True)
class Tool:
    """One guided tool in one language."""

    name: str
    label: str
    kind: str
    intro: str
    steps: tuple[Step, ...]
    result: str
    """what stands above the result; for a sentence its shape, with {0}, {1} ... for the steps"""
    close: str
    talk: bool
    offered_on: tuple[str, ...]
    """groups of intents whose answers offer it"""


def read_state(tool: Tool, state: str) -> tuple[Option, ...] | None:
    """Return the options chosen so far, or None when the state is not one of this tool's."""
    found: list[Option] = []
    for step, key in zip(_steps(tool, state), state.removesuffix(DONE), strict=False):
        option = step.option(key)
        if option is None or (tool.kind == "pick" and option in found):
            return None
        found.append(option)
    return tuple(found) if len(found) == len(state.removesuffix(DONE)) else None


def _steps(tool: Tool, state: str) -> Sequence[Step]:
    """Return the step each key of the state belongs to; a pick has one step for all."""
    return [tool.steps[0]] * len(state) if tool.kind == "pick" else tool.steps


def sentence(tool: Tool, chosen: Sequence[Option]) -> str:
    """Return the sentence to say, cut to nothing Telegram's copy button could not hold."""
    return re.sub(r"\s+", " ", tool.result.format(*(o.says for o in chosen))).strip()


def load_tools(
    folder: Path, languages: Mapping[str, Language], root: Path
) -> tuple[dict[str, dict[str, Tool]], tuple[str, ...]]:
    """Return the tools under `folder` (responses/) by language and name, and the problems found."""
    problems: list[str] = []
    found: dict[str, dict[str, Tool]] = {}
    for tag in languages:
        base = folder / FOLDER if tag == ENGLISH else folder / tag / FOLDER
        found[tag] = dict(found.get(ENGLISH, {}))
        for path in sorted(base.glob("*.yaml")):
            name = path.relative_to(root).as_posix()
            data, problem = read_yaml(path, root)
            tool = None if problem else _tool(path.stem, data, name, problems)
            if problem:
                problems.append(problem)
            if tool is not None:
                english = found[ENGLISH].get(path.stem)
                if tag != ENGLISH and (english is None or _keys(tool) != _keys(english)):
                    problems.append(f"{name}: must have the same questions and keys as the English one")
                    continue
                found[tag][path.stem] = tool
    return found, tuple(problems)


def _keys(tool: Tool) -> list[list[str]]:
    return [[o.key for o in step.options] for step in tool.steps]


def _tool(stem: str, data: Any, name: str, problems: list[str]) -> Tool | None:
    try:
        steps = tuple(
            Step(
                str(s["ask"]),
                tuple(
                    Option(str(o["key"]), str(o["label"]), str(o["says"]).strip(), bool(o.get("afraid", False)))
                    for o in s["options"]
                ),
            )
            for s in data["steps"]
        )
        tool = Tool(
            stem, str(data["label"]), str(data["kind"]), str(data["intro"]).strip(), steps, str(data["result"]).strip(),
            str(data["close"]).strip(), bool(data.get("talk", False)), tuple(data.get("offered_on", ())),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        problems.append(f"{name}: {error} is missing or malformed")
        return None
    keys = [o.key for s in tool.steps for o in s.options]
    if tool.kind not in KINDS or not tool.steps or not all(re.fullmatch(r"[a-z0-9]", k) for k in keys):
        problems.append(f"{name}: kind is one of {', '.join(KINDS)}; keys are one small letter or digit each")
        return None
    for step in tool.steps:
        own = [o.key for o in step.options]
        if len(set(own)) != len(own):
            problems.append(f"{name}: two options of `{step.ask}` have the same key")
    if tool.kind == "sentence":
        problems.extend(_sentence_problems(tool, name))
    return tool


def _sentence_problems(tool: Tool, name: str) -> list[str]:
    try:
        longest = sentence(tool, [max(s.options, key=lambda o: len(o.says)) for s in tool.steps])
    except (IndexError, KeyError, ValueError):
        return [f"{name}: `result` may hold {{0}} to {{{len(tool.steps) - 1}}} only"]
    return (
        [f"{name}: a sentence can be {len(longest)} characters long; {MAX_COPY} fit"] if len(longest) > MAX_COPY else []
    )
