"""JSON to and from jsonb columns, which the driver hands over as text."""

from typing import Any, TypeVar

import msgspec

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()

Kept = TypeVar("Kept")


def encode(value: object) -> str:
    """UUIDs as text, datetimes in RFC 3339."""
    return _ENCODER.encode(value).decode()


def decode(text: str) -> Any:
    """The value of a jsonb column."""
    return _DECODER.decode(text)


def decode_as(kind: type[Kept], text: str) -> Kept:
    """A dataclass as `encode` wrote it; what it has not got is as the dataclass says."""
    return msgspec.json.decode(text, type=kind)
