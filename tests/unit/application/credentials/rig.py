"""The use cases of credentials over the store in memory, with real seals and providers told what to say."""

from datetime import UTC, datetime, timedelta

import httpx

from adapters.memory.credential_queries import InMemoryCredentialQueries
from adapters.providers.credential_check import HttpCredentialCheck, ProviderAddresses
from adapters.security.credential_sealer import AesGcmCredentialSealer
from adapters.security.sealing import new_key
from adapters.system.ids import Uuid7Generator
from application.credentials.delete_credential import DeleteCredential
from application.credentials.reseal_credentials import ResealCredentials
from application.credentials.store_credential import StoreCredential, StoreCredentialCommand, StoredCredential
from application.credentials.vault import CredentialVault
from application.shared.ports import Clock
from application.shared.principal import Principal
from domain.credentials.credential import Provider
from domain.shared.ids import UserId
from domain.shared.secret import Secret
from tests.contract.systems import IDS, MemorySystem, principal

TOKEN = "sk-good-0123456789abcdefWXYZ"


class Ticking(Clock):
    """A second passes at each look."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


class Rig:
    """`answer` is what the providers say; `asked` what they were asked."""

    def __init__(self, keys: str | None = None, system: MemorySystem | None = None) -> None:
        self.keys = new_key() if keys is None else keys
        self.system = system or MemorySystem()
        self.clock = Ticking()
        self.answer = httpx.Response(200, json={})
        self.asked: list[httpx.Request] = []
        self.credentials = InMemoryCredentialQueries(self.system.store)
        self.sealer = AesGcmCredentialSealer(self.keys)
        addresses = ProviderAddresses(openai="https://openai.test/v1", huggingface="https://hf.test/")
        self.check = HttpCredentialCheck(addresses, httpx.MockTransport(self._answered))
        start = self.system.start_work
        self.store = StoreCredential(
            start_work=start,
            credentials=self.credentials,
            sealer=self.sealer,
            check=self.check,
            clock=self.clock,
            ids=Uuid7Generator(),
        )
        self.delete = DeleteCredential(start, self.clock)
        self.vault = CredentialVault(start, self.credentials, self.sealer)
        self.reseal = ResealCredentials(self.credentials, self.vault, self.sealer)

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer

    def restarted(self, keys: str) -> "Rig":
        """The same store under other keys."""
        return Rig(keys, self.system)

    async def stored(
        self,
        user_id: UserId,
        token: str = TOKEN,
        provider: Provider = Provider.OPENAI,
        expected_version: int | None = None,
    ) -> StoredCredential:
        return await self.store(
            StoreCredentialCommand(
                principal=principal(user_id),
                provider=provider,
                token=Secret(token),
                expected_version=expected_version,
            )
        )

    def events(self) -> list[str]:
        return [recorded.event.type for recorded in self.system.store.events]

    def audited(self) -> list[tuple[str, str]]:
        return [(entry.action, entry.outcome) for entry in self.system.store.audit]


def somebody() -> Principal:
    return principal(UserId(IDS.new()))
