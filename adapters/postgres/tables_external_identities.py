"""Links of accounts to providers' people as SQLAlchemy Core sees them."""

from sqlalchemy import Column, Table, Text, Uuid

from adapters.postgres.tables import TIMESTAMP, metadata

external_identities = Table(
    "external_identities",
    metadata,
    Column("user_id", Uuid),
    Column("id", Uuid),
    Column("provider", Text),
    Column("issuer", Text),
    Column("subject", Text),
    Column("email", Text),
    Column("created_at", TIMESTAMP),
    Column("last_used_at", TIMESTAMP),
    schema="backend_auth",
)
