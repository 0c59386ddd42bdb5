"""Every operation against every kind of caller, held against the matrix that is written down."""

from typing import Any
from uuid import uuid4

import pytest

from application.shared.permissions import PERMISSIONS, Permission
from domain.shared.roles import Role
from domain.shared.scopes import Scope
from entrypoints.http.operation import Operation
from tests.e2e.api.callers import Callers, key_of, new_callers
from tests.e2e.api.cases import CASES, perform
from tests.e2e.api.client import Client, ids_in
from tests.e2e.api.declared import declared, name_of
from tests.e2e.api.matrix import ANSWERS, MATRIX, Access, Answer, Caller, answer, expected_status, rendered
from tests.e2e.api.processes import ROOT
from tests.e2e.api.world import Account

Declared = Operation[Any, Any]

# What the table of permissions must say of an operation for each kind of access.
EVERYBODY = frozenset(Role)
RULES = {
    Access.READ: (EVERYBODY, Scope.READ),
    Access.WRITE: (EVERYBODY, Scope.WRITE),
    Access.PERSON: (EVERYBODY, None),
    Access.ADMIN: (frozenset({Role.ADMIN}), Scope.ADMIN),
}
# They ask with a body.
CHANGES_NOTHING = {"POST /vector-chunks/search", "POST /auth/introspect", "POST /auth/ws-ticket"}
# What would be used up, where it never comes to that.
INVENTED = {"refresh_token": "x", "token": "x", "api_key_id": str(uuid4()), "identity_id": str(uuid4())}
GUARDED = [each for each in declared() if each.rule is not None]
ADMINISTRATIVE = [each for each in declared() if MATRIX.get(name_of(each)) is Access.ADMIN]


def cells() -> list[Any]:
    return [
        pytest.param(operation, caller, id=f"{name_of(operation)} as {caller}")
        for operation in declared()
        for caller in Caller
    ]


@pytest.fixture(scope="module")
def callers(owner: Account, stranger: Account, nobody: Client) -> Callers:
    return new_callers(owner, stranger, nobody)


def test_every_operation_is_in_the_matrix_and_nothing_else() -> None:
    assert set(MATRIX) == {name_of(operation) for operation in declared()}
    assert {len(row) for row in ANSWERS.values()} == {len(Caller)}
    assert set(ANSWERS) == set(Access)


@pytest.mark.parametrize("operation", declared(), ids=name_of)
def test_the_code_names_the_rule_that_is_written_down(operation: Declared) -> None:
    access, rule = MATRIX[name_of(operation)], operation.rule
    if access is Access.PUBLIC:
        assert rule is None
    else:
        assert rule is not None
        assert (rule.roles, rule.scope) == RULES[access]


@pytest.mark.parametrize("operation", declared(), ids=name_of)
def test_the_openapi_document_names_it_too(operation: Declared, nobody: Client) -> None:
    shown = nobody.contract.find(operation.method, operation.prefix + operation.path)
    assert shown is not None
    access = MATRIX[name_of(operation)]
    if access is Access.PUBLIC:
        assert (shown["security"], shown["x-roles"]) == ([], ["anyone"])
        assert (shown["x-permission"], shown["x-scope"]) == (None, None)
        return
    roles, scope = RULES[access]
    assert shown["security"]
    assert shown["x-permission"] == operation.permission
    assert set(shown["x-roles"]) == roles
    assert shown["x-scope"] == scope
    assert {"401", "403"} <= set(shown["responses"])


def test_every_permission_is_asked_for_somewhere() -> None:
    asked = {operation.permission for operation in declared()} - {None}
    assert asked == set(Permission) == set(PERMISSIONS)


def test_what_changes_something_is_not_open_to_keys_that_may_read() -> None:
    for operation in declared():
        if operation.method != "GET" and name_of(operation) not in CHANGES_NOTHING:
            assert MATRIX[name_of(operation)] is not Access.READ, name_of(operation)


@pytest.mark.parametrize(("operation", "caller"), cells())
def test_answers_as_the_matrix_says(operation: Declared, caller: Caller, callers: Callers) -> None:
    name, owner = name_of(operation), callers.owner
    case = CASES[name]
    things = {**owner.ids, **(case.fresh(owner) if case.fresh else {})}
    account, reply = callers.call(caller, operation, things)
    assert reply.status_code == expected_status(name, caller), reply.text
    given = answer(name, caller)
    if given is Answer.UNKNOWN:
        assert reply.headers["www-authenticate"].startswith("Bearer")
    if given is not Answer.SERVED:
        assert owner.mark not in reply.text
        assert owner.email not in reply.text
        assert not ids_in(reply) & (owner.known | set(things.values())) - account.known


@pytest.mark.parametrize("operation", ADMINISTRATIVE, ids=name_of)
def test_an_administrators_key_needs_the_scope_as_well(operation: Declared, callers: Callers) -> None:
    case, admin = CASES[name_of(operation)], callers.admin
    for scopes, status in (((Scope.READ,), 403), ((Scope.WRITE,), 403), ((Scope.ADMIN,), case.owner)):
        things = {**callers.owner.ids, **(case.fresh(callers.owner) if case.fresh else {})}
        reply = perform(operation, admin, things, key_of(admin, *scopes))
        assert reply.status_code == status, (scopes, reply.text)


@pytest.mark.parametrize("operation", GUARDED, ids=name_of)
def test_a_key_ends_with_its_account(operation: Declared, callers: Callers) -> None:
    reply = perform(operation, callers.owner, {**callers.owner.ids, **INVENTED}, callers.deactivated_key)
    assert reply.status_code == 401


def test_the_page_about_permissions_is_current() -> None:
    assert (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8") == rendered()
