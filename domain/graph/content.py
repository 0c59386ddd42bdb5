"""What an entity or a relationship may say, read out of JSON documents when it is patched."""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.shared.checks import METADATA_DEPTH, Checks
from domain.shared.errors import InvalidInput, Violation
from domain.shared.json import Json, JsonObject

NAME_LENGTH = 500
TYPE_LENGTH = 64
SOURCE_LENGTH = 2000
ALIASES = 100
EXTERNAL_ID_LENGTH = 500


class Members:
    """Typed access to the members of a JSON object; what has another type is noted as a violation."""

    def __init__(self, document: JsonObject, checks: Checks) -> None:
        self._document = document
        self._checks = checks

    def text(self, name: str) -> str:
        """A string that must be there."""
        value = self._document.get(name)
        if isinstance(value, str):
            return value
        self._refuse(name, value, "a string")
        return "-"

    def optional_text(self, name: str) -> str | None:
        """A string, or None where it is absent."""
        value = self._document.get(name)
        if value is None or isinstance(value, str):
            return value
        self._refuse(name, value, "a string")
        return None

    def number(self, name: str, default: float) -> float:
        """A number; true and false are none."""
        value = self._document.get(name, default)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        self._refuse(name, value, "a number")
        return default

    def texts(self, name: str) -> Sequence[str]:
        """An array of strings, empty where it is absent."""
        value = self._document.get(name, ())
        if isinstance(value, Sequence) and not isinstance(value, str):
            found = [item for item in value if isinstance(item, str)]
            if len(found) == len(value):
                return found
        self._refuse(name, value, "an array of strings")
        return ()

    def object(self, name: str) -> JsonObject:
        """An object, empty where it is absent."""
        value = self._document.get(name, {})
        if isinstance(value, Mapping):
            return value
        self._refuse(name, value, "an object")
        return {}

    def id(self, name: str) -> UUID:
        """A UUID in its text form."""
        value = self._document.get(name)
        try:
            return UUID(value if isinstance(value, str) else "")
        except ValueError:
            self._refuse(name, value, "a UUID")
            return UUID(int=0)

    def _refuse(self, name: str, value: Json, expected: str) -> None:
        if value is None:
            self._checks.refuse(f"/{name}", "required", "is required")
        else:
            self._checks.refuse(f"/{name}", "invalid", f"must be {expected}")


def refuse_unknown(patch: JsonObject, known: Sequence[str]) -> None:
    """Raises `InvalidInput` for members that cannot be changed, and for nesting too deep to merge."""
    violations = [
        Violation(pointer=f"/{name}", code="unknown_field", detail="is not a field that can be changed")
        for name in patch
        if name not in known
    ]
    waiting: list[tuple[Json, int]] = [(patch, 0)]
    while waiting and not violations:
        value, depth = waiting.pop()
        if depth > METADATA_DEPTH + 1:
            detail = f"must not be nested deeper than {METADATA_DEPTH} levels"
            violations.append(Violation(pointer="/metadata", code="too_deep", detail=detail))
        elif isinstance(value, Mapping):
            waiting += [(inner, depth + 1) for inner in value.values()]
    if violations:
        raise InvalidInput(violations)


def same_json(one: JsonObject, other: JsonObject) -> bool:
    """Whether two values are the same JSON; to Python alone, true equals 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
