"""The declared schema in Postgres, and what is stored as its rules ask for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from adapters.postgres import json
from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.graph_schema_rows import (
    SchemaCache,
    columns_of,
    exclusive_types,
    relationship_facts,
    schema_of,
    size_of,
)
from adapters.postgres.graph_schema_sets import around_all, closed_to_all, misplaced
from adapters.postgres.statements import DriverConnection
from application.graph.schema import (
    EndTypes,
    EntityFacts,
    EntityTypeUse,
    GraphSchemaRepository,
    RelationshipFacts,
    RelationshipTypeUse,
    SchemaQueries,
    TypesInUse,
)
from domain.graph.relationship import Relationship
from domain.graph.schema import GraphSchema, RelationshipType
from domain.graph.schema_rules import Surroundings
from domain.shared.errors import AccountGone
from domain.shared.ids import EntityId, MergeId, RelationshipId, UserId

MOST_TYPES = 500
MOST_ENDS = 20

SCHEMA = "select * from backend_entities.graph_schemas where user_id = {user} limit 1"

SAVE = """
insert into backend_entities.graph_schemas
    (user_id, version, enforcement, undeclared_types, settings_version, entity_types, relationship_types)
values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb)
on conflict (user_id) do update set version = excluded.version, enforcement = excluded.enforcement,
    undeclared_types = excluded.undeclared_types, settings_version = excluded.settings_version,
    entity_types = excluded.entity_types, relationship_types = excluded.relationship_types
"""

# For a symmetric type ($6) both ends are sources and targets alike.
AROUND = """
select
    (select type from backend_entities.entities where user_id = $1 and id = $3 and is_active) as source_type,
    (select type from backend_entities.entities where user_id = $1 and id = $4 and is_active) as target_type,
    exists (select from backend_entities.relationships o where o.user_id = $1 and o.type = $5 and o.is_active
        and o.id <> $2 and o.source_entity_id = $3)
    or $6 and exists (select from backend_entities.relationships o where o.user_id = $1 and o.type = $5
        and o.is_active and o.id <> $2 and o.target_entity_id = $3) as outgoing,
    exists (select from backend_entities.relationships o where o.user_id = $1 and o.type = $5 and o.is_active
        and o.id <> $2 and o.target_entity_id = $4)
    or $6 and exists (select from backend_entities.relationships o where o.user_id = $1 and o.type = $5
        and o.is_active and o.id <> $2 and o.source_entity_id = $4) as incoming,
    exists (select from backend_entities.relationships o where o.user_id = $1 and o.type = $5 and o.is_active
        and o.id <> $2 and o.source_entity_id = $4 and o.target_entity_id = $3) as reverse
"""

CLOSED_TO = """
select id from backend_entities.relationships where user_id = $1 and source_entity_id = $2
    and type = any($3::text[]) and is_active
union
select id from backend_entities.relationships where user_id = $1 and target_entity_id = $2
    and type = any($4::text[]) and is_active
order by id limit 10
"""

# A user's own id where a statement runs in a unit of work, the confined one's where it is a read.
ENTITIES = """
select id, type, metadata from backend_entities.entities
where user_id = {user} and is_active and ($2::text[] is null or type = any($2::text[]))
    and ($3::uuid is null or id > $3)
order by id limit $4
"""

# Of two that exclude each other the later one, by id, is told. $5: types with one target to a source, $6:
# with one source to a target, $7: symmetric ones.
RELATIONSHIPS = """
select r.id, r.type, r.metadata, s.type as source_type, t.type as target_type,
    r.type = any($5::text[]) and (
        exists (select from backend_entities.relationships o where o.user_id = r.user_id
            and o.source_entity_id = r.source_entity_id and o.type = r.type and o.is_active and o.id < r.id)
        or r.type = any($7::text[]) and exists (select from backend_entities.relationships o
            where o.user_id = r.user_id and o.target_entity_id = r.source_entity_id and o.type = r.type
            and o.is_active and o.id < r.id)) as outgoing,
    r.type = any($6::text[]) and (
        exists (select from backend_entities.relationships o where o.user_id = r.user_id
            and o.target_entity_id = r.target_entity_id and o.type = r.type and o.is_active and o.id < r.id)
        or r.type = any($7::text[]) and exists (select from backend_entities.relationships o
            where o.user_id = r.user_id and o.source_entity_id = r.target_entity_id and o.type = r.type
            and o.is_active and o.id < r.id)) as incoming,
    r.type = any($7::text[]) and exists (select from backend_entities.relationships o
        where o.user_id = r.user_id and o.source_entity_id = r.target_entity_id
        and o.target_entity_id = r.source_entity_id and o.type = r.type and o.is_active and o.id < r.id)
    as reverse
from backend_entities.relationships r
join backend_entities.entities s on s.user_id = r.user_id and s.id = r.source_entity_id
join backend_entities.entities t on t.user_id = r.user_id and t.id = r.target_entity_id
where r.user_id = {user} and r.is_active and ($2::text[] is null or r.type = any($2::text[]))
    and ($3::uuid is null or r.id > $3)
order by r.id limit $4
"""

IN_USE = f"""
select
    (select coalesce(jsonb_agg(to_jsonb(e)), '[]') from (
        select type, count(*) as count from backend_entities.entities
        where user_id = tenant.user_id and is_active group by type order by count(*) desc, type
        limit {MOST_TYPES + 1}
    ) e) as entity_types,
    (select coalesce(jsonb_agg(to_jsonb(x)), '[]') from (
        select p.* from (
            select r.type, s.type as source_type, t.type as target_type, count(*) as count,
                sum(count(*)) over (partition by r.type) as total,
                row_number() over (partition by r.type order by count(*) desc, s.type, t.type) as place
            from backend_entities.relationships r
            join backend_entities.entities s on s.user_id = tenant.user_id and s.id = r.source_entity_id
            join backend_entities.entities t on t.user_id = tenant.user_id and t.id = r.target_entity_id
            where r.user_id = tenant.user_id and r.is_active group by r.type, s.type, t.type
        ) p where p.place <= {MOST_ENDS} order by p.total desc, p.type, p.place
    ) x) as relationship_types
limit 1
"""


@dataclass(slots=True)
class Expected:
    """The schema a unit of work checked against, if it did."""

    version: int | None = None


class PostgresGraphSchemaRepository(GraphSchemaRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(
        self, connection: DriverConnection, user_id: UserId, cache: SchemaCache, expected: Expected
    ) -> None:
        self._connection, self._user_id = connection, user_id
        self._cache, self._expected = cache, expected

    async def current(self) -> GraphSchema:
        schema = self._cache.get(self._user_id)
        if schema is None:
            row = await self._connection.fetchrow(SCHEMA.format(user="$1"), self._user_id)
            schema = schema_of(self._user_id, row)
            self._cache.put(schema, size_of(row))
        self._expected.version = schema.version
        return schema

    async def hold(self) -> GraphSchema:
        await self._connection.execute("select backend_entities.hold_schema($1)", self._user_id)
        row = await self._connection.fetchrow(SCHEMA.format(user="$1"), self._user_id)
        return schema_of(self._user_id, row)

    async def save(self, schema: GraphSchema) -> None:
        self._cache.drop(self._user_id)
        try:
            await self._connection.execute(SAVE, *columns_of(schema))
        except asyncpg.ForeignKeyViolationError as error:
            raise AccountGone from error

    async def around(self, relationship: Relationship, declared: RelationshipType) -> Surroundings:
        content = relationship.content
        ends = (content.source_entity_id, content.target_entity_id)
        name = content.relationship_type
        await self._connection.execute(
            "select backend_entities.hold_edge($1, $2, $3, $4, $5)",
            self._user_id,
            *ends,
            name,
            declared.is_exclusive,
        )
        row = await self._connection.fetchrow(
            AROUND, self._user_id, relationship.id, *ends, name, declared.symmetric
        )
        if row is None:
            raise RuntimeError("a statement that always answers did not")
        return Surroundings(**row)

    async def closed_to(self, entity_id: EntityId, closed: Mapping[str, Sequence[str]]) -> Sequence[UUID]:
        rows = await self._connection.fetch(
            CLOSED_TO, self._user_id, entity_id, closed["source"], closed["target"]
        )
        return [row["id"] for row in rows]

    async def around_all(
        self, relationships: Sequence[Relationship], schema: GraphSchema, but_for: Collection[RelationshipId]
    ) -> Sequence[Surroundings]:
        return await around_all(self._connection, self._user_id, relationships, schema, but_for)

    async def misplaced(self, schema: GraphSchema, merge_id: MergeId) -> Sequence[RelationshipFacts]:
        return await misplaced(self._connection, merge_id, schema)

    async def closed_to_all(
        self, types: Mapping[EntityId, str], schema: GraphSchema
    ) -> Mapping[EntityId, Sequence[UUID]]:
        return await closed_to_all(self._connection, self._user_id, types, schema)

    async def entities(
        self, user_id: UserId, types: Sequence[str] | None, after: UUID | None, limit: int
    ) -> Sequence[EntityFacts]:
        rows = await self._connection.fetch(ENTITIES.format(user="$1"), user_id, types, after, limit)
        return [_entity(row) for row in rows]

    async def relationships(
        self, schema: GraphSchema, types: Sequence[str] | None, after: UUID | None, limit: int
    ) -> Sequence[RelationshipFacts]:
        statement = RELATIONSHIPS.format(user="$1")
        rows = await self._connection.fetch(
            statement, schema.user_id, types, after, limit, *exclusive_types(schema)
        )
        return [relationship_facts(row) for row in rows]


class PostgresSchemaQueries(SchemaQueries):
    """Each read is one round trip."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def schema(self, user_id: UserId) -> GraphSchema:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(confined_sql(SCHEMA.format(user="tenant.user_id")), user_id)
        return schema_of(user_id, row)

    async def in_use(self, user_id: UserId) -> TypesInUse:
        async with self._database.connection() as connection:
            (row,) = await connection.fetch(confined_sql(IN_USE), user_id)
        entities = json.decode(row["entity_types"])
        relationships: dict[str, RelationshipTypeUse] = {}
        for pair in json.decode(row["relationship_types"]):
            ends = EndTypes(
                source_type=pair["source_type"], target_type=pair["target_type"], count=pair["count"]
            )
            known = relationships.get(pair["type"])
            relationships[pair["type"]] = RelationshipTypeUse(
                type=pair["type"], count=int(pair["total"]), ends=[*(known.ends if known else ()), ends]
            )
        return TypesInUse(
            entity_types=[EntityTypeUse(type=e["type"], count=e["count"]) for e in entities[:MOST_TYPES]],
            relationship_types=list(relationships.values())[:MOST_TYPES],
            truncated=max(len(entities), len(relationships)) > MOST_TYPES,
        )

    async def entities(
        self, user_id: UserId, types: Sequence[str] | None, after: UUID | None, limit: int
    ) -> Sequence[EntityFacts]:
        statement = confined_sql(ENTITIES.format(user="tenant.user_id"))
        async with self._database.connection() as connection:
            rows = await connection.fetch(statement, user_id, types, after, limit)
        return [_entity(row) for row in rows]

    async def relationships(
        self, schema: GraphSchema, types: Sequence[str] | None, after: UUID | None, limit: int
    ) -> Sequence[RelationshipFacts]:
        statement = confined_sql(RELATIONSHIPS.format(user="tenant.user_id"))
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                statement, schema.user_id, types, after, limit, *exclusive_types(schema)
            )
        return [relationship_facts(row) for row in rows]


def _entity(row: asyncpg.Record) -> EntityFacts:
    return EntityFacts(id=row["id"], type=row["type"], metadata=json.decode(row["metadata"]))
