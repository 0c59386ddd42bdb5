"""Opaque, signed page cursors: a client can keep one, not make or change one."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from uuid import UUID

import msgspec

from application.shared.pages import Position
from domain.shared.errors import InvalidInput, Violation

_SIGNATURE = 16


class _Payload(msgspec.Struct, array_like=True):
    key: str | float
    is_time: bool
    id: UUID


_DECODER = msgspec.msgpack.Decoder(_Payload)
_ENCODER = msgspec.msgpack.Encoder()


class Cursors:
    """Signs with HMAC-SHA-256, cut to 16 bytes; the list's name is signed along."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"page cursors", hashlib.sha256)

    def write(self, position: Position, list_name: str) -> str:
        """A cursor for the page after `position` of that list."""
        key = position.key.isoformat() if isinstance(position.key, datetime) else position.key
        payload = _ENCODER.encode(_Payload(key, isinstance(position.key, datetime), position.id))
        signed = self._signature(payload, list_name) + payload
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def read(self, cursor: str, list_name: str) -> Position:
        """Raises `InvalidInput` for a cursor we did not write for this list."""
        try:
            signed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            payload = signed[_SIGNATURE:]
            if not hmac.compare_digest(signed[:_SIGNATURE], self._signature(payload, list_name)):
                raise ValueError("the signature does not match")
            found = _DECODER.decode(payload)
        except (ValueError, binascii.Error) as error:
            detail = "is not a cursor of this list"
            raise InvalidInput([Violation(pointer="/cursor", code="bad_cursor", detail=detail)]) from error
        key = datetime.fromisoformat(str(found.key)) if found.is_time else found.key
        return Position(key=key, id=found.id)

    def _signature(self, payload: bytes, list_name: str) -> bytes:
        return hmac.digest(self._secret, list_name.encode() + b"\0" + payload, hashlib.sha256)[:_SIGNATURE]
