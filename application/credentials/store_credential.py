"""Keeps a credential that its provider has accepted."""

from dataclasses import dataclass

from application.credentials.ports import CredentialCheck, CredentialSealer, CredentialUnitOfWork
from application.credentials.queries import CredentialQueries
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.credentials.credential import (
    Credential,
    Provider,
    first_version,
    masked,
    require_presentable,
    require_version,
)
from domain.credentials.errors import CredentialRefusedByProvider
from domain.credentials.events import CredentialStored, credential_event, credential_refused
from domain.shared.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCredentialCommand:
    """`expected_version` is that of the credential to replace."""

    principal: Principal
    provider: Provider
    token: Secret
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """`created` tells the first one from a replacement."""

    credential: Credential
    created: bool


class StoreCredential:
    """Raises `InvalidInput`, `CredentialRefusedByProvider`, `ProviderUnavailable`, `CredentialsKeyMissing`,
    `CredentialChanged`. Whatever is refused leaves the credential there was."""

    def __init__(
        self,
        *,
        start_work: StartWork[CredentialUnitOfWork],
        credentials: CredentialQueries,
        sealer: CredentialSealer,
        check: CredentialCheck,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._start_work = start_work
        self._credentials = credentials
        self._sealer = sealer
        self._check = check
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: StoreCredentialCommand) -> StoredCredential:
        user_id, provider, token = command.principal.user_id, command.provider, command.token
        require_presentable(token)
        # Sealed first: nobody is asked about a token that could not be kept.
        sealed, key_id = self._sealer.seal(token, user_id, provider), self._sealer.key_id
        if command.expected_version is not None:
            require_version(await self._credentials.find(user_id, provider), command.expected_version)
        try:
            await self._check(provider, token)
        except CredentialRefusedByProvider:
            await self._announce_refusal(command)
            raise
        now = self._clock.now()
        wanted = Credential(
            user_id=user_id,
            id=self._ids.new(),
            provider=provider,
            masked=masked(provider, token),
            sealed=sealed,
            key_id=key_id,
            version=first_version(now),
            checked_at=now,
            created_at=now,
            updated_at=now,
        )
        async with self._start_work(command.principal) as work:
            stored = await work.credentials.put(wanted, command.expected_version)
            work.record(credential_event(CredentialStored, stored, now))
            await work.commit()
        return StoredCredential(credential=stored, created=stored.id == wanted.id)

    async def _announce_refusal(self, command: StoreCredentialCommand) -> None:
        async with self._start_work(command.principal) as work:
            work.record(credential_refused(command.principal.user_id, command.provider, self._clock.now()))
            await work.commit()
