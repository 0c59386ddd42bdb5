"""Seals everybody's credentials with the present key, so that the one before it can be thrown away."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from application.credentials.ports import CredentialSealer
from application.credentials.queries import CredentialQueries
from application.credentials.vault import CredentialVault
from domain.credentials.errors import CredentialUnreadable

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealing:
    """What became of them. `others` counts, by key, what the present key still does not open; an old key may
    be thrown away when it is not among them."""

    key_id: str
    resealed: int
    unreadable: int
    current: int
    others: Mapping[str, int]


class ResealCredentials:
    """Can be stopped and repeated at any time, while everything runs. Raises `CredentialsKeyMissing`."""

    def __init__(
        self, credentials: CredentialQueries, vault: CredentialVault, sealer: CredentialSealer
    ) -> None:
        self._credentials = credentials
        self._vault = vault
        self._sealer = sealer

    async def __call__(self) -> Resealing:
        key_id, resealed, unreadable = self._sealer.key_id, 0, 0
        after: UUID | None = None
        while batch := await self._credentials.sealed_otherwise(key_id, after, BATCH):
            for credential in batch:
                try:
                    resealed += await self._vault.reseal(credential)
                except CredentialUnreadable:
                    unreadable += 1
            after = batch[-1].id
        counts = dict(await self._credentials.by_key())
        current = counts.pop(key_id, 0)
        return Resealing(
            key_id=key_id, resealed=resealed, unreadable=unreadable, current=current, others=counts
        )
