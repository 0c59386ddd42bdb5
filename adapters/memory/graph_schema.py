"""The declared schema in dictionaries, for tests without a server."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from adapters.memory.graph_entities import ENTITIES
from adapters.memory.graph_merges import MERGES, StoredMerge
from adapters.memory.graph_relationships import RELATIONSHIPS, ends_of
from adapters.memory.store import MemoryStore, Rows
from application.graph.schema import (
    EndTypes,
    EntityFacts,
    EntityTypeUse,
    GraphSchemaRepository,
    RelationshipFacts,
    RelationshipTypeUse,
    SchemaFacts,
    SchemaQueries,
    TypesInUse,
)
from domain.graph.entity import Entity
from domain.graph.errors import SchemaChanged
from domain.graph.relationship import Relationship
from domain.graph.schema import GraphSchema, RelationshipType
from domain.graph.schema_rules import Surroundings, closed_ends, relationship_violations
from domain.shared.ids import EntityId, MergeId, RelationshipId, UserId

SCHEMAS = "graph_schemas"  # (user id,) -> GraphSchema
MOST_TYPES = 500
MOST_ENDS = 20


def schema_in(rows: Rows, user_id: UserId) -> GraphSchema:
    """A user's schema, empty where there is none."""
    found = rows.get((user_id,))
    return found if isinstance(found, GraphSchema) else GraphSchema(user_id=user_id)


def require_schema(store: MemoryStore, user_id: UserId, expected: int | None) -> None:
    """Raises `SchemaChanged` when a schema was checked against that is in force no longer."""
    if expected is not None and schema_in(store.table(SCHEMAS), user_id).version != expected:
        raise SchemaChanged


class _Facts(SchemaFacts):
    def __init__(self, table: Callable[[str], Rows]) -> None:
        self._table = table

    async def entities(
        self, user_id: UserId, types: Sequence[str] | None, after: UUID | None, limit: int
    ) -> Sequence[EntityFacts]:
        found = [
            EntityFacts(id=e.id, type=e.content.type, metadata=e.content.metadata)
            for e in self._active_entities(user_id).values()
            if (types is None or e.content.type in types) and (after is None or e.id > after)
        ]
        return sorted(found, key=lambda facts: facts.id)[:limit]

    async def relationships(
        self, schema: GraphSchema, types: Sequence[str] | None, after: UUID | None, limit: int
    ) -> Sequence[RelationshipFacts]:
        active = self._active(schema.user_id)
        wanted = [
            r
            for r in active
            if (types is None or r.content.relationship_type in types) and (after is None or r.id > after)
        ]
        facts = []
        for r in sorted(wanted, key=lambda r: r.id)[:limit]:
            declared = schema.relationship_type(r.content.relationship_type) or RelationshipType()
            earlier = [other for other in active if other.id < r.id]
            facts.append(
                RelationshipFacts(
                    id=r.id,
                    type=r.content.relationship_type,
                    metadata=r.content.metadata,
                    around=self._around(r, declared, earlier),
                )
            )
        return facts

    def _around(
        self, relationship: Relationship, declared: RelationshipType, others: Sequence[Relationship]
    ) -> Surroundings:
        entities = self._active_entities(relationship.user_id)
        source, target = ends_of(relationship)
        ends = [
            ends_of(other)
            for other in others
            if other.content.relationship_type == relationship.content.relationship_type
        ]
        both = declared.symmetric
        return Surroundings(
            source_type=entities[source].content.type if source in entities else None,
            target_type=entities[target].content.type if target in entities else None,
            outgoing=any(source == s or (both and source == t) for s, t in ends),
            incoming=any(target == t or (both and target == s) for s, t in ends),
            reverse=(target, source) in ends,
        )

    def _active_entities(self, user_id: UserId) -> dict[EntityId, Entity]:
        rows = self._table(ENTITIES).values()
        return {e.id: e for e in rows if isinstance(e, Entity) and e.user_id == user_id and e.is_active}

    def _active(self, user_id: UserId) -> list[Relationship]:
        rows = self._table(RELATIONSHIPS).values()
        return [r for r in rows if isinstance(r, Relationship) and r.user_id == user_id and r.is_active]


class InMemoryGraphSchemaRepository(_Facts, GraphSchemaRepository):
    """Works on the tables of one unit of work."""

    def __init__(self, table: Callable[[str], Rows], user_id: UserId, expect: Callable[[int], None]) -> None:
        super().__init__(table)
        self._user_id = user_id
        self._expect = expect

    async def current(self) -> GraphSchema:
        schema = schema_in(self._table(SCHEMAS), self._user_id)
        self._expect(schema.version)
        return schema

    async def hold(self) -> GraphSchema:
        return await self.current()

    async def save(self, schema: GraphSchema) -> None:
        self._table(SCHEMAS)[(schema.user_id,)] = schema

    async def around(self, relationship: Relationship, declared: RelationshipType) -> Surroundings:
        others = [other for other in self._active(self._user_id) if other.id != relationship.id]
        return self._around(relationship, declared, others)

    async def closed_to(self, entity_id: EntityId, closed: Mapping[str, Sequence[str]]) -> Sequence[UUID]:
        found = []
        for relationship in self._active(self._user_id):
            source, target = ends_of(relationship)
            name = relationship.content.relationship_type
            if (source == entity_id and name in closed["source"]) or (
                target == entity_id and name in closed["target"]
            ):
                found.append(relationship.id)
        return sorted(found)[:10]

    async def around_all(
        self, relationships: Sequence[Relationship], schema: GraphSchema, but_for: Collection[RelationshipId]
    ) -> Sequence[Surroundings]:
        left_out = {*but_for, *(relationship.id for relationship in relationships)}
        others = [other for other in self._active(self._user_id) if other.id not in left_out]
        found = []
        for relationship in relationships:
            declared = schema.relations[relationship.content.relationship_type]
            around = self._around(relationship, declared, others)
            found.append(
                replace(
                    around,
                    outgoing=around.outgoing and declared.cardinality.one_target,
                    incoming=around.incoming and declared.cardinality.one_source,
                    reverse=around.reverse and declared.symmetric,
                )
            )
        return found

    async def misplaced(self, schema: GraphSchema, merge_id: MergeId) -> Sequence[RelationshipFacts]:
        stored = self._table(MERGES)[(self._user_id, merge_id)]
        changed = {change.id for change in stored.edges} if isinstance(stored, StoredMerge) else set()
        found = []
        for edge in sorted(self._active(self._user_id), key=lambda edge: edge.id):
            declared = schema.relations.get(edge.content.relationship_type)
            if edge.id in changed and declared is not None:
                name = edge.content.relationship_type
                around = await self.around(edge, declared)
                if relationship_violations(schema, name, around):
                    facts = RelationshipFacts(
                        id=edge.id, type=name, metadata=edge.content.metadata, around=around
                    )
                    found.append(facts)
        return found[:10]

    async def closed_to_all(
        self, types: Mapping[EntityId, str], schema: GraphSchema
    ) -> Mapping[EntityId, Sequence[UUID]]:
        found = {
            entity_id: await self.closed_to(entity_id, closed_ends(schema, name))
            for entity_id, name in types.items()
        }
        return {entity_id: broken for entity_id, broken in found.items() if broken}


class InMemorySchemaQueries(_Facts, SchemaQueries):
    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store.table)

    async def schema(self, user_id: UserId) -> GraphSchema:
        return schema_in(self._table(SCHEMAS), user_id)

    async def in_use(self, user_id: UserId) -> TypesInUse:
        entities = self._active_entities(user_id)
        types = Counter(entity.content.type for entity in entities.values())
        edges = self._active(user_id)
        counts = Counter(edge.content.relationship_type for edge in edges)
        pairs = Counter(
            (edge.content.relationship_type, *(entities[end].content.type for end in ends_of(edge)))
            for edge in edges
        )
        ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
        return TypesInUse(
            entity_types=[
                EntityTypeUse(type=name, count=count)
                for name, count in sorted(types.items(), key=lambda use: (-use[1], use[0]))
            ][:MOST_TYPES],
            relationship_types=[
                RelationshipTypeUse(
                    type=name,
                    count=count,
                    ends=[
                        EndTypes(source_type=s, target_type=t, count=many)
                        for (edge, s, t), many in ranked
                        if edge == name
                    ][:MOST_ENDS],
                )
                for name, count in sorted(counts.items(), key=lambda use: (-use[1], use[0]))
            ][:MOST_TYPES],
            truncated=max(len(types), len(counts)) > MOST_TYPES,
        )
