"""The store in memory keeps the contracts of external identities."""

import contextlib

import pytest

from adapters.memory.external_identities import (
    SPENT_LOGINS,
    InMemoryExternalIdentityQueries,
    InMemorySpentLogins,
)
from adapters.memory.identity_queries import InMemoryAccountQueries
from adapters.memory.unit_of_work import InMemoryUnitOfWork
from application.shared.principal import Principal
from tests.contract.external_identities.contract import (
    AbsentAccountContract,
    ExternalIdentityContract,
    OidcStore,
    SpentLoginsContract,
)
from tests.contract.systems import MemorySystem


class MemoryOidcStore:
    def __init__(self) -> None:
        self.system = MemorySystem()
        self.accounts = InMemoryAccountQueries(self.system.store)
        self.identities = InMemoryExternalIdentityQueries(self.system.store)
        self.spent = InMemorySpentLogins(self.system.store)

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[InMemoryUnitOfWork]:
        return self.system.start_work(principal)


@pytest.fixture
def store() -> MemoryOidcStore:
    return MemoryOidcStore()


class TestMemoryExternalIdentities(ExternalIdentityContract):
    pass


class TestMemoryAbsentAccounts(AbsentAccountContract):
    pass


class TestMemorySpentLogins(SpentLoginsContract):
    async def remembered(self, store: OidcStore) -> int:
        assert isinstance(store, MemoryOidcStore)
        return len(store.system.store.table(SPENT_LOGINS))
