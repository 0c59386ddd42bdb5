"""Sealed credentials of providers as dictionaries of one unit of work."""

from dataclasses import replace

from adapters.memory.store import Rows
from application.credentials.ports import CredentialRepository
from domain.credentials.credential import Credential, Provider, require_version
from domain.credentials.errors import CredentialNotFound
from domain.shared.ids import UserId

CREDENTIALS = "provider_credentials"


class InMemoryCredentialRepository(CredentialRepository):
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def put(self, credential: Credential, expected_version: int | None = None) -> Credential:
        present = self._present(credential.user_id, credential.provider)
        require_version(present, expected_version)
        stored = credential
        if present is not None:
            version = max(credential.version, present.version + 1)
            stored = replace(credential, id=present.id, version=version, created_at=present.created_at)
        self._rows[stored.user_id, stored.id] = stored
        return stored

    async def delete(
        self, user_id: UserId, provider: Provider, expected_version: int | None = None
    ) -> Credential:
        present = self._present(user_id, provider)
        if present is None:
            raise CredentialNotFound
        require_version(present, expected_version)
        del self._rows[user_id, present.id]
        return present

    async def reseal(self, before: Credential, sealed: bytes, key_id: str) -> bool:
        present = self._present(before.user_id, before.provider)
        if present is None or present.id != before.id or present.sealed != before.sealed:
            return False
        self._rows[present.user_id, present.id] = replace(present, sealed=sealed, key_id=key_id)
        return True

    def _present(self, user_id: UserId, provider: Provider) -> Credential | None:
        for row in self._rows.values():
            if isinstance(row, Credential) and row.user_id == user_id and row.provider is provider:
                return row
        return None
