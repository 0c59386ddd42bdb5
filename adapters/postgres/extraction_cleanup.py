"""Takes extracted knowledge out of the graph once nothing supports it; one rule for every occasion."""

from collections.abc import Sequence

from adapters.postgres.graph_rows import (
    ENTITY_COLUMNS,
    RELATIONSHIP_COLUMNS,
    entity_of,
    relationship_of,
)
from adapters.postgres.statements import DriverConnection
from application.extraction.work import Knowledge
from domain.shared.ids import EntityId, RelationshipId, UserId

DROP_RELATIONSHIPS = f"""
delete from backend_entities.relationships r
where r.user_id = $1 and r.id = any($2::uuid[]) and r.source_type = 'extraction' and not exists (
    select from backend_extraction.evidence v where v.user_id = $1 and v.relationship_id = r.id
)
returning {RELATIONSHIP_COLUMNS}
"""

# What somebody wrote and merged into an entity lives on in it. What was extracted, and merged, goes along.
DROP_ENTITIES = f"""
with dropped as materialized (
    select e.id from backend_entities.entities e
    where e.user_id = $1 and e.id = any($2::uuid[]) and e.source_type = 'extraction' and not exists (
        select from backend_extraction.mentions m where m.user_id = $1 and m.entity_id = e.id
    ) and not exists (
        select from backend_entities.relationships r
        where r.user_id = $1 and r.is_active and r.source_entity_id = e.id
    ) and not exists (
        select from backend_entities.relationships r
        where r.user_id = $1 and r.is_active and r.target_entity_id = e.id
    ) and not exists (
        select from backend_entities.merged_sources($1, e.id) as part
        where part.source_type is distinct from 'extraction'
    )
), along as (
    delete from backend_entities.entities e
    using dropped cross join lateral backend_entities.merged_sources($1, dropped.id) as part
    where e.user_id = $1 and e.id = part.id
)
delete from backend_entities.entities e using dropped where e.user_id = $1 and e.id = dropped.id
returning {", ".join(f"e.{column.strip()}" for column in ENTITY_COLUMNS.split(","))}
"""


async def drop_unsupported(
    connection: DriverConnection,
    user_id: UserId,
    entity_ids: Sequence[EntityId],
    relationship_ids: Sequence[RelationshipId],
) -> Knowledge:
    """What `ExtractionRepository.drop_unsupported` says. What was deleted softly before is not told again."""
    edges = await connection.fetch(DROP_RELATIONSHIPS, user_id, relationship_ids) if relationship_ids else []
    entities = await connection.fetch(DROP_ENTITIES, user_id, entity_ids) if entity_ids else []
    return Knowledge(
        entities=[entity_of(user_id, row) for row in entities if row["is_active"]],
        relationships=[relationship_of(user_id, row) for row in edges if row["is_active"]],
    )
