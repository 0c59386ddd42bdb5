"""Turns what clients send into typed values, or into a refusal that points at what is wrong."""

import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from werkzeug.datastructures import MultiDict

from domain.shared.errors import InvalidInput, Violation
from entrypoints.http.errors import BadRequest

T = TypeVar("T")

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|required) field `(?P<field>.*)`")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


def body_decoder(shape: type[T]) -> Callable[[bytes], T]:
    """A decoder for JSON bodies of one shape.

    It raises `BadRequest` for what is not JSON and `InvalidInput` for what does not have the shape.
    """
    decoder = msgspec.json.Decoder(shape)

    def decode(raw: bytes) -> T:
        try:
            value = decoder.decode(raw)
        except msgspec.ValidationError as error:
            well_formed(raw)
            raise invalid(str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise malformed(error) from error
        if b"\\u0000" in raw:
            refuse_nul(msgspec.json.decode(raw), "")
        return value

    return decode


def well_formed(raw: bytes) -> None:
    """Raises `BadRequest` unless this is JSON at all: validation stops at its first complaint."""
    try:
        msgspec.json.decode(raw)
    except msgspec.ValidationError:
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(error) from error


def malformed(error: Exception) -> BadRequest:
    """The refusal for a body that is not JSON."""
    if isinstance(error, UnicodeDecodeError):
        return BadRequest("the body is not valid UTF-8")
    if isinstance(error, RecursionError):
        return BadRequest("the body is nested too deeply")
    return BadRequest(f"the body is not valid JSON: {error}")


def refuse_nul(value: object, pointer: str) -> None:
    """Raises `InvalidInput` where a string holds U+0000, which no Postgres text can."""
    if isinstance(value, str) and "\0" in value:
        raise InvalidInput([Violation(pointer=pointer, code="nul", detail="must not contain U+0000")])
    if isinstance(value, dict):
        for key, inner in value.items():
            refuse_nul(key, pointer)
            refuse_nul(inner, f"{pointer}/{escape(key)}")
    if isinstance(value, list):
        for index, inner in enumerate(value):
            refuse_nul(inner, f"{pointer}/{index}")


def escape(step: str) -> str:
    """A key as a step of a JSON Pointer (RFC 6901, 3)."""
    return step.replace("~", "~0").replace("/", "~1")


def invalid(message: str) -> InvalidInput:
    """msgspec's complaint as a violation with a JSON Pointer."""
    match = _AT.match(message)
    what, path = (match["what"], match["path"] or "$") if match else (message, "$")
    pointer = "".join("/" + escape(key or index or "-") for key, index in _STEP.findall(path))
    named = _FIELD.search(what)
    if named:
        pointer += "/" + escape(named["field"])
        missing = "required" in what
        return InvalidInput(
            [
                Violation(
                    pointer=pointer,
                    code="required" if missing else "unknown_field",
                    detail="is required" if missing else "is not a known field",
                )
            ]
        )
    return InvalidInput([Violation(pointer=pointer, code="invalid", detail=what.replace("`", ""))])


def _is_list(hint: object) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return any(_is_list(option) for option in typing.get_args(hint))
    return typing.get_origin(hint) in (list, tuple, frozenset, set)


def query_decoder(shape: type[T]) -> Callable[[MultiDict[str, str]], T]:
    """A decoder for query strings of one shape. Lists are given by repeating a parameter or by commas.

    It raises `InvalidInput` for unknown or repeated parameters and for values of the wrong type.
    """
    hints = typing.get_type_hints(shape)
    lists = frozenset(name for name, hint in hints.items() if _is_list(hint))

    def decode(arguments: MultiDict[str, str]) -> T:
        given: dict[str, object] = {}
        collected: dict[str, str] = {}
        for name in arguments:
            values = arguments.getlist(name)
            refuse_not_text(name, values)
            if name in lists:
                given[name] = [part for value in values for part in value.split(",") if part]
            elif len(values) > 1:
                raise at(name, "repeated", "is given twice")
            elif "metadata" in hints and name.startswith("metadata.") and name != "metadata.":
                collected[name.removeprefix("metadata.")] = values[0]
            elif name == "metadata":
                raise at(name, "unknown_field", "is not a known field")
            else:
                given[name] = values[0]
        if collected:
            given["metadata"] = collected
        try:
            value = msgspec.convert(given, shape, strict=False)
        except msgspec.ValidationError as error:
            raise invalid(str(error)) from error
        refuse_null(given, value)
        refuse_seconds(given, value)
        refuse_not_finite(given, value)
        return value

    return decode


def at(name: str, code: str, detail: str) -> InvalidInput:
    """One violation at one parameter."""
    return InvalidInput([Violation(pointer="/" + escape(name), code=code, detail=detail)])


def refuse_not_text(name: str, values: Sequence[str]) -> None:
    """Raises `InvalidInput` for U+0000 and lone surrogates, which no Postgres text can hold."""
    if _NOT_TEXT.search(name) or any(_NOT_TEXT.search(value) for value in values):
        raise at(_NOT_TEXT.sub("?", name), "not_text", "is not text")


def refuse_null(given: Mapping[str, object], value: object) -> None:
    """Raises `InvalidInput` for `null` where it was read as if the parameter had not been given."""
    for name in given:
        if getattr(value, name, given) is None:
            raise at(name, "invalid", "is not a value; leave the parameter out")


def refuse_seconds(given: Mapping[str, object], value: object) -> None:
    """Raises `InvalidInput` for a time given as a number, which was read as seconds since 1970."""
    for name, spelling in given.items():
        if isinstance(getattr(value, name, None), datetime) and ":" not in str(spelling):
            raise at(name, "invalid", "must be a time as RFC 3339 writes it")


def refuse_not_finite(given: Mapping[str, object], value: object) -> None:
    """Raises `InvalidInput` for `inf`, which a number in a query string may spell."""
    for name in given:
        number = getattr(value, name, None)  # a shape may ignore parameters it does not know
        if isinstance(number, float) and not abs(number) < float("inf"):
            raise InvalidInput(
                [Violation(pointer="/" + name, code="invalid", detail="must be a finite number")]
            )


def well_encoded(query: bytes) -> None:
    """Raises `BadRequest` for a query that is not UTF-8 once decoded: Quart keeps such bytes as they are
    spelled, and a search for them would look like one that found nothing."""
    try:
        if b"%" in query or not query.isascii():
            unquote_to_bytes(query).decode()
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not valid UTF-8") from error
