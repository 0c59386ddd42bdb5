"""What JSON can hold (RFC 8259), as types: metadata, event payloads and audit details are made of it."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

Json: TypeAlias = Union[bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None]  # noqa: UP007  # a string cannot be |-ed
JsonObject: TypeAlias = Mapping[str, Json]
