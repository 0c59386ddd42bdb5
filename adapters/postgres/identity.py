"""Accounts and their sessions in Postgres; every write is one statement."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from asyncpg import Record

from adapters.postgres.statements import DriverConnection
from application.identity.ports import SessionRepository, UserRepository
from domain.identity.errors import AccountChanged, EmailTaken, UserChanged, UserNotFound
from domain.identity.session import Presented, RefreshToken, Session
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role

USER_COLUMNS = "id, email, first_name, last_name, role, is_active, version, created_at, updated_at"
SESSION_COLUMNS = "user_id, id, user_agent, address, created_at, last_used_at, expires_at, revoked_at"

ADD_USER = f"""
insert into backend_auth.users ({USER_COLUMNS}, password_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
GET_USER = f"select {USER_COLUMNS} from backend_auth.users where id = $1 for update"
SAVE_USER = """
update backend_auth.users
set first_name = $3, last_name = $4, role = $5, is_active = $6, version = $2, updated_at = $7
where id = $1 and version = $2 - 1
"""
SAVE_HASH = """
update backend_auth.users set password_hash = $3, version = $2, updated_at = $4
where id = $1 and version = $2 - 1
"""
IS_CONFIRMABLE = "select password_hash is not null from backend_auth.users where id = $1"
DELETE_USER = "delete from backend_auth.users where id = $1"
# Apart from the deletion and after it: whoever changed the user's things first has committed events by then.
DELETE_TRACES = """
with forgotten as (
    delete from backend_operations.inbox where user_id = $1
)
delete from backend_operations.events where user_id = $1
"""

# The account is locked for the rest of the transaction: it cannot be closed, or get another role, between
# the reading of its password and the start of its session.
ADD_SESSION = f"""
with account as (
    select id from backend_auth.users where id = $1 and is_active and version = $8 for share
), session as (
    insert into backend_auth.sessions ({SESSION_COLUMNS})
    select id, $2, $3, $4, $5, $6, $7, null from account
    returning user_id, id
)
insert into backend_auth.refresh_tokens (user_id, id, session_id, token_hash, issued_at, expires_at)
select user_id, $9, id, $10, $11, $12 from session
returning id
"""
PRESENTED = """
select t.id as token_id, t.session_id, t.token_hash, t.issued_at, t.expires_at as token_expires_at, t.used_at,
    s.user_id, s.id, s.user_agent, s.address, s.created_at, s.last_used_at, s.expires_at, s.revoked_at,
    u.role, u.is_active
from backend_auth.refresh_tokens t
join backend_auth.sessions s on s.user_id = t.user_id and s.id = t.session_id
join backend_auth.users u on u.id = t.user_id
where t.user_id = $1 and t.token_hash = $2
for update of t, s
"""
ALIVE = f"""
select {SESSION_COLUMNS} from backend_auth.sessions
where user_id = $1 and id = $2 and revoked_at is null for share
"""
ROTATE = """
with used as (
    update backend_auth.refresh_tokens set used_at = $3 where user_id = $1 and id = $2 returning session_id
), touched as (
    update backend_auth.sessions s set last_used_at = $3 from used
    where s.user_id = $1 and s.id = used.session_id
)
insert into backend_auth.refresh_tokens (user_id, id, session_id, token_hash, issued_at, expires_at)
values ($1, $4, $5, $6, $7, $8)
"""
END_SESSION = f"""
update backend_auth.sessions set revoked_at = $3
where user_id = $1 and id = $2 and revoked_at is null
returning {SESSION_COLUMNS}
"""
END_SESSIONS = f"""
with ended as (
    update backend_auth.sessions set revoked_at = $2
    where user_id = $1 and revoked_at is null and expires_at > $2 and id is distinct from $3
    returning {SESSION_COLUMNS}
)
select * from ended order by id
"""


def to_user(row: Record) -> User:
    """A row with `USER_COLUMNS`."""
    return User(
        id=UserId(row["id"]),
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        role=Role(row["role"]),
        is_active=row["is_active"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def to_session(row: Record) -> Session:
    """A row with `SESSION_COLUMNS`."""
    return Session(
        user_id=UserId(row["user_id"]),
        id=SessionId(row["id"]),
        user_agent=row["user_agent"],
        address=row["address"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


class PostgresUserRepository(UserRepository):
    """Accounts inside one transaction."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, user: User, password_hash: str | None) -> None:
        try:
            await self._connection.execute(
                ADD_USER,
                user.id,
                user.email,
                user.first_name,
                user.last_name,
                user.role.value,
                user.is_active,
                user.version,
                user.created_at,
                user.updated_at,
                password_hash,
            )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "users_email_key":
                raise EmailTaken from error
            raise

    async def get(self, user_id: UserId) -> User:
        row = await self._connection.fetchrow(GET_USER, user_id)
        if row is None:
            raise UserNotFound
        return to_user(row)

    async def save(self, user: User) -> None:
        tag = await self._connection.execute(
            SAVE_USER,
            user.id,
            user.version,
            user.first_name,
            user.last_name,
            user.role.value,
            user.is_active,
            user.updated_at,
        )
        if tag != "UPDATE 1":
            raise UserChanged

    async def has_password(self, user_id: UserId) -> bool:
        return bool(await self._connection.fetchval(IS_CONFIRMABLE, user_id))

    async def set_password(self, user: User, password_hash: str | None) -> None:
        tag = await self._connection.execute(SAVE_HASH, user.id, user.version, password_hash, user.updated_at)
        if tag != "UPDATE 1":
            raise UserChanged

    async def delete(self, user_id: UserId) -> None:
        if await self._connection.execute(DELETE_USER, user_id) != "DELETE 1":
            raise UserNotFound
        await self._connection.execute(DELETE_TRACES, user_id)


class PostgresSessionRepository(SessionRepository):
    """Sessions and refresh tokens inside one transaction."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, session: Session, token: RefreshToken, account_version: int) -> None:
        added = await self._connection.fetchval(
            ADD_SESSION,
            session.user_id,
            session.id,
            session.user_agent,
            session.address,
            session.created_at,
            session.last_used_at,
            session.expires_at,
            account_version,
            token.id,
            token.token_hash,
            token.issued_at,
            token.expires_at,
        )
        if added is None:
            raise AccountChanged

    async def presented(self, user_id: UserId, token_hash: bytes) -> Presented | None:
        row = await self._connection.fetchrow(PRESENTED, user_id, token_hash)
        if row is None:
            return None
        token = RefreshToken(
            user_id=user_id,
            id=row["token_id"],
            session_id=SessionId(row["session_id"]),
            token_hash=row["token_hash"],
            issued_at=row["issued_at"],
            expires_at=row["token_expires_at"],
            used_at=row["used_at"],
        )
        return Presented(
            token=token, session=to_session(row), role=Role(row["role"]), is_active=row["is_active"]
        )

    async def alive(self, user_id: UserId, session_id: SessionId) -> Session | None:
        row = await self._connection.fetchrow(ALIVE, user_id, session_id)
        return to_session(row) if row else None

    async def rotate(self, used: RefreshToken, successor: RefreshToken, now: datetime) -> None:
        await self._connection.execute(
            ROTATE,
            used.user_id,
            used.id,
            now,
            successor.id,
            successor.session_id,
            successor.token_hash,
            successor.issued_at,
            successor.expires_at,
        )

    async def end(self, user_id: UserId, session_id: SessionId, now: datetime) -> Session | None:
        row = await self._connection.fetchrow(END_SESSION, user_id, session_id, now)
        return to_session(row) if row else None

    async def end_all(
        self, user_id: UserId, now: datetime, keep: SessionId | None = None
    ) -> Sequence[Session]:
        rows = await self._connection.fetch(END_SESSIONS, user_id, now, keep)
        return [to_session(row) for row in rows]
