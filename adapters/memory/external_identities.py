"""Links of accounts to providers' people as dictionaries, and the logins with a provider that are over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.identity import USERS, UserRow
from adapters.memory.store import MemoryStore, Rows
from application.identity.oidc_ports import (
    ExternalIdentityQueries,
    ExternalIdentityRepository,
    LinkedAccount,
    PendingLogin,
    SpentLogins,
)
from domain.identity.errors import IdentityNotFound, IdentityTaken
from domain.identity.external_identity import ExternalIdentity
from domain.shared.errors import AccountGone
from domain.shared.ids import ExternalIdentityId, UserId

EXTERNAL_IDENTITIES = "external_identities"
SPENT_LOGINS = "spent_logins"


def of_rows(rows: Rows) -> list[ExternalIdentity]:
    """All of them, by id."""
    found = [row for row in rows.values() if isinstance(row, ExternalIdentity)]
    return sorted(found, key=lambda identity: identity.id)


class InMemoryExternalIdentityRepository(ExternalIdentityRepository):
    def __init__(self, users: Rows, rows: Rows) -> None:
        self._users = users
        self._rows = rows

    async def add(self, identity: ExternalIdentity) -> None:
        if identity.user_id not in self._users:
            raise AccountGone
        wanted = (identity.issuer, identity.subject)
        if any((each.issuer, each.subject) == wanted for each in of_rows(self._rows)):
            raise IdentityTaken
        self._rows[identity.user_id, identity.id] = identity

    async def of_user(self, user_id: UserId) -> Sequence[ExternalIdentity]:
        return [each for each in of_rows(self._rows) if each.user_id == user_id]

    async def use(self, user_id: UserId, identity_id: ExternalIdentityId, now: datetime) -> bool:
        found = self._rows.get((user_id, identity_id))
        if not isinstance(found, ExternalIdentity):
            return False
        self._rows[user_id, identity_id] = replace(found, last_used_at=now)
        return True

    async def remove(self, user_id: UserId, identity_id: ExternalIdentityId) -> None:
        if (user_id, identity_id) not in self._rows:
            raise IdentityNotFound
        del self._rows[user_id, identity_id]


class InMemoryExternalIdentityQueries(ExternalIdentityQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def linked(self, issuer: str, subject: str) -> LinkedAccount | None:
        for identity in of_rows(self._store.table(EXTERNAL_IDENTITIES)):
            if (identity.issuer, identity.subject) == (issuer, subject):
                row = self._store.table(USERS)[identity.user_id]
                if isinstance(row, UserRow):
                    return LinkedAccount(user=row.user, identity=identity)
        return None

    async def identities(self, user_id: UserId) -> Sequence[ExternalIdentity]:
        rows = of_rows(self._store.table(EXTERNAL_IDENTITIES))
        return [each for each in rows if each.user_id == user_id]


class InMemorySpentLogins(SpentLogins):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def spend(self, pending: PendingLogin, now: datetime) -> bool:
        rows = self._store.table(SPENT_LOGINS)
        for state, expires_at in list(rows.items()):
            if isinstance(expires_at, datetime) and expires_at <= now:
                del rows[state]
        if pending.state in rows:
            return False
        rows[pending.state] = pending.expires_at
        return True
