"""What API keys and the tickets of sockets need of a store."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from application.identity.ports import SessionRepository
from application.shared.ports import UnitOfWork
from domain.identity.api_key import ApiKey, SocketTicket
from domain.shared.ids import ApiKeyId, UserId

# A text of this many characters of 0-9, A-Z and a-z, each as likely as any other and known to nobody.
RandomText = Callable[[int], str]


class ApiKeyRepository(Protocol):
    """The keys of the unit of work's user."""

    async def add(self, key: ApiKey, secret_hash: bytes, most: int) -> None:
        """Stores a new key. Raises `TooManyApiKeys` when the account has `most` already that were neither
        revoked nor have expired when this one was made, however many are added at once."""
        ...

    async def revoke(self, user_id: UserId, key_id: ApiKeyId, now: datetime) -> ApiKey | None:
        """Revokes a key and returns it as it stays; None when it is absent or was revoked before."""
        ...

    async def revoke_all(self, user_id: UserId, now: datetime) -> Sequence[ApiKey]:
        """Revokes every key that is not; returns them as they stay, by id."""
        ...


class SocketTicketRepository(Protocol):
    """The tickets of the unit of work's user."""

    async def add(self, ticket: SocketTicket, now: datetime) -> None:
        """Stores a ticket, and removes those of the account that had expired by `now`."""
        ...


class ApiKeyUnitOfWork(UnitOfWork, Protocol):
    """One transaction over one user's keys and tickets."""

    @property
    def sessions(self) -> SessionRepository: ...

    @property
    def api_keys(self) -> ApiKeyRepository: ...

    @property
    def socket_tickets(self) -> SocketTicketRepository: ...
