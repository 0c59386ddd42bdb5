"""API keys and sockets' tickets in Postgres, inside one transaction."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from adapters.postgres.statements import DriverConnection
from application.identity.api_key_ports import ApiKeyRepository, SocketTicketRepository
from domain.identity.api_key import ApiKey, SocketTicket
from domain.identity.api_key_errors import TooManyApiKeys
from domain.shared.ids import ApiKeyId, UserId
from domain.shared.scopes import Scope

KEY_COLUMNS = "user_id, id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at"

# Held until the transaction ends: of two that count and add at once, one waits for the other.
LOCK_ACCOUNT = "select from backend_auth.users where id = $1 for no key update"
ADD_KEY = f"""
insert into backend_auth.api_keys ({KEY_COLUMNS}, secret_hash)
select $1, $2, $3, $4, $5::text[], $6::timestamptz, $7, null, null, $8
where (
    select count(*) from backend_auth.api_keys
    where user_id = $1 and revoked_at is null and coalesce(expires_at > $6, true)
) < $9
"""
REVOKE_KEY = f"""
update backend_auth.api_keys set revoked_at = $3
where user_id = $1 and id = $2 and revoked_at is null
returning {KEY_COLUMNS}
"""
REVOKE_KEYS = f"""
with revoked as (
    update backend_auth.api_keys set revoked_at = $2
    where user_id = $1 and revoked_at is null
    returning {KEY_COLUMNS}
)
select * from revoked order by id
"""
ADD_TICKET = """
with swept as (
    delete from backend_auth.socket_tickets where user_id = $1 and expires_at <= $8
)
insert into backend_auth.socket_tickets
    (user_id, ticket_hash, session_id, api_key_id, scopes, ends_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""


def to_key(row: Record) -> ApiKey:
    """A row with `KEY_COLUMNS`."""
    return ApiKey(
        user_id=UserId(row["user_id"]),
        id=ApiKeyId(row["id"]),
        name=row["name"],
        prefix=row["prefix"],
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )


class PostgresApiKeyRepository(ApiKeyRepository):
    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, key: ApiKey, secret_hash: bytes, most: int) -> None:
        await self._connection.execute(LOCK_ACCOUNT, key.user_id)
        added = await self._connection.execute(
            ADD_KEY,
            key.user_id,
            key.id,
            key.name,
            key.prefix,
            [scope.value for scope in Scope if scope in key.scopes],
            key.created_at,
            key.expires_at,
            secret_hash,
            most,
        )
        if added != "INSERT 0 1":
            raise TooManyApiKeys

    async def revoke(self, user_id: UserId, key_id: ApiKeyId, now: datetime) -> ApiKey | None:
        row = await self._connection.fetchrow(REVOKE_KEY, user_id, key_id, now)
        return to_key(row) if row else None

    async def revoke_all(self, user_id: UserId, now: datetime) -> Sequence[ApiKey]:
        return [to_key(row) for row in await self._connection.fetch(REVOKE_KEYS, user_id, now)]


class PostgresSocketTicketRepository(SocketTicketRepository):
    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, ticket: SocketTicket, now: datetime) -> None:
        scopes = None if ticket.scopes is None else [s.value for s in Scope if s in ticket.scopes]
        await self._connection.execute(
            ADD_TICKET,
            ticket.user_id,
            ticket.ticket_hash,
            ticket.session_id,
            ticket.api_key_id,
            scopes,
            ticket.ends_at,
            ticket.expires_at,
            now,
        )
