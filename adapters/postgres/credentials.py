"""Sealed credentials of providers in Postgres; every write is one statement."""

from asyncpg import Record

from adapters.postgres.statements import DriverConnection
from application.credentials.ports import CredentialRepository
from domain.credentials.credential import Credential, Provider
from domain.credentials.errors import CredentialChanged, CredentialNotFound
from domain.shared.ids import UserId

COLUMNS = "user_id, id, provider, masked, sealed, key_id, version, checked_at, created_at, updated_at"

# The one that is replaced keeps its id and its beginning: whoever asks twice at once gets two versions.
PUT = f"""
insert into backend_auth.provider_credentials as present ({COLUMNS})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict on constraint provider_credentials_provider_key do update
set masked = excluded.masked, sealed = excluded.sealed, key_id = excluded.key_id,
    version = greatest(excluded.version, present.version + 1),
    checked_at = excluded.checked_at, updated_at = excluded.updated_at
returning {COLUMNS}
"""
REPLACE = f"""
update backend_auth.provider_credentials
set masked = $3, sealed = $4, key_id = $5, version = greatest($6, version + 1),
    checked_at = $7, updated_at = $8
where user_id = $1 and provider = $2 and version = $9
returning {COLUMNS}
"""
# Locked and read before it is judged, so that the refusal is the right one.
DELETE = f"""
with present as (
    select id, version from backend_auth.provider_credentials
    where user_id = $1 and provider = $2 for update
), deleted as (
    delete from backend_auth.provider_credentials c using present p
    where c.user_id = $1 and c.id = p.id and ($3::bigint is null or p.version = $3)
    returning {", ".join(f"c.{name}" for name in COLUMNS.split(", "))}
)
select exists (select from present) as present, deleted.* from (values (1)) as one left join deleted on true
"""
RESEAL = """
update backend_auth.provider_credentials set sealed = $4, key_id = $5
where user_id = $1 and id = $2 and sealed = $3
"""


def to_credential(row: Record) -> Credential:
    """A row with `COLUMNS`."""
    return Credential(
        user_id=UserId(row["user_id"]),
        id=row["id"],
        provider=Provider(row["provider"]),
        masked=row["masked"],
        sealed=row["sealed"],
        key_id=row["key_id"],
        version=row["version"],
        checked_at=row["checked_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


class PostgresCredentialRepository(CredentialRepository):
    """Credentials inside one transaction."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def put(self, credential: Credential, expected_version: int | None = None) -> Credential:
        c = credential
        if expected_version is None:
            row = await self._connection.fetchrow(
                PUT,
                c.user_id,
                c.id,
                c.provider.value,
                c.masked,
                c.sealed,
                c.key_id,
                c.version,
                c.checked_at,
                c.created_at,
                c.updated_at,
            )
        else:
            row = await self._connection.fetchrow(
                REPLACE,
                c.user_id,
                c.provider.value,
                c.masked,
                c.sealed,
                c.key_id,
                c.version,
                c.checked_at,
                c.updated_at,
                expected_version,
            )
        if row is None:
            raise CredentialChanged
        return to_credential(row)

    async def delete(
        self, user_id: UserId, provider: Provider, expected_version: int | None = None
    ) -> Credential:
        row = await self._connection.fetchrow(DELETE, user_id, provider.value, expected_version)
        if row is None or not row["present"]:
            raise CredentialNotFound
        if row["id"] is None:
            raise CredentialChanged
        return to_credential(row)

    async def reseal(self, before: Credential, sealed: bytes, key_id: str) -> bool:
        tag = await self._connection.execute(RESEAL, before.user_id, before.id, before.sealed, sealed, key_id)
        return tag == "UPDATE 1"
