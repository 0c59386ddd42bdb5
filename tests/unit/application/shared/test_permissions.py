"""The table of permissions: complete, and no wider than meant."""

from uuid import uuid4

import pytest

from application.shared.permissions import PERMISSIONS, Permission, is_allowed
from application.shared.principal import Principal, Role, Trace
from domain.shared.ids import SessionId, UserId
from domain.shared.scopes import Scope


def person(role: Role) -> Principal:
    return Principal(
        user_id=UserId(uuid4()), role=role, trace=Trace(request_id="r"), session_id=SessionId(uuid4())
    )


def key(role: Role, *scopes: Scope) -> Principal:
    return Principal(
        user_id=UserId(uuid4()), role=role, trace=Trace(request_id="r"), scopes=frozenset(scopes)
    )


ADMINISTRATIVE = [each for each in Permission if each.value.endswith(":administer")]
READING = [each for each in Permission if each.value.endswith(":read")]
# What whoever finds a key could use to stay, or to send what they like to whom they like.
PERSONAL = [Permission.ACCOUNT_SECURE, Permission.CREDENTIALS_WRITE]
WRITING = [each for each in Permission if each.value.endswith(":write") and each not in PERSONAL]


def test_every_permission_is_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Permission)


@pytest.mark.parametrize("permission", ADMINISTRATIVE)
def test_only_administrators_administer(permission: Permission) -> None:
    allowed = {role for role in Role if is_allowed(person(role), permission)}
    assert allowed == {Role.ADMIN}
    for role in (Role.USER, Role.MODERATOR):
        assert not is_allowed(key(role, *Scope), permission), "a scope never adds to the role"


@pytest.mark.parametrize("permission", [each for each in Permission if each not in ADMINISTRATIVE])
def test_everybody_who_logged_in_may_do_the_rest(permission: Permission) -> None:
    assert all(is_allowed(person(role), permission) for role in Role)


@pytest.mark.parametrize(
    ("permissions", "enough"),
    [
        (READING, {Scope.READ, Scope.WRITE, Scope.ADMIN}),
        (WRITING, {Scope.WRITE, Scope.ADMIN}),
        (ADMINISTRATIVE, {Scope.ADMIN}),
    ],
    ids=["read", "write", "administer"],
)
def test_a_key_needs_a_scope_that_covers_the_permission(
    permissions: list[Permission], enough: set[Scope]
) -> None:
    assert permissions
    for permission in permissions:
        assert {scope for scope in Scope if is_allowed(key(Role.ADMIN, scope), permission)} == enough


@pytest.mark.parametrize("permission", Permission)
def test_a_key_without_scopes_may_do_nothing(permission: Permission) -> None:
    assert not is_allowed(key(Role.ADMIN), permission)


@pytest.mark.parametrize("permission", PERSONAL)
def test_no_key_touches_what_keeps_the_account_safe(permission: Permission) -> None:
    assert not any(is_allowed(key(role, *Scope), permission) for role in Role)


def test_the_name_of_every_permission_says_what_kind_it_is() -> None:
    assert {*ADMINISTRATIVE, *READING, *WRITING, *PERSONAL} == set(Permission)
