"""What credentials need of a store, of cryptography and of the providers themselves."""

from typing import Protocol

from application.shared.ports import UnitOfWork
from domain.credentials.credential import Credential, Provider
from domain.shared.ids import UserId
from domain.shared.secret import Secret


class CredentialRepository(Protocol):
    """The credentials of the unit of work's user."""

    async def put(self, credential: Credential, expected_version: int | None = None) -> Credential:
        """Stores it, in the place of the one this provider has; returns it as stored.

        What was replaced gives its `id` and `created_at`, and a version below the new one. With an expected
        version nothing is stored unless that very version is there: raises `CredentialChanged`.
        """
        ...

    async def delete(
        self, user_id: UserId, provider: Provider, expected_version: int | None = None
    ) -> Credential:
        """Removes it for good and returns it as it was. Raises `CredentialNotFound`, and `CredentialChanged`
        when it does not have the expected version."""
        ...

    async def reseal(self, before: Credential, sealed: bytes, key_id: str) -> bool:
        """Stores the same secret sealed with another key; nothing else changes, the version stays.

        False, and nothing stored, when it is not the credential `before` any more.
        """
        ...


class CredentialUnitOfWork(UnitOfWork, Protocol):
    """One transaction over one user's credentials."""

    @property
    def credentials(self) -> CredentialRepository: ...


class CredentialSealer(Protocol):
    """Encrypts credentials for the place they are kept in: another user's or provider's row opens nothing."""

    @property
    def key_id(self) -> str:
        """The id of the key that seals now. Raises `CredentialsKeyMissing`."""
        ...

    def seal(self, token: Secret, user_id: UserId, provider: Provider) -> bytes:
        """The token, sealed with the key `key_id`. Raises `CredentialsKeyMissing`."""
        ...

    def open(self, credential: Credential) -> Secret:
        """The token. Raises `CredentialsKeyMissing`, and `CredentialUnreadable` when it was sealed with a key
        that is not given any more, or for another place."""
        ...


class CredentialCheck(Protocol):
    """Asks a provider whether it accepts a token."""

    async def __call__(self, provider: Provider, token: Secret) -> None:
        """Returns when it does. Raises `CredentialRefusedByProvider` when it says that it does not, and
        `ProviderUnavailable` when it says neither, within seconds."""
        ...
