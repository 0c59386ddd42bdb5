"""API keys and sockets' tickets as dictionaries of one unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.memory.store import Rows
from application.identity.api_key_ports import ApiKeyRepository, SocketTicketRepository
from domain.identity.api_key import ApiKey, SocketTicket
from domain.identity.api_key_errors import TooManyApiKeys
from domain.shared.errors import AccountGone
from domain.shared.ids import ApiKeyId, UserId

API_KEYS = "api_keys"
SOCKET_TICKETS = "socket_tickets"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with the hash of its secret."""

    key: ApiKey
    secret_hash: bytes


class InMemoryApiKeyRepository(ApiKeyRepository):
    def __init__(self, users: Rows, keys: Rows) -> None:
        self._users = users
        self._keys = keys

    async def add(self, key: ApiKey, secret_hash: bytes, most: int) -> None:
        if key.user_id not in self._users:
            raise AccountGone
        live = [
            row
            for row in self._keys.values()
            if isinstance(row, KeyRow)
            and row.key.user_id == key.user_id
            and row.key.revoked_at is None
            and (row.key.expires_at is None or row.key.expires_at > key.created_at)
        ]
        if len(live) >= most:
            raise TooManyApiKeys
        self._keys[key.user_id, key.id] = KeyRow(key, secret_hash)

    async def revoke(self, user_id: UserId, key_id: ApiKeyId, now: datetime) -> ApiKey | None:
        row = self._keys.get((user_id, key_id))
        if not isinstance(row, KeyRow) or row.key.revoked_at is not None:
            return None
        revoked = replace(row.key, revoked_at=now)
        self._keys[user_id, key_id] = KeyRow(revoked, row.secret_hash)
        return revoked

    async def revoke_all(self, user_id: UserId, now: datetime) -> Sequence[ApiKey]:
        mine = [
            row.key.id
            for row in self._keys.values()
            if isinstance(row, KeyRow) and row.key.user_id == user_id
        ]
        revoked = [await self.revoke(user_id, key_id, now) for key_id in sorted(mine)]
        return [key for key in revoked if key is not None]


class InMemorySocketTicketRepository(SocketTicketRepository):
    def __init__(self, users: Rows, tickets: Rows) -> None:
        self._users = users
        self._tickets = tickets

    async def add(self, ticket: SocketTicket, now: datetime) -> None:
        if ticket.user_id not in self._users:
            raise AccountGone
        over = [
            place
            for place, known in self._tickets.items()
            if isinstance(known, SocketTicket) and known.user_id == ticket.user_id and known.expires_at <= now
        ]
        for place in over:
            del self._tickets[place]
        self._tickets[ticket.user_id, ticket.ticket_hash] = ticket
