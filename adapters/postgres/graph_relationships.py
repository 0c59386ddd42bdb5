"""Relationships in Postgres: one statement for each thing a use case does to them."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from adapters.postgres import json
from adapters.postgres.graph_rows import RELATIONSHIP_COLUMNS, relationship_of
from adapters.postgres.statements import DriverConnection
from application.graph.ports import RelationshipRepository
from domain.graph.errors import RelationshipChanged, RelationshipExists, RelationshipNotFound
from domain.graph.relationship import Relationship, refuse_missing_ends
from domain.shared.ids import EntityId, RelationshipId, UserId

# FOR SHARE keeps the ends from being deleted until the relationship is visible to whoever deletes them;
# the foreign key's own lock would let a soft deletion pass.
ENDS = """
ends as (
    select id from backend_entities.entities
    where user_id = $1 and id = any($13::uuid[]) and is_active order by id for share
)
"""

ADD = f"""
with {ENDS}, added as (
    insert into backend_entities.relationships
        (user_id, id, source_entity_id, target_entity_id, type, confidence, source, source_type, metadata,
         created_at, updated_at, version)
    select $1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12
    where (select count(*) from ends) = cardinality($13::uuid[])
    returning id
)
select exists (select from added) as stored, array(select id from ends) as ends
"""

GET = f"""
select {RELATIONSHIP_COLUMNS} from backend_entities.relationships
where user_id = $1 and id = $2 and is_active for no key update
"""

SAVE = f"""
with {ENDS}, saved as (
    update backend_entities.relationships set
        source_entity_id = $3, target_entity_id = $4, type = $5, confidence = $6, source = $7,
        source_type = $8, metadata = $9::jsonb, created_at = $10, updated_at = $11, version = $12
    where user_id = $1 and id = $2 and is_active and version = $12 - 1
        and (select count(*) from ends) = cardinality($13::uuid[])
    returning id
)
select exists (select from saved) as stored, array(select id from ends) as ends
"""

REMOVE = f"""
with removed as (
    update backend_entities.relationships
    set is_active = false, deleted_at = $4, updated_at = $4, version = version + 1
    where user_id = $1 and id = $2 and is_active and ($3::bigint is null or version = $3)
    returning {RELATIONSHIP_COLUMNS}
)
select removed.*, exists (
    select from backend_entities.relationships where user_id = $1 and id = $2 and is_active
) as known
from (values (1)) as always(one) left join removed on true
"""

REMOVE_OF = f"""
with removed as (
    update backend_entities.relationships
    set is_active = false, deleted_at = $3, updated_at = $3, version = version + 1
    where user_id = $1 and (source_entity_id = $2 or target_entity_id = $2) and is_active
    returning {RELATIONSHIP_COLUMNS}
)
select * from removed order by id
"""


class PostgresRelationshipRepository(RelationshipRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, relationship: Relationship) -> None:
        ends = {relationship.content.source_entity_id, relationship.content.target_entity_id}
        await self._store(ADD, relationship, ends)

    async def get(self, user_id: UserId, relationship_id: RelationshipId) -> Relationship:
        row = await self._connection.fetchrow(GET, user_id, relationship_id)
        if row is None:
            raise RelationshipNotFound
        return relationship_of(user_id, row)

    async def save(self, before: Relationship, after: Relationship) -> None:
        old, new = before.content, after.content
        # Ends that stay need no new lock: the deletion of one takes this relationship along.
        ends = {new.source_entity_id, new.target_entity_id} - {old.source_entity_id, old.target_entity_id}
        if not await self._store(SAVE, after, ends):
            raise RelationshipChanged

    async def remove(
        self, user_id: UserId, relationship_id: RelationshipId, expected_version: int | None, now: datetime
    ) -> Relationship:
        row = await self._connection.fetchrow(REMOVE, user_id, relationship_id, expected_version, now)
        if row is None or row["id"] is None:
            if row is not None and row["known"] and expected_version is not None:
                raise RelationshipChanged
            raise RelationshipNotFound
        return relationship_of(user_id, row)

    async def remove_of(self, user_id: UserId, entity_id: EntityId, now: datetime) -> Sequence[Relationship]:
        rows = await self._connection.fetch(REMOVE_OF, user_id, entity_id, now)
        return [relationship_of(user_id, row) for row in rows]

    async def _store(self, statement: str, relationship: Relationship, ends: set[EntityId]) -> bool:
        """Whether the row was written. Raises for ends that are not there and for an edge that is."""
        try:
            row = await self._connection.fetchrow(statement, *_columns(relationship), list(ends))
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "relationships_edge_key":
                raise RelationshipExists from error
            raise
        if row is None:
            raise RuntimeError("a statement that always answers did not")
        refuse_missing_ends(relationship.content, ends - set(row["ends"]))
        return bool(row["stored"])


def _columns(relationship: Relationship) -> tuple[object, ...]:
    content = relationship.content
    return (
        relationship.user_id,
        relationship.id,
        content.source_entity_id,
        content.target_entity_id,
        content.relationship_type,
        content.confidence,
        content.source,
        content.source_type,
        json.encode(content.metadata),
        relationship.created_at,
        relationship.updated_at,
        relationship.version,
    )
