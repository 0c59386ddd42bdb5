"""Links of accounts to providers' people in Postgres, and the logins with a provider that are over."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import asyncpg
from asyncpg import Record
from sqlalchemy import Text, bindparam, select

from adapters.postgres import tables as t
from adapters.postgres.engine import Database
from adapters.postgres.identity import USER_COLUMNS, to_user
from adapters.postgres.statements import DriverConnection, Statement, confined, within
from adapters.postgres.tables_external_identities import external_identities
from application.identity.oidc_ports import (
    ExternalIdentityQueries,
    ExternalIdentityRepository,
    LinkedAccount,
    PendingLogin,
    SpentLogins,
)
from domain.identity.errors import IdentityNotFound, IdentityTaken
from domain.identity.external_identity import ExternalIdentity
from domain.shared.ids import ExternalIdentityId, UserId

COLUMNS = "user_id, id, provider, issuer, subject, email, created_at, last_used_at"
PREFIX = "identity_"

ADD = f"""
insert into backend_auth.external_identities ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
OF_USER = f"select {COLUMNS} from backend_auth.external_identities where user_id = $1 order by id"
USE = "update backend_auth.external_identities set last_used_at = $3 where user_id = $1 and id = $2"
REMOVE = "delete from backend_auth.external_identities where user_id = $1 and id = $2"
# What has expired goes with every login that is finished, so that nothing else has to clean up.
SPEND = """
with over as (
    delete from backend_auth.spent_logins where expires_at <= $3
)
insert into backend_auth.spent_logins (state_hash, expires_at) values ($1, $2)
on conflict (state_hash) do nothing
"""

_c = external_identities.c
LINKED = Statement(
    within(
        "authentication",
        select(
            *(t.users.c[name] for name in USER_COLUMNS.split(", ")),
            *(_c[name].label(PREFIX + name) for name in COLUMNS.split(", ")),
        )
        .select_from(external_identities.join(t.users, t.users.c.id == _c.user_id))
        .where(_c.issuer == bindparam("issuer", type_=Text), _c.subject == bindparam("subject", type_=Text)),
    )
)
IDENTITIES = Statement(
    confined(
        lambda user_id: (
            select(*(_c[name] for name in COLUMNS.split(", ")))
            .where(_c.user_id == user_id)
            .order_by(_c.id)
            .limit(200)
        )
    )
)


def to_identity(row: Record, prefix: str = "") -> ExternalIdentity:
    """A row with `COLUMNS`."""
    return ExternalIdentity(
        user_id=UserId(row[prefix + "user_id"]),
        id=ExternalIdentityId(row[prefix + "id"]),
        provider=row[prefix + "provider"],
        issuer=row[prefix + "issuer"],
        subject=row[prefix + "subject"],
        email=row[prefix + "email"],
        created_at=row[prefix + "created_at"],
        last_used_at=row[prefix + "last_used_at"],
    )


class PostgresExternalIdentityRepository(ExternalIdentityRepository):
    """Identities inside one transaction."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, identity: ExternalIdentity) -> None:
        try:
            await self._connection.execute(
                ADD,
                identity.user_id,
                identity.id,
                identity.provider,
                identity.issuer,
                identity.subject,
                identity.email,
                identity.created_at,
                identity.last_used_at,
            )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "external_identities_subject_key":
                raise IdentityTaken from error
            raise

    async def of_user(self, user_id: UserId) -> Sequence[ExternalIdentity]:
        return [to_identity(row) for row in await self._connection.fetch(OF_USER, user_id)]

    async def use(self, user_id: UserId, identity_id: ExternalIdentityId, now: datetime) -> bool:
        return await self._connection.execute(USE, user_id, identity_id, now) == "UPDATE 1"

    async def remove(self, user_id: UserId, identity_id: ExternalIdentityId) -> None:
        if await self._connection.execute(REMOVE, user_id, identity_id) != "DELETE 1":
            raise IdentityNotFound


class PostgresExternalIdentityQueries(ExternalIdentityQueries):
    """Identities in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def linked(self, issuer: str, subject: str) -> LinkedAccount | None:
        async with self._database.connection() as connection:
            row = await LINKED.fetchrow(connection, issuer=issuer, subject=subject)
        return LinkedAccount(user=to_user(row), identity=to_identity(row, PREFIX)) if row else None

    async def identities(self, user_id: UserId) -> Sequence[ExternalIdentity]:
        async with self._database.connection() as connection:
            rows = await IDENTITIES.fetch(connection, user_id=user_id)
        return [to_identity(row) for row in rows]


class PostgresSpentLogins(SpentLogins):
    """Rows of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spend(self, pending: PendingLogin, now: datetime) -> bool:
        digest = hashlib.sha256(pending.state.encode()).digest()
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_within('authentication')")
            tag = await connection.execute(SPEND, digest, pending.expires_at, now)
        return tag == "INSERT 0 1"
