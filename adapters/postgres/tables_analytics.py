"""The tables of results about whole graphs."""

from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import TIMESTAMP, metadata

analytics_runs = Table(
    "analytics_runs",
    metadata,
    Column("user_id", Uuid),
    Column("id", Uuid),
    Column("attempt", Integer),
    Column("kind", Text),
    Column("parameters", JSONB),
    Column("entities", BigInteger),
    Column("relationships", BigInteger),
    Column("groups", BigInteger),
    Column("snapshot_at", TIMESTAMP),
    Column("facts", JSONB),
    Column("computed_at", TIMESTAMP),
    schema="backend_entities",
)
analytics_scores = Table(
    "analytics_scores",
    metadata,
    Column("user_id", Uuid),
    Column("run_id", Uuid),
    Column("entity_id", Uuid),
    Column("score", Double),
    schema="backend_entities",
)
analytics_groups = Table(
    "analytics_groups",
    metadata,
    Column("user_id", Uuid),
    Column("run_id", Uuid),
    Column("number", BigInteger),
    Column("size", BigInteger),
    schema="backend_entities",
)
