"""Forgets a credential."""

from dataclasses import dataclass

from application.credentials.ports import CredentialUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.credentials.credential import Provider
from domain.credentials.events import CredentialDeleted, credential_event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCredentialCommand:
    """Whose, of which provider, in which version."""

    principal: Principal
    provider: Provider
    expected_version: int | None = None


class DeleteCredential:
    """Raises `CredentialNotFound`, `CredentialChanged`. Works without CREDENTIALS_KEY: nothing is opened."""

    def __init__(self, start_work: StartWork[CredentialUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: DeleteCredentialCommand) -> None:
        principal = command.principal
        async with self._start_work(principal) as work:
            deleted = await work.credentials.delete(
                principal.user_id, command.provider, command.expected_version
            )
            work.record(credential_event(CredentialDeleted, deleted, self._clock.now()))
            await work.commit()
