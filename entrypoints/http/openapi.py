"""The OpenAPI 3.1 document, read from the same declarations the routes are made of."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from domain.shared.errors import (
    IdempotencyKeyReused,
    InvalidInput,
    KnowledgeGraphError,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PreconditionFailed,
    RequestInFlight,
    Unavailable,
)
from entrypoints.http import errors
from entrypoints.http.operation import NoQuery, Operation
from entrypoints.http.rate_limits import LimitClass

Document: TypeAlias = dict[str, Any]
_REF = "#/components/schemas/{name}"

META = {
    "type": "object",
    "required": ["request_id", "timestamp"],
    "properties": {
        "request_id": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "next_cursor": {
            "type": "string",
            "description": "Where the next page begins; absent on the last one.",
        },
    },
}

# Refused before anything is routed, so that any operation may be answered with them.
OVERSIZED = {414: "The request target is too long", 431: "The request head is too large"}

RATE_HEADERS: Document = {
    "RateLimit": {
        "description": "What is left: by policy, requests (`r`) and seconds until there are more (`t`).",
        "schema": {"type": "string", "examples": ['"default";r=1999;t=7']},
    },
    "RateLimit-Policy": {
        "description": "What is allowed: by policy, requests (`q`) in seconds (`w`).",
        "schema": {"type": "string", "examples": ['"default";q=2000;w=10']},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
}


def openapi(operations: Sequence[Operation[Any, Any]], version: str) -> Document:
    """The document for exactly these operations."""
    types = shapes(operations)
    references, components = msgspec.json.schema_components(types, schema_hook=anything, ref_template=_REF)
    schema = dict(zip(map(id, types), references, strict=True))
    paths: dict[str, Document] = {}
    for operation in operations:
        item = paths.setdefault(operation.prefix + operation.path, {})
        item[operation.method.lower()] = described(operation, schema)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Knowledge Graph Lab",
            "version": version,
            "description": "Documents go in, a graph of entities and relationships comes out, live.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": {**components, "Meta": META},
            "headers": RATE_HEADERS,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def anything(shape: type) -> Document:
    """The schema of a value that may be any JSON. Raises `NotImplementedError` for other unknown types."""
    if shape is not object:
        raise NotImplementedError
    return {"description": "Any JSON value."}


def shapes(operations: Sequence[Operation[Any, Any]]) -> list[Any]:
    """Every type that becomes a schema, once."""
    found: dict[int, Any] = {id(shape): shape for shape in (errors.Problem, errors.QuotaProblem)}
    for operation in operations:
        for shape in (operation.body, operation.query, operation.reply, *operation.plain_refusals.values()):
            if shape is not None:
                found[id(shape)] = shape
    return list(found.values())


def described(operation: Operation[Any, Any], schema: Mapping[int, Document]) -> Document:
    """One operation object."""
    rule = operation.rule
    described: Document = {
        "operationId": operation_id(operation),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters(operation),
        "responses": responses(operation, schema),
        "security": [] if rule is None else [{"bearer": []}],
        "x-roles": ["anyone"] if rule is None else sorted(rule.roles),
        "x-permission": operation.permission,
        "x-scope": None if rule is None else rule.scope,
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body is not None:
        content = {media: {"schema": schema[id(operation.body)]} for media in operation.media_types}
        described["requestBody"] = {"required": not operation.optional_body, "content": content}
    return described


def operation_id(operation: Operation[Any, Any]) -> str:
    """A stable, unique name: the method and the path's words."""
    words = operation.path.replace("{", "").replace("}", "").replace("-", "_").replace(".", "_").strip("/")
    return f"{operation.method.lower()}_{words.replace('/', '_') or 'root'}"


def parameters(operation: Operation[Any, Any]) -> list[Document]:
    """Path, query and header parameters."""
    found: list[Document] = []
    for part in operation.path.split("/"):
        if part.startswith("{"):
            name = part[1:-1].rpartition(":")[2]
            format_ = {"format": "uuid"} if name.endswith("id") else {}
            found.append(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string", **format_}}
            )
    if operation.query is not NoQuery:
        found += query_parameters(operation.query)
    headers = ["X-Request-ID"]
    if operation.replay is not None:
        headers.append("Idempotency-Key")
    if operation.conditional:
        headers.append("If-Match")
    found += [{"name": name, "in": "header", "schema": {"type": "string"}} for name in headers]
    return found


def query_parameters(query: type[Any]) -> list[Document]:
    """The fields of a query Struct; `metadata` stands for every `metadata.KEY`."""
    (reference,), components = msgspec.json.schema_components(
        [query], schema_hook=anything, ref_template=_REF
    )
    shape = components[reference["$ref"].rpartition("/")[2]]
    found = []
    for name, schema in shape["properties"].items():
        parameter = {
            "name": name,
            "in": "query",
            "schema": spelled(schema),
            "required": name in shape.get("required", ()),
        }
        if name == "metadata":
            parameter |= {"style": "form", "explode": True, "description": "Given as `metadata.KEY=value`."}
        found.append(parameter)
    return found


def spelled(schema: Document) -> Document:
    """The schema of a query parameter: no query string can spell null, such a parameter is left out."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == len(schema.get("anyOf", ())):
        return schema
    kept = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    if schema.get("default") is not None:
        kept["default"] = schema["default"]
    return {**options[0], **kept} if len(options) == 1 else {"anyOf": options, **kept}


def responses(operation: Operation[Any, Any], schema: Mapping[int, Document]) -> Document:
    """The success, and every refusal, by status."""
    found: Document = {str(operation.status): success(operation, schema)}
    for status, description in operation.statuses.items():
        found[str(status)] = {**success(operation, schema), "description": description}
    if operation.conditional or (operation.method == "GET" and NotFound in refusals(operation)):
        found.setdefault("304", {"description": "Not modified: `If-None-Match` names the present ETag."})
    if operation.method != "GET":
        found.pop("304", None)
    for error in refusals(operation):
        kind = errors.kind_of(error)
        entry = found.setdefault(
            str(kind.status),
            {"description": kind.title, "content": {errors.PROBLEM: {"schema": schema[id(errors.Problem)]}}},
        )
        if kind.title not in entry["description"]:
            entry["description"] += f", {kind.title}"
    if operation.limit is not LimitClass.EXEMPT:
        found["429"] = too_many(operation, schema)
    for status, title in OVERSIZED.items():
        problem = {errors.PROBLEM: {"schema": schema[id(errors.Problem)]}}
        found.setdefault(str(status), {"description": title, "content": problem})
    for status, shape in operation.plain_refusals.items():
        found[str(status)]["content"]["application/json"] = {"schema": schema[id(shape)]}
    return dict(sorted(found.items()))


def too_many(operation: Operation[Any, Any], schema: Mapping[int, Document]) -> Document:
    """The refusal of who asks too often."""
    policy = "default" if operation.limit is LimitClass.DEFAULT else operation.limit.value
    return {
        "description": f"Quota exceeded: the limit `{policy}`, or another one named in `RateLimit-Policy`.",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_HEADERS},
        "content": {errors.PROBLEM: {"schema": schema[id(errors.QuotaProblem)]}},
    }


def success(operation: Operation[Any, Any], schema: Mapping[int, Document]) -> Document:
    """The reply in its envelope."""
    if operation.status == 204:
        return {"description": "Done; there is nothing to show."}
    if operation.produces == "text/event-stream":
        # A schema would be taken for that of each event; OpenAPI 3.1 has no words for a stream.
        return {"description": "Success", "content": {operation.produces: {}}}
    if operation.produces != "application/json":
        media_types = (operation.produces, *operation.also_produces)
        # What is JSON of another kind has a shape of its own, which its own standard describes.
        content = {
            each: {"schema": {} if each.endswith("+json") else {"type": "string"}} for each in media_types
        }
        return {"description": "Success", "content": content}
    if operation.reply is None:
        return {"description": "Success"}
    data = schema[id(operation.reply)]
    if operation.raw_reply:
        return {"description": "Success", "content": {"application/json": {"schema": data}}}
    envelope = {
        "type": "object",
        "required": ["data", "meta", "errors"],
        "properties": {
            "data": data,
            "meta": {"$ref": _REF.format(name="Meta")},
            "errors": {"type": "array", "maxItems": 0},
        },
    }
    return {"description": "Success", "content": {"application/json": {"schema": envelope}}}


def refusals(operation: Operation[Any, Any]) -> list[type[KnowledgeGraphError]]:
    """What this operation can refuse with: its own, and what its declaration implies."""
    found: list[type[KnowledgeGraphError]] = [errors.BadRequest, InvalidInput, *operation.raises]
    if operation.permission is not None:
        found += [NotAuthenticated, NotPermitted, Unavailable]
    if "{" in operation.path and NotFound not in found:
        found.append(NotFound)
    if operation.body is not None:
        found += [errors.UnsupportedMediaType, errors.TooLarge]
    if operation.replay is not None:
        found += [RequestInFlight, IdempotencyKeyReused]
    if operation.conditional:
        found.append(PreconditionFailed)
    return found
