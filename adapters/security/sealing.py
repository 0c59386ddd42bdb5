"""Encrypts what the database keeps but must not be able to read: AES-256-GCM under keys it never sees."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2.2: random, 96 bits
KEY_ID_BYTES: Final = 8
VERSION: Final = b"\x01"


class BadSealingKey(ValueError):
    """The key cannot be used; the message says why and holds nothing of it."""


class CannotOpen(Exception):
    """Sealed with a key that is no longer given, for another place, or changed since."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key, known by an id that tells nothing of it."""

    id: bytes
    cipher: AESGCM

    @classmethod
    def of(cls, encoded: str) -> "SealingKey":
        """A key from base64, 32 bytes. Raises `BadSealingKey`."""
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadSealingKey("a key is not base64") from error
        if len(raw) != KEY_BYTES:
            raise BadSealingKey(f"a key must be {KEY_BYTES} bytes long, in base64")
        return cls(hmac.digest(raw, b"key id", hashlib.sha256)[:KEY_ID_BYTES], AESGCM(raw))

    def __repr__(self) -> str:
        return f"SealingKey({self.id.hex()})"


class Sealer:
    """The first key seals; all of them open, so that a new key can be put before the old one."""

    def __init__(self, keys: Sequence[SealingKey]) -> None:
        if not keys:
            raise BadSealingKey("at least one key is needed")
        self._current = keys[0]
        self._by_id: Mapping[bytes, SealingKey] = {key.id: key for key in keys}

    @classmethod
    def of(cls, encoded: str) -> "Sealer":
        """From keys in base64, separated by commas. Raises `BadSealingKey`."""
        return cls([SealingKey.of(part.strip()) for part in encoded.split(",")])

    @property
    def key_id(self) -> str:
        """The id of the key that seals, in hexadecimal."""
        return self._current.id.hex()

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """The secret, to be opened for the same `place` only (the row it belongs to)."""
        nonce = os.urandom(NONCE_BYTES)
        head = VERSION + self._current.id + nonce
        return head + self._current.cipher.encrypt(nonce, plain, head + place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The secret. Raises `CannotOpen`."""
        end = 1 + KEY_ID_BYTES + NONCE_BYTES
        head = sealed[:end]
        key = self._by_id.get(head[1 : 1 + KEY_ID_BYTES])
        if len(head) < end or head[:1] != VERSION or key is None:
            raise CannotOpen
        try:
            return key.cipher.decrypt(head[1 + KEY_ID_BYTES :], sealed[end:], head + place)
        except InvalidTag as error:
            raise CannotOpen from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed with the key that seals now."""
        return hmac.compare_digest(sealed[1 : 1 + KEY_ID_BYTES], self._current.id)


def new_key() -> str:
    """A key for `CREDENTIALS_KEY`."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()
