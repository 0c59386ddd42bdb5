"""The store in memory keeps the contracts of identity."""

import contextlib

import pytest

from adapters.memory.identity_queries import InMemoryAccountQueries
from adapters.memory.unit_of_work import InMemoryUnitOfWork
from application.shared.principal import Principal
from tests.contract.identity.contract import (
    AccountQueriesContract,
    SessionRepositoryContract,
    UserRepositoryContract,
)
from tests.contract.identity.management_contract import AccountManagementContract
from tests.contract.systems import MemorySystem


class MemoryIdentityStore:
    def __init__(self) -> None:
        self.system = MemorySystem()
        self.accounts = InMemoryAccountQueries(self.system.store)

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[InMemoryUnitOfWork]:
        return self.system.start_work(principal)


@pytest.fixture
def store() -> MemoryIdentityStore:
    return MemoryIdentityStore()


class TestMemoryUsers(UserRepositoryContract):
    pass


class TestMemorySessions(SessionRepositoryContract):
    pass


class TestMemoryManagement(AccountManagementContract):
    pass


class TestMemoryAccounts(AccountQueriesContract):
    pass
