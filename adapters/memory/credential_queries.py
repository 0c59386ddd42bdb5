"""Reading credentials of dictionaries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from adapters.memory.credentials import CREDENTIALS
from adapters.memory.store import MemoryStore
from application.credentials.queries import CredentialQueries
from domain.credentials.credential import Credential, Provider
from domain.shared.ids import UserId


class InMemoryCredentialQueries(CredentialQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def _rows(self) -> list[Credential]:
        return [row for row in self._store.table(CREDENTIALS).values() if isinstance(row, Credential)]

    async def find(self, user_id: UserId, provider: Provider) -> Credential | None:
        own = await self.all(user_id)
        return next((credential for credential in own if credential.provider is provider), None)

    async def all(self, user_id: UserId) -> Sequence[Credential]:
        own = [credential for credential in self._rows() if credential.user_id == user_id]
        return sorted(own, key=lambda credential: credential.provider.value)

    async def sealed_otherwise(self, key_id: str, after: UUID | None, limit: int) -> Sequence[Credential]:
        others = [
            credential
            for credential in self._rows()
            if credential.key_id != key_id and (after is None or credential.id > after)
        ]
        return sorted(others, key=lambda credential: credential.id)[:limit]

    async def by_key(self) -> Mapping[str, int]:
        return Counter(credential.key_id for credential in self._rows())
