"""The one table of who may do what: every operation names a row, and everything else is read from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from application.shared.principal import Principal, Role
from domain.shared.scopes import Scope

EVERYBODY: Final = frozenset(Role)
ADMINISTRATORS: Final = frozenset({Role.ADMIN})


class Permission(StrEnum):
    """What an operation asks of its caller."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    ACCOUNT_SECURE = "account:secure"
    GRAPH_READ = "graph:read"
    GRAPH_WRITE = "graph:write"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_WRITE = "documents:write"
    EXTRACTIONS_READ = "extractions:read"
    EXTRACTIONS_WRITE = "extractions:write"
    EVENTS_READ = "events:read"
    AUDIT_READ = "audit:read"
    CREDENTIALS_READ = "credentials:read"
    CREDENTIALS_WRITE = "credentials:write"
    USERS_ADMINISTER = "users:administer"
    AUDIT_ADMINISTER = "audit:administer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`roles` have the permission. A program's key needs `scope` as well; None means that no key will do,
    only a person who logged in."""

    roles: frozenset[Role] = EVERYBODY
    scope: Scope | None


PERMISSIONS: Final[Mapping[Permission, Rule]] = {
    Permission.ACCOUNT_READ: Rule(scope=Scope.READ),
    Permission.ACCOUNT_WRITE: Rule(scope=Scope.WRITE),
    # Passwords, sessions, keys and the account's end: a leaked key must not be able to make itself at home.
    Permission.ACCOUNT_SECURE: Rule(scope=None),
    Permission.GRAPH_READ: Rule(scope=Scope.READ),
    Permission.GRAPH_WRITE: Rule(scope=Scope.WRITE),
    Permission.DOCUMENTS_READ: Rule(scope=Scope.READ),
    Permission.DOCUMENTS_WRITE: Rule(scope=Scope.WRITE),
    Permission.EXTRACTIONS_READ: Rule(scope=Scope.READ),
    Permission.EXTRACTIONS_WRITE: Rule(scope=Scope.WRITE),
    Permission.EVENTS_READ: Rule(scope=Scope.READ),
    Permission.AUDIT_READ: Rule(scope=Scope.READ),
    # Masked, so a key may look. A program that could replace them would send what it likes to whom it likes.
    Permission.CREDENTIALS_READ: Rule(scope=Scope.READ),
    Permission.CREDENTIALS_WRITE: Rule(scope=None),
    Permission.USERS_ADMINISTER: Rule(roles=ADMINISTRATORS, scope=Scope.ADMIN),
    Permission.AUDIT_ADMINISTER: Rule(roles=ADMINISTRATORS, scope=Scope.ADMIN),
}


def is_allowed(principal: Principal, permission: Permission) -> bool:
    """Whether this caller has a permission: by role, and by the scopes of the key in use, if it is one."""
    rule = PERMISSIONS[permission]
    if principal.role not in rule.roles:
        return False
    if principal.scopes is None:
        return True
    return rule.scope is not None and any(scope.covers(rule.scope) for scope in principal.scopes)
