"""The signing keys all processes share. The runtime login reaches them through two functions only."""

from collections.abc import Sequence

from asyncpg import Record

from adapters.postgres.engine import Database
from application.identity.key_ports import SigningKeyStore
from domain.identity.signing_key import KeyChange, KeyState, StoredKey

KEYS = """
select kid, state, sealed, created_at, activated_at, expires_at from backend_auth.read_signing_keys()
order by created_at, kid collate "C"
"""
REPLACE = """
select backend_auth.change_signing_keys(
    $1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
    $8, $9, $10, $11
)
"""


class PostgresSigningKeyStore(SigningKeyStore):
    """Replacing is one statement, which waits for its turn and looks again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keys(self) -> Sequence[StoredKey]:
        async with self._database.connection() as connection:
            return [to_key(row) for row in await connection.fetch(KEYS)]

    async def replace(self, seen: Sequence[StoredKey], keys: Sequence[StoredKey], change: KeyChange) -> bool:
        async with self._database.connection() as connection:
            return bool(
                await connection.fetchval(
                    REPLACE,
                    [f"{key.kid} {key.state.value}" for key in seen],
                    [key.kid for key in keys],
                    [key.state.value for key in keys],
                    [key.sealed for key in keys],
                    [key.created_at for key in keys],
                    [key.activated_at for key in keys],
                    [key.expires_at for key in keys],
                    change.id,
                    change.action.value,
                    change.occurred_at,
                    change.request_id,
                )
            )


def to_key(row: Record) -> StoredKey:
    """A key from its columns."""
    return StoredKey(
        kid=row["kid"],
        state=KeyState(row["state"]),
        sealed=row["sealed"],
        created_at=row["created_at"],
        activated_at=row["activated_at"],
        expires_at=row["expires_at"],
    )
