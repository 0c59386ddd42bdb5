"""An account: who somebody is, and the rules for making and changing it."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.identity.email import checked_email
from domain.identity.errors import AccountChanged, UserChanged
from domain.shared.checks import Checks
from domain.shared.ids import UserId
from domain.shared.json import JsonObject
from domain.shared.merge_patch import merged
from domain.shared.roles import Role

NAME_LENGTH = 100
PROFILE = ("first_name", "last_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`email` is in lower case; `version` counts changes from 1; times are UTC. Its password is no part
    of it, so that it cannot be shown by mistake."""

    id: UserId
    email: str
    first_name: str | None
    last_name: str | None
    role: Role
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Who wants an account."""

    email: str
    first_name: str | None = None
    last_name: str | None = None


def checked(registration: Registration, checks: Checks) -> Registration:
    """The registration as it is kept; broken rules are noted."""
    return Registration(
        email=checked_email(checks, registration.email),
        first_name=checks.optional_text("/first_name", registration.first_name, longest=NAME_LENGTH),
        last_name=checks.optional_text("/last_name", registration.last_name, longest=NAME_LENGTH),
    )


def new_user(user_id: UserId, registration: Registration, role: Role, now: datetime) -> User:
    """A fresh account of a checked registration."""
    return User(
        id=user_id,
        email=registration.email,
        first_name=registration.first_name,
        last_name=registration.last_name,
        role=role,
        is_active=True,
        version=1,
        created_at=now,
        updated_at=now,
    )


def require_version(user: User, expected: int | None) -> None:
    """Raises `UserChanged` unless this is the version the caller has seen, if it named one."""
    if expected is not None and user.version != expected:
        raise UserChanged


def require_same(user: User, seen: User) -> None:
    """Raises `AccountChanged` unless this is still the version whose password was asked for."""
    if user.version != seen.version:
        raise AccountChanged


def patched(user: User, patch: JsonObject, now: datetime) -> User:
    """The account after a merge patch (RFC 7396) of its profile; the same one when nothing is new.

    Raises `InvalidInput`, for unknown members and those only others may change too.
    """
    checks = Checks()
    for name in patch:
        if name not in PROFILE:
            checks.refuse("/" + name.replace("~", "~0").replace("/", "~1"), "unknown_field", "cannot be set")
    wanted = merged({name: getattr(user, name) for name in PROFILE}, patch)
    kept: dict[str, str | None] = {}
    for name in PROFILE:
        value = wanted.get(name)
        if value is None or isinstance(value, str):
            kept[name] = checks.optional_text("/" + name, value, longest=NAME_LENGTH)
        else:
            checks.refuse("/" + name, "invalid", "must be a string")
    checks.finish()
    if all(kept[name] == getattr(user, name) for name in PROFILE):
        return user
    return _next(replace(user, first_name=kept["first_name"], last_name=kept["last_name"]), now)


def with_role(user: User, role: Role, now: datetime) -> User:
    """The account with another role; the same one when it has that role."""
    return user if user.role == role else _next(replace(user, role=role), now)


def with_activity(user: User, active: bool, now: datetime) -> User:
    """The account opened or closed; the same one when it is already."""
    return user if user.is_active == active else _next(replace(user, is_active=active), now)


def with_new_password(user: User, now: datetime) -> User:
    """The account after a change of its password, which is kept apart."""
    return _next(user, now)


def _next(user: User, now: datetime) -> User:
    return replace(user, version=user.version + 1, updated_at=now)
