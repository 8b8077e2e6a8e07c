"""Chats as the database may know them: a keyed hash to find rows by, and the chat's number encrypted.

The keys come from the secret, which never lies in the database: a stolen database alone tells nothing on anyone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

_HASH_BYTES = 16
_NONCE_BYTES = 12
_NUMBER_BYTES = 8
_MARK_BYTES = 4


@dataclass(frozen=True, slots=True)
class Keys:
    """The three keys of one secret, 32 bytes each."""

    hashing: bytes
    sealing: bytes
    """for the numbers of chats"""
    texts: bytes
    """for what somebody wrote, and for links that lead to it"""


@dataclass(frozen=True, slots=True)
class Seal:
    """Hashes and encrypts with the present keys; what an earlier secret encrypted can still be opened."""

    keys: Sequence[Keys]
    """present keys first"""

    def chat(self, chat_id: int) -> bytes:
        """Return the keyed hash of a chat (HMAC-SHA-256, 16 bytes)."""
        return self._hash(self.keys[0], b"chat", str(chat_id))

    def chats(self, chat_id: int) -> tuple[bytes, ...]:
        """Return the hash of a chat under every key, present first."""
        return tuple(self._hash(k, b"chat", str(chat_id)) for k in self.keys)

    def marks(self) -> tuple[bytes, ...]:
        """Return four bytes that tell each key from others, present first; they say nothing on the key."""
        return tuple(self._hash(k, b"mark", "")[:_MARK_BYTES] for k in self.keys)

    def word(self, chat_id: int, word: str) -> bytes:
        """Return a chat's code word as it may be kept: its hash, encrypted (AES-SIV), the same each time.

        The same word in another chat looks different. A hash with a key alone could not be brought under another key.
        """
        return self._close_word(self.keys[0], _hash_word(chat_id, word))

    def words(self, chat_id: int, word: str) -> tuple[bytes, ...]:
        """Return all that may be kept of a code word, under every key, and as earlier versions kept it."""
        digest = _hash_word(chat_id, word)
        sealed = (self._close_word(k, digest) for k in self.keys)
        return (*sealed, *(self._hash(k, b"word", f"{chat_id} {word}") for k in self.keys))

    def renew_word(self, kept: bytes) -> bytes:
        """Return a code word as kept under the present key; one that no key opens stays as it is."""
        for keys in self.keys:
            try:
                return self._close_word(self.keys[0], AESSIV(keys.sealing).decrypt(kept, [b"word"]))
            except (InvalidTag, ValueError):
                continue
        return kept

    @staticmethod
    def _close_word(keys: Keys, digest: bytes) -> bytes:
        return AESSIV(keys.sealing).encrypt(digest, [b"word"])

    def asker(self, group_chat_id: int, user_id: int) -> bytes:
        """Return the keyed hash of somebody in a group; the same person in another group has another hash."""
        return self._hash(self.keys[0], b"asker", f"{group_chat_id} {user_id}")

    def askers(self, group_chat_id: int, user_id: int) -> tuple[bytes, ...]:
        """Return the hash of somebody in a group under every key, present first."""
        return tuple(self._hash(k, b"asker", f"{group_chat_id} {user_id}") for k in self.keys)

    def close_data(self, data: bytes, about: bytes) -> bytes:
        """Return bytes encrypted (AES-256-GCM, a nonce of its own each time, 28 bytes longer).

        `about` is bound to it: it opens only where the same is given again, such as the id of its row.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self.keys[0].texts).encrypt(nonce, data, about)

    def open_data(self, box: bytes, about: bytes) -> bytes | None:
        """Return what was encrypted `about` this, or None where none of the keys opens it."""
        for keys in self.keys:
            try:
                return AESGCM(keys.texts).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], about)
            except (InvalidTag, ValueError):
                continue
        return None

    def close_text(self, text: str, about: bytes) -> bytes:
        """Return a text encrypted, as `close_data` does."""
        return self.close_data(text.encode(), about)

    def open_text(self, box: bytes, about: bytes) -> str | None:
        """Return the text in a box, or None where none of the keys opens it."""
        data = self.open_data(box, about)
        return None if data is None else data.decode()

    def member(self, group_chat_id: int, week: int, user_id: int) -> bytes:
        """Return the keyed hash of a member of a group in one ISO week; another week or group gives another hash."""
        return self._hash(self.keys[0], b"member", f"{group_chat_id} {week} {user_id}")

    def members(self, group_chat_id: int, week: int, user_id: int) -> tuple[bytes, ...]:
        """Return the hash of a member in a week under every key, present first."""
        return tuple(self._hash(k, b"member", f"{group_chat_id} {week} {user_id}") for k in self.keys)

    def close(self, chat_id: int) -> bytes:
        """Return a chat's number encrypted (AES-256-GCM, a nonce of its own each time)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        number = chat_id.to_bytes(_NUMBER_BYTES, "big", signed=True)
        return nonce + AESGCM(self.keys[0].sealing).encrypt(nonce, number, None)

    def open(self, box: bytes) -> int | None:
        """Return the chat's number in a box, or None where none of the keys opens it."""
        for keys in self.keys:
            try:
                number = AESGCM(keys.sealing).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], None)
            except (InvalidTag, ValueError):
                continue
            return int.from_bytes(number, "big", signed=True)
        return None

    def reference(self, chat_id: int) -> str:
        """Return an encrypted reference to a chat for a link: the same each time, so that links cannot be told apart.

        AES-SIV (RFC 5297), 32 URL-safe characters.
        """
        number = chat_id.to_bytes(_NUMBER_BYTES, "big", signed=True)
        return base64.urlsafe_b64encode(AESSIV(self.keys[0].sealing).encrypt(number, [b"reference"])).decode()

    def open_reference(self, text: str) -> int | None:
        """Return the chat of a reference, or None where it is none of ours."""
        for keys in self.keys:
            try:
                box = base64.urlsafe_b64decode(text)
                number = AESSIV(keys.sealing).decrypt(box, [b"reference"])
            except (InvalidTag, ValueError):
                continue
            return int.from_bytes(number, "big", signed=True)
        return None

    @staticmethod
    def _hash(keys: Keys, purpose: bytes, text: str) -> bytes:
        return hmac.digest(keys.hashing, purpose + b" " + text.encode(), "sha256")[:_HASH_BYTES]


def _hash_word(chat_id: int, word: str) -> bytes:
    return hashlib.sha256(f"{chat_id} {word}".encode()).digest()[:_HASH_BYTES]
