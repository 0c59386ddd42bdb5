"""JSON to and from jsonb columns, which the driver hands over as text."""

from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()


def encode(value: object) -> str:
    """UUIDs as text, datetimes in RFC 3339."""
    return _ENCODER.encode(value).decode()


def decode(text: str) -> Any:
    """The value of a jsonb column."""
    return _DECODER.decode(text)
