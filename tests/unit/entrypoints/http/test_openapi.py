"""The document says what is true of requests, where a type alone says too little or too much."""

from typing import Annotated, Any

import msgspec

from entrypoints.http.graph import NeighborhoodQuery
from entrypoints.http.openapi import described, openapi, query_parameters
from entrypoints.http.operation import Operation, PageQuery, Reply


class _Query(PageQuery, kw_only=True):
    near: Annotated[float, msgspec.Meta(extra_json_schema={"minimum": 0})] | None = None
    either: int | str | None = None


class _Body(msgspec.Struct):
    name: str


async def _nothing(_: Any) -> Reply:
    return Reply()


def _operation(**more: Any) -> Operation[Any, Any]:
    return Operation(method="POST", path="/x", handler=_nothing, summary="", tag="", permission=None, **more)


def test_no_query_parameter_is_said_to_take_null() -> None:
    schemas = {parameter["name"]: parameter["schema"] for parameter in query_parameters(_Query)}
    assert schemas["near"] == {"type": "number", "minimum": 0}
    assert schemas["cursor"] == {"type": "string"}
    assert schemas["either"] in (
        {"type": ["integer", "string"]},
        {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    )


def test_the_bounds_of_numbers_are_told() -> None:
    schemas = {parameter["name"]: parameter["schema"] for parameter in query_parameters(NeighborhoodQuery)}
    assert (schemas["depth"]["minimum"], schemas["depth"]["maximum"]) == (1, 5)
    pages = {parameter["name"]: parameter["schema"] for parameter in query_parameters(_Query)}
    assert (pages["limit"]["minimum"], pages["limit"]["maximum"]) == (1, 200)


def test_a_body_that_may_be_left_out_is_not_required() -> None:
    for optional in (True, False):
        operation = _operation(body=_Body, raw_body=True, optional_body=optional)
        document = openapi([operation], "1")
        assert document["paths"]["/api/v1/x"]["post"]["requestBody"]["required"] is not optional


def test_a_stream_of_events_is_no_string() -> None:
    shown = described(_operation(produces="text/event-stream"), _AnySchema())
    assert shown["responses"]["200"]["content"] == {"text/event-stream": {}}


class _AnySchema(dict[int, Any]):
    def __missing__(self, key: int) -> Any:
        return {}
