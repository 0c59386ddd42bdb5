"""Places what was found in the passages it was found in, and merges what was found twice."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.extraction.ports import Chunk
from application.extraction.readings import Reading
from application.extraction.work import Place
from domain.extraction.candidates import CandidateRelationship
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship, RelationshipContent, new_relationship
from domain.shared.ids import ChunkId, EntityId, RelationshipId, UserId

SOURCE_TYPE = "extraction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """A document's passages in reading order, with their ids."""

    chunks: Sequence[Chunk]
    ids: Sequence[ChunkId]

    def at(self, offset: int) -> ChunkId | None:
        """The passage that holds this offset, None between passages."""
        place = bisect_right(self.chunks, offset, key=lambda chunk: chunk.start) - 1
        return self.ids[place] if place >= 0 and offset < self.chunks[place].end else None


def distinct(places: Iterable[Place]) -> Sequence[Place]:
    """One place for each subject and stretch, the surest, in an order all consumers share."""
    best: dict[tuple[UUID, int, int], Place] = {}
    for place in places:
        key = (place.subject, place.start, place.end)
        if key not in best or best[key].confidence < place.confidence:
            best[key] = place
    return [best[key] for key in sorted(best)]


def mention_places(
    found: Sequence[tuple[Reading, Entity]],
    passages: Passages,
    new_id: Callable[[], UUID],
) -> Sequence[Place]:
    """Where each reading's entity stands."""
    return distinct(
        Place(
            id=new_id(),
            subject=entity.id,
            chunk_id=passages.at(mention.start),
            start=mention.start,
            end=mention.end,
            text=mention.text,
            confidence=confidence,
        )
        for reading, entity in found
        for mention, confidence in reading.mentions
    )


Edge = tuple[EntityId, EntityId, str]


def edge_of(relationship: Relationship) -> Edge:
    """Its ends and its type."""
    content = relationship.content
    return content.source_entity_id, content.target_entity_id, content.relationship_type


def edges_of(
    candidates: Sequence[CandidateRelationship], by_candidate: Mapping[str, EntityId]
) -> Mapping[Edge, Sequence[CandidateRelationship]]:
    """The candidates by the edge they speak for, in an order all consumers share.

    An edge needs two different ends, both kept.
    """
    edges: dict[Edge, list[CandidateRelationship]] = {}
    for candidate in candidates:
        source, target = by_candidate.get(candidate.source), by_candidate.get(candidate.target)
        if source is not None and target is not None and source != target:
            edges.setdefault((source, target, candidate.type.strip()), []).append(candidate)
    return {edge: edges[edge] for edge in sorted(edges)}


def relationships_of(
    edges: Mapping[Edge, Sequence[CandidateRelationship]],
    *,
    user_id: UserId,
    source: str,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Sequence[Relationship]:
    """The edges as relationships, as sure as the surest of what speaks for them."""
    return [
        new_relationship(
            user_id,
            RelationshipId(new_id()),
            RelationshipContent(
                source_entity_id=start,
                target_entity_id=end,
                relationship_type=kind,
                confidence=max(candidate.confidence for candidate in candidates),
                source=source,
                source_type=SOURCE_TYPE,
            ),
            now,
        )
        for (start, end, kind), candidates in edges.items()
    ]


def evidence_places(
    edges: Mapping[Edge, Sequence[CandidateRelationship]],
    relationships: Sequence[Relationship],
    passages: Passages,
    new_id: Callable[[], UUID],
) -> Sequence[Place]:
    """Where each edge is stated."""
    return distinct(
        Place(
            id=new_id(),
            subject=relationship.id,
            chunk_id=passages.at(candidate.evidence.start),
            start=candidate.evidence.start,
            end=candidate.evidence.end,
            text=candidate.evidence.text,
            confidence=candidate.confidence,
        )
        for relationship in relationships
        for candidate in edges[edge_of(relationship)]
    )
