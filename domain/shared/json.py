"""What JSON can hold (RFC 8259), as types: metadata, event payloads and audit details are made of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

# A recursive alias would say more, but no tool that reads these types at run time understands one.
Json: TypeAlias = object
JsonObject: TypeAlias = Mapping[str, object]


def rfc3339(moment: datetime) -> str:
    """A moment as JSON values carry it, in UTC (RFC 3339): `2026-11-21T09:30:00.000000Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
