"""Parameters of a call, however they were sent: query string, form, multipart or JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from .refuse import ApiError, bad_request

# Only these are JSON inside a form; decoding others would turn the text "5" into a number.
_NESTED = frozenset(
    {
        "allowed_updates",
        "button",
        "caption_entities",
        "commands",
        "entities",
        "link_preview_options",
        "menu_button",
        "message_ids",
        "reply_markup",
        "reply_parameters",
        "results",
        "scope",
    }
)
_FALSE = {"", "0", "false", "False", "no"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent with a call."""

    field: str
    name: str
    content_type: str
    data: bytes


class Params:
    """Typed access to what a caller sent."""

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, Upload] | None = None) -> None:
        self.values = dict(values)
        self.files = dict(files or {})

    def text(self, name: str) -> str:
        """Returns a string, empty when absent."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """Returns a whole number; what is not one counts as the default, as Telegram does it."""
        try:
            return int(float(self.values.get(name, default)))
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """Returns a boolean."""
        value = self.values.get(name, False)
        return value not in _FALSE if isinstance(value, str) else bool(value)

    def nested(self, name: str) -> Any:
        """Returns a decoded object or list, None when absent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object")

    def upload(self, name: str) -> Upload | None:
        """Returns the file sent under a name or through attach://."""
        reference = self.text(name)
        if reference.startswith("attach://"):
            return self.files.get(reference.removeprefix("attach://"))
        return self.files.get(name)


def _decode(name: str, value: str) -> Any:
    if name not in _NESTED:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


async def _read_multipart(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    values: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        data = bytes(await part.read(decode=False))
        if part.filename is None:
            values[part.name] = _decode(part.name, data.decode())
        else:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            files[part.name] = Upload(part.name, part.filename, kind, data)
    return values, files


async def read_params(request: web.Request) -> Params:
    """Reads the parameters of a request."""
    values: dict[str, Any] = {name: _decode(name, value) for name, value in request.query.items()}
    files: dict[str, Upload] = {}
    if request.method == "POST" and request.can_read_body:
        if request.content_type == "application/json":
            try:
                body = await request.json()
            except ValueError:
                body = None
            if not isinstance(body, dict):
                raise ApiError(400, "Bad Request: can't parse JSON object")
            values |= {name: _decode(name, v) if isinstance(v, str) else v for name, v in body.items()}
        elif request.content_type == "multipart/form-data":
            more, files = await _read_multipart(request)
            values |= more
        else:
            form = await request.post()
            values |= {name: _decode(name, value) for name, value in form.items() if isinstance(value, str)}
    return Params(values, files)
