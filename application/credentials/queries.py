"""Reads of credentials: one's own, and, for who changes the sealing keys, everybody's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.credentials.credential import Credential, Provider
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialView:
    """A credential as the API shows it: never more of it than `masked`. Times are UTC."""

    provider: Provider
    masked: str
    checked_at: datetime
    created_at: datetime
    updated_at: datetime


def credential_view(credential: Credential) -> CredentialView:
    """What of a credential is shown."""
    return CredentialView(
        provider=credential.provider,
        masked=credential.masked,
        checked_at=credential.checked_at,
        created_at=credential.created_at,
        updated_at=credential.updated_at,
    )


class CredentialQueries(Protocol):
    """Reads credentials."""

    async def find(self, user_id: UserId, provider: Provider) -> Credential | None:
        """One's own credential of a provider, if there is one."""
        ...

    async def all(self, user_id: UserId) -> Sequence[Credential]:
        """One's own credentials, by the provider's name."""
        ...

    async def sealed_otherwise(self, key_id: str, after: UUID | None, limit: int) -> Sequence[Credential]:
        """Up to `limit` credentials of all users that were not sealed with this key, by id, from after the
        id `after` on. For resealing."""
        ...

    async def by_key(self) -> Mapping[str, int]:
        """How many credentials of all users each sealing key still has."""
        ...
