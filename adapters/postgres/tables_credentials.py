"""The table of credentials as SQLAlchemy Core sees it; the migration alone defines it."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text, Uuid

from adapters.postgres.tables import TIMESTAMP, metadata

provider_credentials = Table(
    "provider_credentials",
    metadata,
    Column("user_id", Uuid),
    Column("id", Uuid),
    Column("provider", Text),
    Column("masked", Text),
    Column("sealed", LargeBinary),
    Column("key_id", Text),
    Column("version", BigInteger),
    Column("checked_at", TIMESTAMP),
    Column("created_at", TIMESTAMP),
    Column("updated_at", TIMESTAMP),
    schema="backend_auth",
)
