"""Reading one YAML file: a value, or a problem that names file, line and mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path, root: Path) -> tuple[Any, str | None]:
    """Return (value, None), or (None, `path: problem`) when the file is missing or is not YAML."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None, f"{name}: missing; add it"
    except (OSError, UnicodeDecodeError) as error:
        return None, f"{name}: cannot be read as UTF-8 text ({type(error).__name__}); mend or restore it"
    try:
        return parse_yaml(text), None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        return None, f"{name}{place}: {problem}; quote the text or mend the indent"


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML text, by the safe loader in C where there is one; raises yaml.YAMLError."""
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - either is a safe loader
