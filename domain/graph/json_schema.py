"""Which JSON Schemas (2020-12) are taken: small ones, whole in themselves, and bounded in their work.

What refers elsewhere would be fetched, what refers to itself need not end, and what refers often enough to
what refers often can take for ever: all three are refused before any library reads them.
"""

import json
from collections.abc import Iterator, Mapping

from domain.shared.checks import Checks, objection_to
from domain.shared.json import Json, JsonObject

SCHEMA_BYTES = 16 * 1024
EXPANSION = 500
DIALECT = "https://json-schema.org/draft/2020-12/schema"

ONE = (
    "additionalProperties",
    "unevaluatedProperties",
    "items",
    "unevaluatedItems",
    "contains",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "contentSchema",
)
SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "dependencies")
# These only hold what is referred to.
STORED = ("$defs", "definitions")
REFUSED = ("$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$anchor", "$vocabulary")


def refuse_schema(checks: Checks, pointer: str, schema: JsonObject) -> None:
    """Notes why a schema is not taken, each with its pointer."""
    if objection := objection_to(schema):
        checks.refuse(pointer, *objection)
        return
    if len(json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode()) > SCHEMA_BYTES:
        checks.refuse(pointer, "too_large", f"must have at most {SCHEMA_BYTES} bytes as JSON")
        return
    places = dict(_places("", schema))
    sound = True
    for place, found in places.items():
        for code, keyword, detail in _faults(place, found, places):
            checks.refuse(f"{pointer}{place}/{_token(keyword)}", code, detail)
            sound = False
    if sound:
        _refuse_work(checks, pointer, places)


def _places(root: str, schema: Json) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Every schema inside a schema by its pointer; true and false are none."""
    waiting: list[tuple[str, Json]] = [(root, schema)]
    while waiting:
        place, found = waiting.pop()
        if isinstance(found, Mapping):
            yield place, found
            waiting += _inner(place, found, (*ONE, *SEVERAL, *NAMED))


def _inner(place: str, schema: Mapping[str, Json], keywords: tuple[str, ...]) -> list[tuple[str, Json]]:
    inner: list[tuple[str, Json]] = []
    for keyword in keywords:
        value = schema.get(keyword)
        here = f"{place}/{_token(keyword)}"
        if keyword in ONE:
            inner.append((here, value))
        elif keyword in SEVERAL and isinstance(value, list | tuple):
            inner += [(f"{here}/{position}", item) for position, item in enumerate(value)]
        elif keyword in NAMED and isinstance(value, Mapping):
            inner += [(f"{here}/{_token(str(name))}", item) for name, item in value.items()]
    return inner


def _faults(
    place: str, schema: Mapping[str, Json], places: Mapping[str, Mapping[str, Json]]
) -> Iterator[tuple[str, str, str]]:
    """Code, keyword and detail of what cannot be taken."""
    for keyword in REFUSED:
        if keyword in schema:
            yield "unsupported_keyword", keyword, "is not supported"
    if place and "$id" in schema:
        yield "unsupported_keyword", "$id", "is supported at the top alone"
    if "$schema" in schema and (place or str(schema["$schema"]).rstrip("#") != DIALECT):
        yield "unsupported_dialect", "$schema", f"must be {DIALECT}, at the top"
    reference = schema.get("$ref", "#")
    if not isinstance(reference, str) or not reference.startswith("#"):
        yield "remote_reference", "$ref", "must refer into the schema itself: nothing is fetched"
    elif "$ref" in schema and reference != "#" and reference.removeprefix("#") not in places:
        yield "unknown_reference", "$ref", "must be # and the JSON Pointer of a schema in this one"


def _refuse_work(checks: Checks, pointer: str, places: Mapping[str, Mapping[str, Json]]) -> None:
    """Notes references in a circle, and references that multiply."""
    sizes: dict[str, int] = {}
    open_places: set[str] = set()
    stack: list[tuple[str, bool]] = [("", False)]
    while stack:
        place, done = stack.pop()
        if place in sizes:
            continue
        uses = list(_uses(place, places))
        if done:
            open_places.discard(place)
            sizes[place] = min(1 + sum(sizes.get(use, 1) for use in uses), EXPANSION + 1)
            continue
        open_places.add(place)
        stack.append((place, True))
        for use in uses:
            if use in open_places:
                detail = "must not lead back to where it is: recursion is not supported"
                checks.refuse(f"{pointer}{place}/$ref", "recursive", detail)
                return
            stack.append((use, False))
    if sizes[""] > EXPANSION:
        checks.refuse(
            pointer, "too_complex", f"must have at most {EXPANSION} schemas, references written out"
        )


def _uses(place: str, places: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    """The schemas that checking something against this one may check it against."""
    schema = places[place]
    keywords = tuple(word for word in (*ONE, *SEVERAL, *NAMED) if word not in STORED)
    for inner, found in _inner(place, schema, keywords):
        if isinstance(found, Mapping):
            yield inner
    reference = schema.get("$ref")
    if isinstance(reference, str):
        yield reference.removeprefix("#")


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
