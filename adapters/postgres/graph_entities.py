"""Entities in Postgres: one statement for each thing a use case does to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

import asyncpg

from adapters.postgres import json
from adapters.postgres.graph_rows import ENTITY_COLUMNS, entity_of
from adapters.postgres.statements import DriverConnection
from application.graph.ports import EntityRepository
from domain.graph.entity import Entity
from domain.graph.errors import EntityChanged, EntityNotFound, ExternalIdTaken, RelationshipExists
from domain.graph.merge import taken_by_merge, was_merged
from domain.shared.errors import AccountGone
from domain.shared.ids import EntityId, UserId

CLAIM = """
insert into backend_entities.entity_keys (user_id, type, key, entity_id)
select $1, $4, wanted.key, {source}.id from {source}, unnest($13::text[]) as wanted(key)
order by wanted.key
on conflict do nothing
"""

ADD = f"""
with added as (
    insert into backend_entities.entities
        (user_id, id, name, type, confidence, source, source_type, metadata, aliases, created_at, updated_at,
         external_id)
    select $1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12
    where $12::text is null or backend_entities.merged_target($1, $6, $12) is null
    returning id
), claimed as (
    {CLAIM.format(source="added")}
)
select id from added
"""

MERGED_TARGET = "select backend_entities.merged_target($1, $2, $3)"

GET = f"""
select {ENTITY_COLUMNS} from backend_entities.entities
where user_id = $1 and id = $2 and is_active for no key update
"""

GET_ANY = f"""
select {ENTITY_COLUMNS}, merged_into from backend_entities.entities
where user_id = $1 and id = $2 for no key update
"""

SAVE = f"""
with saved as (
    update backend_entities.entities set
        name = $3, type = $4, confidence = $5, source = $6, source_type = $7, metadata = $8::jsonb,
        aliases = $9, created_at = $10, updated_at = $11, external_id = $12, version = $15
    where user_id = $1 and id = $2 and is_active and version = $15 - 1
    returning id
), released as (
    delete from backend_entities.entity_keys k using saved
    where k.user_id = $1 and k.entity_id = saved.id and k.key = any($14::text[])
), claimed as (
    {CLAIM.format(source="saved")}
)
select id from saved
"""

RESTORE = """
with restored as (
    update backend_entities.entities
    set is_active = true, deleted_at = null, updated_at = $3, version = $4
    where user_id = $1 and id = $2 and not is_active and version = $4 - 1
    returning id, type
), claimed as (
    insert into backend_entities.entity_keys (user_id, type, key, entity_id)
    select $1, restored.type, wanted.key, restored.id from restored, unnest($5::text[]) as wanted(key)
    order by wanted.key
    on conflict do nothing
)
select id from restored
"""

# `known` is what was there before this statement: it tells a changed entity from one that is not there.
REMOVE = f"""
with removed as (
    update backend_entities.entities
    set is_active = false, deleted_at = $4, updated_at = $4, version = version + 1
    where user_id = $1 and id = $2 and is_active and ($3::bigint is null or version = $3)
    returning {ENTITY_COLUMNS}
), released as (
    delete from backend_entities.entity_keys k using removed where k.user_id = $1 and k.entity_id = removed.id
)
select removed.*, exists (
    select from backend_entities.entities where user_id = $1 and id = $2 and is_active
) as known
from (values (1)) as always(one) left join removed on true
"""


class PostgresEntityRepository(EntityRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, entity: Entity, keys: Sequence[str]) -> None:
        try:
            added = await self._connection.fetchval(ADD, *_columns(entity), keys)
        except asyncpg.ForeignKeyViolationError as error:
            if error.constraint_name == "entities_user_id_fkey":
                raise AccountGone from error
            raise
        except asyncpg.UniqueViolationError as error:
            raise_taken(error)
        if added is None:
            content = entity.content
            raise taken_by_merge(
                await self._connection.fetchval(
                    MERGED_TARGET, entity.user_id, content.source, content.external_id
                )
            )

    async def get(self, user_id: UserId, entity_id: EntityId) -> Entity:
        row = await self._connection.fetchrow(GET, user_id, entity_id)
        if row is None:
            raise EntityNotFound
        return entity_of(user_id, row)

    async def save(self, entity: Entity, claim: Sequence[str], release: Sequence[str]) -> None:
        try:
            saved = await self._connection.fetchval(SAVE, *_columns(entity), claim, release, entity.version)
        except asyncpg.UniqueViolationError as error:
            raise_taken(error)
        if saved is None:
            raise EntityChanged

    async def get_any(self, user_id: UserId, entity_id: EntityId) -> Entity:
        row = await self._connection.fetchrow(GET_ANY, user_id, entity_id)
        if row is None:
            raise EntityNotFound
        if row["merged_into"] is not None:
            raise was_merged(row["merged_into"])
        return entity_of(user_id, row)

    async def restore(self, entity: Entity, keys: Sequence[str]) -> None:
        try:
            restored = await self._connection.fetchval(
                RESTORE, entity.user_id, entity.id, entity.updated_at, entity.version, keys
            )
        except asyncpg.UniqueViolationError as error:
            raise_taken(error)
        if restored is None:
            raise EntityChanged

    async def remove(
        self, user_id: UserId, entity_id: EntityId, expected_version: int | None, now: datetime
    ) -> Entity:
        row = await self._connection.fetchrow(REMOVE, user_id, entity_id, expected_version, now)
        if row is None or row["id"] is None:
            if row is not None and row["known"] and expected_version is not None:
                raise EntityChanged
            raise EntityNotFound
        return entity_of(user_id, row)


def raise_taken(error: asyncpg.UniqueViolationError) -> NoReturn:
    """Raises what a broken unique constraint of the graph's tables means."""
    if error.constraint_name in ("entities_external_id_key", "relationships_external_id_key"):
        raise ExternalIdTaken from error
    if error.constraint_name == "relationships_edge_key":
        raise RelationshipExists from error
    raise error


def _columns(entity: Entity) -> tuple[object, ...]:
    content = entity.content
    return (
        entity.user_id,
        entity.id,
        content.name,
        content.type,
        content.confidence,
        content.source,
        content.source_type,
        json.encode(content.metadata),
        content.aliases,
        entity.created_at,
        entity.updated_at,
        content.external_id,
    )
