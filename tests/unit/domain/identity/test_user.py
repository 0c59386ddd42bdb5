"""How an account changes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.identity.errors import UserChanged
from domain.identity.user import (
    Registration,
    User,
    checked,
    new_user,
    patched,
    require_version,
    with_activity,
    with_role,
)
from domain.shared.checks import Checks
from domain.shared.errors import InvalidInput
from domain.shared.ids import UserId
from domain.shared.json import JsonObject
from domain.shared.roles import Role

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def user() -> User:
    registration = Registration(email="ada@example.org", first_name="Ada", last_name="King")
    return new_user(UserId(UUID(int=1)), registration, Role.USER, NOW)


def test_names_every_broken_rule_of_a_registration_at_once() -> None:
    checks = Checks()
    checked(Registration(email="ada", first_name="x" * 101, last_name="\0"), checks)
    assert [violation.pointer for violation in checks.violations] == ["/email", "/first_name", "/last_name"]


def test_changes_what_the_patch_names_and_removes_what_is_null(user: User) -> None:
    changed = patched(user, {"first_name": " Augusta ", "last_name": None}, LATER)
    assert (changed.first_name, changed.last_name) == ("Augusta", None)
    assert (changed.version, changed.updated_at, changed.created_at) == (2, LATER, NOW)


@pytest.mark.parametrize("patch", [{}, {"first_name": "Ada"}, {"last_name": " King "}])
def test_a_patch_with_nothing_new_changes_nothing(user: User, patch: JsonObject) -> None:
    assert patched(user, patch, LATER) is user


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"role": "admin"}, "/role"),
        ({"is_active": False}, "/is_active"),
        ({"id": "x"}, "/id"),
        ({"a/b~": 1}, "/a~1b~0"),
        ({"first_name": 7}, "/first_name"),
        ({"first_name": {"x": 1}}, "/first_name"),
        ({"last_name": "x" * 101}, "/last_name"),
    ],
)
def test_refuses_a_patch_of_anything_else(user: User, patch: JsonObject, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        patched(user, patch, LATER)
    assert [violation.pointer for violation in refused.value.violations] == [pointer]


def test_a_role_or_activity_it_has_already_is_no_change(user: User) -> None:
    assert with_role(user, Role.USER, LATER) is user
    assert with_activity(user, True, LATER) is user
    assert with_role(user, Role.ADMIN, LATER).version == 2
    assert not with_activity(user, False, LATER).is_active


def test_demands_the_version_the_caller_has_seen(user: User) -> None:
    require_version(user, None)
    require_version(user, 1)
    with pytest.raises(UserChanged):
        require_version(user, 2)
