"""Many entities and relationships in Postgres: each step is one statement for all rows."""

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

import asyncpg

from adapters.postgres import graph_bulk_sql as sql
from adapters.postgres import json
from adapters.postgres.graph_rows import ENTITY_COLUMNS, RELATIONSHIP_COLUMNS, entity_of, relationship_of
from adapters.postgres.statements import DriverConnection
from application.graph.bulk import BulkRepository, RowsCollide, StoredEntity, StoredRelationship
from application.shared.ports import IdGenerator
from application.shared.principal import Trace
from domain.graph.bulk import EndReference, EntityRow, RelationshipRow
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.errors import AccountGone
from domain.shared.ids import EntityId, GraphJobId, RelationshipId, UserId
from domain.shared.json import rfc3339

FIND_ENTITIES = sql.FIND_ENTITIES.format(columns=ENTITY_COLUMNS)
FIND_RELATIONSHIPS = sql.FIND_RELATIONSHIPS.format(columns=RELATIONSHIP_COLUMNS)
COLLISIONS = frozenset(
    [
        "entities_pkey",
        "entities_external_id_key",
        "relationships_pkey",
        "relationships_external_id_key",
        "relationships_edge_key",
    ]
)


class PostgresBulkRepository(BulkRepository):
    """Works inside the transaction of one unit of work; `trace` goes with its events."""

    def __init__(self, connection: DriverConnection, trace: Trace, ids: IdGenerator) -> None:
        self._connection = connection
        self._trace = trace
        self._ids = ids

    async def find_entities(self, user_id: UserId, rows: Sequence[EntityRow]) -> Mapping[int, Entity]:
        asked = [row for row in rows if row.id is not None or row.content.external_id is not None]
        if not asked:
            return {}
        found = await self._fetch(
            FIND_ENTITIES,
            user_id,
            [row.place for row in asked],
            [row.id for row in asked],
            [row.content.source for row in asked],
            [row.content.external_id for row in asked],
        )
        return {row["place"]: entity_of(user_id, row) for row in found}

    async def add_entities(self, entities: Sequence[StoredEntity]) -> AbstractSet[EntityId]:
        rows = await self._store_entities(entities, sql.ADD_ENTITIES, "entity.created")
        return {EntityId(row["id"]) for row in rows}

    async def save_entities(self, entities: Sequence[StoredEntity]) -> None:
        if not any(stored.release for stored in entities):
            await self._store_entities(entities, sql.SAVE_ENTITIES, "entity.updated")
            return
        released = await self._store_entities(entities, sql.SAVE_ENTITIES_AND_RELEASE, "entity.updated")
        await self._connection.execute(
            sql.CLAIM_RELEASED, entities[0].entity.user_id, *([row[n] for row in released] for n in range(3))
        )

    async def _store_entities(
        self, entities: Sequence[StoredEntity], statement: str, event: str
    ) -> list[asyncpg.Record]:
        records = [
            (
                place,
                stored.entity.id,
                self._ids.new(),
                stored.entity.content.name,
                stored.entity.content.type,
                stored.entity.content.confidence,
                stored.entity.content.source,
                stored.entity.content.source_type,
                stored.entity.content.external_id,
                json.encode(stored.entity.content.metadata),
                stored.entity.content.aliases,
                stored.entity.is_active,
                stored.entity.version,
                stored.entity.updated_at,
                "entity.restored" if stored.entity.is_active and not stored.was_active else event,
                rfc3339(stored.entity.created_at),
                rfc3339(stored.entity.updated_at),
                stored.claim,
                stored.release,
            )
            for place, stored in enumerate(entities)
        ]
        user_id = entities[0].entity.user_id
        return await self._store(user_id, "staged_entities", sql.STAGE_ENTITIES, records, statement)

    async def resolve(
        self, user_id: UserId, import_id: GraphJobId | None, ends: Collection[EndReference]
    ) -> Mapping[EndReference, EntityId]:
        known = {end: end.id for end in ends if end.id is not None}
        keys = {str(end.id) if end.key is None else end.key: end for end in ends if end.id or end.key}
        if import_id is not None and keys:
            rows = await self._connection.fetch(sql.RESOLVE_KEYS, user_id, import_id, list(keys))
            known |= {keys[row["key"]]: EntityId(row["entity_id"]) for row in rows}
        if outer := [end for end in ends if end.external_id is not None]:
            rows = await self._fetch(
                sql.RESOLVE_EXTERNAL_IDS,
                user_id,
                [end.source for end in outer],
                [end.external_id for end in outer],
            )
            known |= {
                EndReference(source=row["source"], external_id=row["external_id"]): EntityId(row["id"])
                for row in rows
            }
        if named := [end for end in ends if end.name_key is not None]:
            rows = await self._fetch(
                sql.RESOLVE_NAMES, user_id, [end.type for end in named], [end.name_key for end in named]
            )
            known |= {
                EndReference(type=row["type"], name_key=row["key"]): EntityId(row["entity_id"])
                for row in rows
            }
        return known

    async def hold_ends(self, user_id: UserId, ids: Collection[EntityId]) -> Mapping[EntityId, bool]:
        rows = await self._fetch(sql.HOLD_ENDS, user_id, list(ids))
        return {EntityId(row["id"]): row["is_active"] for row in rows}

    async def find_relationships(
        self, user_id: UserId, rows: Sequence[RelationshipRow]
    ) -> Mapping[int, Relationship]:
        found = await self._fetch(
            FIND_RELATIONSHIPS,
            user_id,
            [row.place for row in rows],
            [row.id for row in rows],
            [row.content.source for row in rows],
            [row.content.external_id for row in rows],
            [row.content.source_entity_id for row in rows],
            [row.content.target_entity_id for row in rows],
            # A deleted one is not told by its ends: any number of those may have the same.
            [row.content.relationship_type if row.is_active else None for row in rows],
        )
        return {row["place"]: relationship_of(user_id, row) for row in found}

    async def add_relationships(
        self, relationships: Sequence[StoredRelationship]
    ) -> AbstractSet[RelationshipId]:
        rows = await self._store_relationships(relationships, sql.ADD_RELATIONSHIPS, "relationship.created")
        return {RelationshipId(row["id"]) for row in rows}

    async def save_relationships(self, relationships: Sequence[StoredRelationship]) -> None:
        await self._store_relationships(relationships, sql.SAVE_RELATIONSHIPS, "relationship.updated")

    async def _store_relationships(
        self, relationships: Sequence[StoredRelationship], statement: str, event: str
    ) -> list[asyncpg.Record]:
        records = []
        for stored in relationships:
            one, content = stored.relationship, stored.relationship.content
            records.append(
                (
                    one.id,
                    self._ids.new(),
                    content.source_entity_id,
                    content.target_entity_id,
                    content.relationship_type,
                    content.confidence,
                    content.source,
                    content.source_type,
                    content.external_id,
                    json.encode(content.metadata),
                    one.is_active,
                    one.version,
                    one.updated_at,
                    "relationship.restored" if one.is_active and not stored.was_active else event,
                    rfc3339(one.created_at),
                    rfc3339(one.updated_at),
                )
            )
        user_id = relationships[0].relationship.user_id
        return await self._store(user_id, "staged_relationships", sql.STAGE_RELATIONSHIPS, records, statement)

    async def _store(
        self,
        user_id: UserId,
        table: str,
        stage: str,
        records: Sequence[tuple[object, ...]],
        statement: str,
    ) -> list[asyncpg.Record]:
        is_new = statement in (sql.ADD_ENTITIES, sql.ADD_RELATIONSHIPS)
        plans = sql.HASHED_PLANS if is_new else sql.PLAIN_PLANS
        async with self._all_or_none():
            await self._connection.execute(f"{stage}; truncate pg_temp.{table}; {plans}")
            await self._connection.copy_records_to_table(table, schema_name="pg_temp", records=records)
            return await self._connection.fetch(
                statement, user_id, self._trace.request_id, self._trace.traceparent
            )

    async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        await self._connection.execute(sql.PLAIN_PLANS)
        found: list[asyncpg.Record] = await self._connection.fetch(statement, *arguments)
        return found

    @contextlib.asynccontextmanager
    async def _all_or_none(self) -> AsyncIterator[None]:
        await self._connection.execute("savepoint bulk")
        try:
            yield
        except asyncpg.UniqueViolationError as error:
            await self._connection.execute("rollback to savepoint bulk; release savepoint bulk")
            if error.constraint_name in COLLISIONS:
                raise RowsCollide from error
            raise
        except asyncpg.ForeignKeyViolationError as error:
            if error.constraint_name == "entities_user_id_fkey":
                raise AccountGone from error
            raise
        else:
            await self._connection.execute("release savepoint bulk")
