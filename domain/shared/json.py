"""What JSON can hold (RFC 8259), as types: metadata, event payloads and audit details are made of it."""

from collections.abc import Mapping
from typing import TypeAlias

# A recursive alias would say more, but no tool that reads these types at run time understands one.
Json: TypeAlias = object
JsonObject: TypeAlias = Mapping[str, object]
