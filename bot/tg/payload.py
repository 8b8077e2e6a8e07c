"""Button payloads: state in, at most 64 signed bytes out, and back."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.content.reply import Target
from bot.core.values import Direction
from bot.errors import PayloadError

MAX_BYTES = 64
_MOST_PACKED = 1000
_VERSION = "2"
_MAC_CHARS = 11
"""of URL-safe base64: 66 bits of HMAC-SHA-256, beyond guessing through Telegram's interface"""
_DIRECTIONS = {Direction.SELF: "s", Direction.PARTNER: "p", Direction.OTHER: "o", Direction.NONE: "n"}
_FROM_LETTER = {letter: direction for direction, letter in _DIRECTIONS.items()}
_SHAPE = re.compile(
    r"^(?:1|2([a-z]))([spon])([A-Z][A-Za-z]|--)([0-7])([0-9a-z]{1,7})~([a-z0-9_:.-]+)(?:<([0-9a-z]{4}))?~([A-Za-z0-9_-]{11})$"
)
"""version 1 had no language and no way back; its buttons go on working"""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Signer:
    """Packs and unpacks with the present key; an earlier key still verifies after a rotation."""

    keys: Sequence[bytes]
    """present key first"""
    letters: Mapping[str, str] = field(default_factory=lambda: {"en": "e"})
    """languages of the replies and the letter that stands for each"""
    _packed: dict[tuple[Target, int], str] = field(default_factory=dict, init=False, compare=False, repr=False)
    """the last ones: most cards of a minute share most of their buttons"""

    def pack(self, target: Target, minute: int) -> str:
        """Return the payload of a button made at `minute` (minutes since 1970); raises PayloadError over 64 bytes."""
        made = self._packed.get((target, minute))
        if made is None:
            if len(self._packed) >= _MOST_PACKED:
                self._packed.clear()
            made = self._packed[(target, minute)] = self._pack(target, minute)
        return made

    def _pack(self, target: Target, minute: int) -> str:
        flags = target.emergency | target.under_18 << 1 | target.asked_danger << 2
        lang = self.letters.get(target.lang, "e")
        head = f"{_VERSION}{lang}{_DIRECTIONS[target.direction]}{target.country or '--'}{flags}{_base36(minute)}"
        head += f"~{target.node}" + (f"<{target.back}" if target.back else "")
        if target.back and len(head) + 1 + _MAC_CHARS > MAX_BYTES:
            head = head.rpartition("<")[0]  # a long node does without its way back
        data = f"{head}~{self._mac(self.keys[0], head)}"
        if len(data.encode()) > MAX_BYTES:
            raise PayloadError(f"a payload of {len(data.encode())} bytes; {MAX_BYTES} fit")
        return data

    def unpack(self, data: str) -> Target:
        """Return the state in a payload; raises PayloadError when it was not made with one of the keys."""
        match = _SHAPE.match(data)
        if match is None:
            raise PayloadError("a payload of an unknown shape")
        head, _, mac = data.rpartition("~")
        if not any(hmac.compare_digest(mac, self._mac(key, head)) for key in self.keys):
            raise PayloadError("a payload that does not verify")
        lang, letter, country, flags, _, node, back, _ = match.groups()
        bits = int(flags)
        return Target(
            node=node,
            direction=_FROM_LETTER[letter],
            country=None if country == "--" else country,
            emergency=bool(bits & 1),
            under_18=bool(bits & 2),
            asked_danger=bool(bits & 4),
            lang=next((tag for tag, own in self.letters.items() if own == lang), "en"),
            back=back,
        )

    @staticmethod
    def safe_guess(data: str) -> Target:
        """Return where a payload that cannot be verified leads: care for a care button, else the topics."""
        return Target("lines:any") if "care" in data or "lines" in data else Target("topics")

    def _mac(self, key: bytes, head: str) -> str:
        digest = hmac.digest(key, head.encode(), "sha256")
        return base64.urlsafe_b64encode(digest)[:_MAC_CHARS].decode()


def _base36(value: int) -> str:
    out = ""
    while value:
        value, digit = divmod(value, 36)
        out = _DIGITS[digit] + out
    return out or "0"
