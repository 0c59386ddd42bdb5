"""One graph store behind one face, for the contract suites of repositories and queries."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters.memory.graph_entities import KEYS
from adapters.memory.graph_queries import InMemoryEntityQueries, InMemoryRelationshipQueries
from adapters.memory.graph_traversal import InMemoryGraphQueries
from adapters.postgres.graph_queries import PostgresEntityQueries, PostgresRelationshipQueries
from adapters.postgres.graph_traversal import PostgresGraphQueries
from adapters.postgres.provision import Logins
from application.graph.ports import GraphUnitOfWork
from application.graph.queries import EntityQueries, RelationshipQueries
from application.graph.traversal import GraphQueries
from domain.graph.entity import Entity, EntityContent, new_entity, resolution_keys
from domain.graph.relationship import Relationship, RelationshipContent, new_relationship
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import JsonObject
from tests.contract.systems import IDS, MemorySystem, PostgresSystem, System, postgres_system, principal

START = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphStore:
    """`work` opens a unit of work of a user; `keys` tells which entity holds which key of a type."""

    system: System
    work: Callable[[UserId], AbstractAsyncContextManager[GraphUnitOfWork]]
    entities: EntityQueries
    relationships: RelationshipQueries
    graph: GraphQueries
    keys: "Keys"

    async def entity(
        self,
        user: UserId,
        name: str = "Ada Lovelace",
        *,
        type_: str = "person",
        confidence: float = 1.0,
        metadata: JsonObject | None = None,
        aliases: Sequence[str] = (),
        minute: int = 0,
        source: str | None = None,
        source_type: str | None = None,
        external_id: str | None = None,
    ) -> Entity:
        """Stores an entity made `minute` minutes after the start of time."""
        content = EntityContent(
            name=name,
            type=type_,
            confidence=confidence,
            metadata=metadata or {},
            aliases=aliases,
            source=source,
            source_type=source_type,
            external_id=external_id,
        )
        entity = new_entity(user, EntityId(IDS.new()), content, START + timedelta(minutes=minute))
        async with self.work(user) as work:
            await work.entities.add(entity, resolution_keys(entity.content))
            await work.commit()
        return entity

    async def edge(
        self,
        source: Entity,
        target: Entity,
        type_: str = "knows",
        *,
        confidence: float = 1.0,
        minute: int = 0,
        user: UserId | None = None,
        metadata: JsonObject | None = None,
    ) -> Relationship:
        """Stores a relationship, of the source's user unless another is named."""
        content = RelationshipContent(
            source_entity_id=source.id,
            target_entity_id=target.id,
            relationship_type=type_,
            confidence=confidence,
            metadata=metadata or {},
        )
        owner = user or source.user_id
        made = new_relationship(owner, RelationshipId(IDS.new()), content, START + timedelta(minutes=minute))
        async with self.work(owner) as work:
            await work.relationships.add(made)
            await work.commit()
        return made

    def elsewhere(self) -> "GraphStore":
        """The same store as another process has it: nothing is remembered."""
        system = self.system
        if isinstance(system, PostgresSystem):
            return replace(self, system=PostgresSystem(system.database))
        return self

    async def remove(self, entity: Entity) -> None:
        """Deletes an entity with its relationships."""
        async with self.work(entity.user_id) as work:
            await work.entities.remove(entity.user_id, entity.id, None, START)
            await work.relationships.remove_of(entity.user_id, entity.id, START)
            await work.commit()


Keys = Callable[[UserId], "AbstractAsyncContextManager[dict[tuple[str, str], EntityId]]"]


def memory_store() -> GraphStore:
    system = MemorySystem()

    @contextlib.asynccontextmanager
    async def keys(user: UserId) -> AsyncIterator[dict[tuple[str, str], EntityId]]:
        found: dict[tuple[str, str], EntityId] = {}
        for row, holder in system.store.table(KEYS).items():
            assert isinstance(row, tuple)
            if row[0] == user:
                found[row[1], row[2]] = EntityId(holder)  # type: ignore[arg-type]  # rows hold any object
        yield found

    return GraphStore(
        system=system,
        work=lambda user: system.start_work(principal(user)),
        entities=InMemoryEntityQueries(system.store),
        relationships=InMemoryRelationshipQueries(system.store),
        graph=InMemoryGraphQueries(system.store),
        keys=keys,
    )


@contextlib.asynccontextmanager
async def postgres_store(logins: Logins) -> AsyncIterator[GraphStore]:
    async with postgres_system(logins) as system:

        @contextlib.asynccontextmanager
        async def keys(user: UserId) -> AsyncIterator[dict[tuple[str, str], EntityId]]:
            async with system.start_work(principal(user)) as work:
                rows = await work.connection.fetch(
                    "select type, key, entity_id from backend_entities.entity_keys where user_id = $1", user
                )
            yield {(row["type"], row["key"]): EntityId(row["entity_id"]) for row in rows}

        yield _postgres(system, keys)


def _postgres(system: PostgresSystem, keys: Keys) -> GraphStore:
    return GraphStore(
        system=system,
        work=lambda user: system.start_work(principal(user)),
        entities=PostgresEntityQueries(system.database),
        relationships=PostgresRelationshipQueries(system.database),
        graph=PostgresGraphQueries(system.database),
        keys=keys,
    )
