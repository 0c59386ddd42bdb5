"""JSON Schemas of metadata, judged by jsonschema-rs: typed, in linear time for patterns, and offline."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from adapters.on_demand import on_demand
from application.graph.schema import MetadataSchemas
from domain.graph.json_schema import EXPANSION
from domain.shared.errors import Violation
from domain.shared.json import Json, JsonObject

if TYPE_CHECKING:
    import jsonschema_rs
else:
    jsonschema_rs = on_demand("jsonschema_rs")

COMPILED = 1000
SHOWN = 20
DETAIL_LENGTH = 300
PATTERN_BYTES = 1 << 20
# Values for which all errors are told: the library collects them before it tells the first.
TOLD_IN_FULL = 100_000


def _offline(uri: str, /) -> NoReturn:
    raise ValueError(f"{uri} is not fetched")


class CompiledSchemas(MetadataSchemas):
    """Keeps what it compiled by the hash of the schema, the most recently used."""

    def __init__(self, most: int = COMPILED) -> None:
        self._most = most
        self._compiled: OrderedDict[bytes, jsonschema_rs.Draft202012Validator] = OrderedDict()

    def refuse(self, schema: JsonObject) -> Sequence[Violation]:
        try:
            self._validator(schema)
        except jsonschema_rs.ValidationError as error:
            return [_violation(error)]
        except ValueError as error:
            return [Violation(pointer="", code="invalid_schema", detail=str(error)[:DETAIL_LENGTH])]
        return ()

    def violations(self, schema: JsonObject, value: JsonObject) -> Sequence[Violation]:
        validator = self._validator(schema)
        if validator.is_valid(value):
            return ()
        if _nodes(value) * EXPANSION > TOLD_IN_FULL:
            try:
                validator.validate(value)
            except jsonschema_rs.ValidationError as error:
                return [_violation(error)]
        return [
            _violation(error) for error, _ in zip(validator.iter_errors(value), range(SHOWN), strict=False)
        ]

    def _validator(self, schema: JsonObject) -> "jsonschema_rs.Draft202012Validator":
        text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
        key = hashlib.sha256(text.encode()).digest()
        found = self._compiled.get(key)
        if found is not None:
            self._compiled.move_to_end(key)
            return found
        # The name a schema gives itself would only be a base for references that are not followed.
        plain = {name: value for name, value in schema.items() if name != "$id"}
        made = jsonschema_rs.Draft202012Validator(
            plain,
            validate_formats=True,
            retriever=_offline,
            pattern_options=jsonschema_rs.RegexOptions(
                size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES
            ),
            mask="the value",
        )
        self._compiled[key] = made
        if len(self._compiled) > self._most:
            self._compiled.popitem(last=False)
        return made


def _violation(error: "jsonschema_rs.ValidationError") -> Violation:
    path = [str(part).replace("~", "~0").replace("/", "~1") for part in error.instance_path]
    return Violation(
        pointer="".join(f"/{part}" for part in path),
        code=f"schema_{error.kind.name}",
        detail=error.message[:DETAIL_LENGTH],
    )


def _nodes(value: Json) -> int:
    """How many values a value holds."""
    count, waiting = 0, [value]
    while waiting:
        found = waiting.pop()
        count += 1
        if isinstance(found, Mapping):
            waiting += found.values()
        elif isinstance(found, list | tuple):
            waiting += found
    return count
