"""Takes extracted knowledge out of the graph once nothing supports it; one rule for every occasion."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from adapters.memory.documents_rows import StoredPlace, of_user
from adapters.memory.store import Rows
from application.extraction.work import Knowledge
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The tables that hold what is known and where it was found."""

    entities: Rows
    keys: Rows
    relationships: Rows
    mentions: Rows
    evidence: Rows
    merged_into: Rows


def drop_unsupported(
    graph: Graph, user_id: UserId, entity_ids: Sequence[UUID], relationship_ids: Sequence[UUID]
) -> Knowledge:
    """What `ExtractionRepository.drop_unsupported` says."""
    proven = {place.subject for place in of_user(graph.evidence, StoredPlace, user_id)}
    edges = [
        edge
        for edge in of_user(graph.relationships, Relationship, user_id)
        if edge.id in relationship_ids and edge.content.source_type == "extraction" and edge.id not in proven
    ]
    for edge in edges:
        del graph.relationships[(user_id, edge.id)]
    held: set[UUID] = {place.subject for place in of_user(graph.mentions, StoredPlace, user_id)}
    for edge in of_user(graph.relationships, Relationship, user_id):
        if edge.is_active:
            held |= {edge.content.source_entity_id, edge.content.target_entity_id}
    gone = [
        entity
        for entity in of_user(graph.entities, Entity, user_id)
        if entity.id in entity_ids and entity.content.source_type == "extraction" and entity.id not in held
    ]
    parts = {entity.id: _merged_sources(graph, entity) for entity in gone}
    # What somebody wrote and merged into an entity lives on in it.
    gone = [one for one in gone if all(p.content.source_type == "extraction" for p in parts[one.id])]
    for entity in gone:
        for part in (entity, *parts[entity.id]):
            _remove(graph, part)
    return Knowledge(
        entities=[entity for entity in gone if entity.is_active],
        relationships=[edge for edge in edges if edge.is_active],
    )


def _merged_sources(graph: Graph, target: Entity) -> list[Entity]:
    """What was merged into an entity, and into that."""
    found: list[Entity] = []
    for entity in of_user(graph.entities, Entity, target.user_id):
        if graph.merged_into.get((entity.user_id, entity.id)) == target.id:
            found += [entity, *_merged_sources(graph, entity)]
    return found


def _remove(graph: Graph, entity: Entity) -> None:
    """An entity with what the foreign keys take along."""
    del graph.entities[(entity.user_id, entity.id)]
    graph.merged_into.pop((entity.user_id, entity.id), None)
    for key, owner in list(graph.keys.items()):
        if owner == entity.id:
            del graph.keys[key]
    for edge in of_user(graph.relationships, Relationship, entity.user_id):
        if entity.id in (edge.content.source_entity_id, edge.content.target_entity_id):
            del graph.relationships[(entity.user_id, edge.id)]
