"""Relationships in Postgres: one statement for each thing a use case does to them."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from adapters.postgres import json
from adapters.postgres.graph_entities import raise_taken
from adapters.postgres.graph_rows import RELATIONSHIP_COLUMNS, relationship_of
from adapters.postgres.statements import DriverConnection
from application.graph.ports import RelationshipRepository
from domain.graph.errors import EndIsDeleted, RelationshipChanged, RelationshipNotFound
from domain.graph.relationship import Relationship, refuse_missing_ends
from domain.shared.ids import EntityId, RelationshipId, UserId

# FOR SHARE keeps the ends from being deleted until the relationship is visible to whoever deletes them;
# the foreign key's own lock would let a soft deletion pass.
ENDS = """
ends as (
    select id from backend_entities.entities
    where user_id = $1 and id = any($14::uuid[]) and is_active order by id for share
)
"""

ADD = f"""
with {ENDS}, added as (
    insert into backend_entities.relationships
        (user_id, id, source_entity_id, target_entity_id, type, confidence, source, source_type, metadata,
         created_at, updated_at, version, external_id)
    select $1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12, $13
    where (select count(*) from ends) = cardinality($14::uuid[])
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
        source_type = $8, metadata = $9::jsonb, created_at = $10, updated_at = $11, version = $12,
        external_id = $13
    where user_id = $1 and id = $2 and is_active and version = $12 - 1
        and (select count(*) from ends) = cardinality($14::uuid[])
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
    set is_active = false, deleted_at = $3, updated_at = $3, version = version + 1, deleted_with_end = true
    where user_id = $1 and (source_entity_id = $2 or target_entity_id = $2) and is_active
    returning {RELATIONSHIP_COLUMNS}
)
select * from removed order by id
"""


GET_ANY = f"""
select {RELATIONSHIP_COLUMNS} from backend_entities.relationships
where user_id = $1 and id = $2 for no key update
"""

RESTORE = """
with ends as (
    select id from backend_entities.entities
    where user_id = $1 and id = any($5::uuid[]) and is_active order by id for share
), restored as (
    update backend_entities.relationships
    set is_active = true, deleted_at = null, deleted_with_end = false, updated_at = $3, version = $4
    where user_id = $1 and id = $2 and not is_active and version = $4 - 1
        and (select count(*) from ends) = cardinality($5::uuid[])
    returning id
)
select exists (select from restored) as stored, (select count(*) from ends) as ends
"""

# Two of the same ends and type can both have gone with an end, and so can two with one external id: of each
# the one that went last comes back.
RESTORE_OF = f"""
with gone as (
    select r.id, r.source_entity_id, r.target_entity_id, r.type, r.source, r.external_id, r.updated_at
    from backend_entities.relationships r
    join backend_entities.entities s on s.user_id = $1 and s.id = r.source_entity_id and s.is_active
    join backend_entities.entities t on t.user_id = $1 and t.id = r.target_entity_id and t.is_active
    where r.user_id = $1 and r.source_entity_id = $2 and r.deleted_with_end and not r.is_active
        or r.user_id = $1 and r.target_entity_id = $2 and r.deleted_with_end and not r.is_active
), possible as (
    select distinct on (g.source_entity_id, g.target_entity_id, g.type) g.* from gone g
    where not exists (
        select from backend_entities.relationships o
        where o.user_id = $1 and o.source_entity_id = g.source_entity_id
            and o.target_entity_id = g.target_entity_id and o.type = g.type and o.is_active
    ) and (g.external_id is null or not exists (
        select from backend_entities.relationships o
        where o.user_id = $1 and o.external_id = g.external_id and o.source is not distinct from g.source
            and o.is_active
    ))
    order by g.source_entity_id, g.target_entity_id, g.type, g.updated_at desc, g.id
), free as (
    select distinct on (p.source, p.external_id, case when p.external_id is null then p.id end) p.*
    from possible p
    order by p.source, p.external_id, case when p.external_id is null then p.id end, p.updated_at desc, p.id
), held as (
    select e.id from backend_entities.entities e
    where e.user_id = $1 and e.is_active
        and e.id in (select source_entity_id from free union select target_entity_id from free)
    order by e.id for share
), restored as (
    update backend_entities.relationships r
    set is_active = true, deleted_at = null, deleted_with_end = false, updated_at = $3,
        version = r.version + 1
    from free where r.user_id = $1 and r.id = free.id
        and r.source_entity_id in (select id from held) and r.target_entity_id in (select id from held)
    returning {", ".join(f"r.{name}" for name in RELATIONSHIP_COLUMNS.split(", "))}
)
select * from restored order by id
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

    async def get_any(self, user_id: UserId, relationship_id: RelationshipId) -> Relationship:
        row = await self._connection.fetchrow(GET_ANY, user_id, relationship_id)
        if row is None:
            raise RelationshipNotFound
        return relationship_of(user_id, row)

    async def restore(self, relationship: Relationship) -> None:
        ends = {relationship.content.source_entity_id, relationship.content.target_entity_id}
        try:
            row = await self._connection.fetchrow(
                RESTORE,
                relationship.user_id,
                relationship.id,
                relationship.updated_at,
                relationship.version,
                list(ends),
            )
        except asyncpg.UniqueViolationError as error:
            raise_taken(error)
        if row is None or row["ends"] < len(ends):
            raise EndIsDeleted
        if not row["stored"]:
            raise RelationshipChanged

    async def restore_of(self, user_id: UserId, entity_id: EntityId, now: datetime) -> Sequence[Relationship]:
        rows = await self._connection.fetch(RESTORE_OF, user_id, entity_id, now)
        return [relationship_of(user_id, row) for row in rows]

    async def _store(self, statement: str, relationship: Relationship, ends: set[EntityId]) -> bool:
        """Whether the row was written. Raises for ends that are not there and for an edge that is."""
        try:
            row = await self._connection.fetchrow(statement, *_columns(relationship), list(ends))
        except asyncpg.UniqueViolationError as error:
            raise_taken(error)
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
        content.external_id,
    )
