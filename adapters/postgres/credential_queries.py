"""Reads of credentials in one round trip: one's own, or for resealing everybody's, sealed as they are."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, bindparam, func, select

from adapters.postgres.credentials import COLUMNS, to_credential
from adapters.postgres.engine import Database
from adapters.postgres.statements import Statement, confined, within
from adapters.postgres.tables_credentials import provider_credentials
from application.credentials.queries import CredentialQueries
from domain.credentials.credential import Credential, Provider
from domain.shared.ids import UserId

# The scope whose policy shows the credentials of all users, for reading alone.
SCOPE = "resealing"
C = provider_credentials.c
SHOWN = [C[name] for name in COLUMNS.split(", ")]

FIND = Statement(
    confined(
        lambda user_id: select(*SHOWN).where(
            C.user_id == user_id, C.provider == bindparam("provider", type_=Text)
        )
    )
)
ALL = Statement(
    confined(lambda user_id: select(*SHOWN).where(C.user_id == user_id).order_by(C.provider).limit(200))
)
BY_KEY = Statement(within(SCOPE, select(C.key_id, func.count().label("credentials")).group_by(C.key_id)))


@lru_cache(maxsize=2)
def sealed_otherwise(after: bool) -> Statement:
    """The statement of one batch, from the beginning or from within."""
    query = select(*SHOWN).where(C.key_id != bindparam("key_id", type_=Text))
    if after:
        query = query.where(C.id > bindparam("after", type_=Uuid))
    return Statement(within(SCOPE, query.order_by(C.id).limit(bindparam("limit", type_=Integer))))


class PostgresCredentialQueries(CredentialQueries):
    """Credentials in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: UserId, provider: Provider) -> Credential | None:
        async with self._database.connection() as connection:
            row = await FIND.fetchrow(connection, user_id=user_id, provider=provider.value)
        return to_credential(row) if row else None

    async def all(self, user_id: UserId) -> Sequence[Credential]:
        async with self._database.connection() as connection:
            rows = await ALL.fetch(connection, user_id=user_id)
        return [to_credential(row) for row in rows]

    async def sealed_otherwise(self, key_id: str, after: UUID | None, limit: int) -> Sequence[Credential]:
        place = {} if after is None else {"after": after}
        async with self._database.connection() as connection:
            rows = await sealed_otherwise(after is not None).fetch(
                connection, key_id=key_id, limit=limit, **place
            )
        return [to_credential(row) for row in rows]

    async def by_key(self) -> Mapping[str, int]:
        async with self._database.connection() as connection:
            rows = await BY_KEY.fetch(connection)
        return {row["key_id"]: row["credentials"] for row in rows}
