"""The store in memory keeps the contract of credentials."""

import contextlib

import pytest

from adapters.memory.credential_queries import InMemoryCredentialQueries
from adapters.memory.unit_of_work import InMemoryUnitOfWork
from application.shared.principal import Principal
from tests.contract.credentials.contract import CredentialStoreContract
from tests.contract.systems import MemorySystem


class MemoryCredentialStore:
    def __init__(self) -> None:
        self.system = MemorySystem()
        self.credentials = InMemoryCredentialQueries(self.system.store)
        self.new_user = self.system.new_user

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[InMemoryUnitOfWork]:
        return self.system.start_work(principal)


@pytest.fixture
def store() -> MemoryCredentialStore:
    return MemoryCredentialStore()


class TestMemoryCredentials(CredentialStoreContract):
    pass
