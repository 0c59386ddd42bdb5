"""Where relationships stand among others of which nothing is stored yet: rows that are written together."""

from collections import Counter

from domain.graph.relationship import Relationship
from domain.graph.schema import GraphSchema
from domain.graph.schema_rules import Surroundings
from domain.shared.ids import EntityId

At = tuple[str, EntityId]
Between = tuple[str, EntityId, EntityId]


class Standing:
    """Active relationships of types that exclude others, counted by type and end."""

    def __init__(self, schema: GraphSchema) -> None:
        self._exclusive = {name: d for name, d in schema.relations.items() if d.is_exclusive}
        self._leaving: Counter[At] = Counter()
        self._reaching: Counter[At] = Counter()
        self._between: Counter[Between] = Counter()

    def put(self, relationship: Relationship) -> None:
        """From here on it stands among them."""
        self._count(relationship, 1)

    def take(self, relationship: Relationship) -> None:
        """From here on it does not any more."""
        self._count(relationship, -1)

    def _count(self, relationship: Relationship, by: int) -> None:
        content = relationship.content
        name = content.relationship_type
        if not relationship.is_active or name not in self._exclusive:
            return
        self._leaving[name, content.source_entity_id] += by
        self._reaching[name, content.target_entity_id] += by
        self._between[name, content.source_entity_id, content.target_entity_id] += by

    def around(self, relationship: Relationship, stored: Surroundings) -> Surroundings:
        """Where it would stand among these and what is stored."""
        content = relationship.content
        name, source, target = content.relationship_type, content.source_entity_id, content.target_entity_id
        declared = self._exclusive.get(name)
        if declared is None:
            return stored
        both = declared.symmetric
        leaving, reaching = self._leaving, self._reaching
        return Surroundings(
            source_type=stored.source_type,
            target_type=stored.target_type,
            outgoing=stored.outgoing or leaving[name, source] > 0 or (both and reaching[name, source] > 0),
            incoming=stored.incoming or reaching[name, target] > 0 or (both and leaving[name, target] > 0),
            reverse=stored.reverse or self._between[name, target, source] > 0,
        )
