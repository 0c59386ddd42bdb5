"""The tables of API keys and of sockets' tickets, apart from the others that were there first."""

from sqlalchemy import ARRAY, Column, LargeBinary, Table, Text, Uuid

from adapters.postgres.tables import TIMESTAMP, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("user_id", Uuid),
    Column("id", Uuid),
    Column("name", Text),
    Column("prefix", Text),
    Column("secret_hash", LargeBinary),
    Column("scopes", ARRAY(Text)),
    Column("created_at", TIMESTAMP),
    Column("expires_at", TIMESTAMP),
    Column("last_used_at", TIMESTAMP),
    Column("revoked_at", TIMESTAMP),
    schema="backend_auth",
)
socket_tickets = Table(
    "socket_tickets",
    metadata,
    Column("user_id", Uuid),
    Column("ticket_hash", LargeBinary),
    Column("session_id", Uuid),
    Column("api_key_id", Uuid),
    Column("scopes", ARRAY(Text)),
    Column("ends_at", TIMESTAMP),
    Column("expires_at", TIMESTAMP),
    schema="backend_auth",
)
