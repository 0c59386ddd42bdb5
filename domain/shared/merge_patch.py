"""JSON Merge Patch (RFC 7396): how a PATCH changes a representation."""

from collections.abc import Mapping

from domain.shared.json import Json, JsonObject


def merged(target: JsonObject, patch: JsonObject) -> dict[str, Json]:
    """`target` with `patch` applied; neither is changed. A member that is null in the patch goes."""
    result = dict(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            inner = result.get(name)
            result[name] = merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            result[name] = value
    return result
