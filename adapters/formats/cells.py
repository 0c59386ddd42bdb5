"""Values as the text cells of CSV and GraphML hold them, and back."""

import json
from uuid import UUID

from application.graph.views import EntityView, RelationshipView
from domain.shared.errors import Violation
from domain.shared.json import rfc3339

COMMON = ("confidence", "source", "source_type", "external_id", "metadata", "is_active")
TOLD = ("version", "created_at", "updated_at")
JSON_FIELDS = frozenset(["metadata", "aliases"])
TRUE, FALSE = frozenset(["true", "1"]), frozenset(["false", "0"])


def cells_of(row: EntityView | RelationshipView) -> dict[str, str]:
    """The fields of a thing that are there, as text."""
    found: dict[str, str] = {}
    for name in row.__dataclass_fields__:
        value = getattr(row, name)
        if value is None or (name in JSON_FIELDS and not value):
            continue
        if name in JSON_FIELDS:
            found[name] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        elif isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif name in ("created_at", "updated_at"):
            found[name] = rfc3339(value)
        else:
            found[name] = repr(value) if isinstance(value, float) else str(value)
    return found


def value_of(name: str, text: str) -> object:
    """The value of a field. Raises `ValueError` for text that is none."""
    if name in JSON_FIELDS:
        try:
            return json.loads(text, parse_constant=_no_constant)
        except RecursionError as error:
            raise ValueError("is nested too deeply") from error
    if name == "confidence":
        return float(text)
    if name == "is_active":
        if text.lower() not in TRUE | FALSE:
            raise ValueError("must be true or false")
        return text.lower() in TRUE
    return text


def invalid(name: str, error: ValueError) -> Violation:
    """Why a cell is refused."""
    return Violation(pointer=f"/{name}", code="invalid", detail=f"cannot be read: {error}"[:300])


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def is_id(text: str) -> bool:
    """Whether this is how exports write ids: what others call their things may look similar."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def end_of(which: str, name: str) -> dict[str, object]:
    """The reference to an entity that a file calls so."""
    return {f"{which}_entity_id": name} if is_id(name) else {f"{which}_entity": {"key": name}}
