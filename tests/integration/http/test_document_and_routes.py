"""The published document and the routes are the same set, and the document is one that others can read."""

import re
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from quart import Quart

from entrypoints.http.openapi import openapi
from tests.e2e.api.declared import declared, declared_app

# What documents the API is no part of it; the socket is in the AsyncAPI document.
ABOUT_THE_API = {
    "/api/v1/openapi.json",
    "/api/v1/docs",
    "/api/v1/docs/start.js",
    "/api/v1/docs/<name>",
    "/api/v1/redoc",
    "/api/v1/problems/<slug>",
}
SOCKET = "/api/v1/ws"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    published: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(openapi(declared(), "1")))
    return published


@pytest.fixture(scope="module")
def app() -> Quart:
    return declared_app()


def documented(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_the_document_has_what_the_routes_have_and_nothing_else(document: dict[str, Any], app: Quart) -> None:
    routed = set()
    for rule in app.url_map.iter_rules():
        if rule.websocket or rule.rule in ABOUT_THE_API:
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        routed |= {(method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert routed == {(method, path) for method, path, _ in documented(document)}


def test_the_exceptions_are_routes_that_exist(app: Quart) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert rules >= ABOUT_THE_API
    assert SOCKET not in rules, "the socket is registered by the process, not by the application"


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_operation_has_an_id_of_its_own_roles_and_words(document: dict[str, Any]) -> None:
    operations = documented(document)
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(set(names)) == len(names)
    for method, path, operation in operations:
        where = f"{method} {path}"
        roles = operation["x-roles"]
        assert roles, where
        assert set(roles) <= {"anyone", "user", "moderator", "admin"}, where
        assert (operation["security"] == []) == (roles == ["anyone"]), where
        assert operation["summary"], where
        assert operation["tags"], where
        in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert in_path == set(re.findall(r"{(.+?)}", path)), where


def test_every_refusal_is_a_documented_problem(document: dict[str, Any]) -> None:
    for method, path, operation in documented(document):
        where = f"{method} {path}"
        statuses = set(operation["responses"])
        assert {"400", "422"} <= statuses, where
        if operation["x-roles"] != ["anyone"]:
            assert {"401", "503"} <= statuses, where
        if "{" in path:
            assert "404" in statuses, where
        if "requestBody" in operation:
            assert {"413", "415"} <= statuses, where
        for status, response in operation["responses"].items():
            assert response["description"], where
            if status.startswith("4"):
                assert "application/problem+json" in response["content"], (where, status)
