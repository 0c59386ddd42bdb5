"""Somebody with a graph and a declared schema, over one store, for contract suites."""

from collections.abc import Sequence
from typing import Any

from adapters.system.clock import SystemClock
from application.graph.change_schema_settings import ChangeSchemaSettings, ChangeSchemaSettingsCommand
from application.graph.create_entity import CreateEntity, CreateEntityCommand
from application.graph.create_relationship import CreateRelationship, CreateRelationshipCommand
from application.graph.declare_type import DeclaredType, DeclareType, DeclareTypeCommand
from application.graph.write_bulk import BulkView, WriteBulk, WriteBulkCommand
from domain.graph.bulk import BulkMode
from domain.graph.entity import EntityContent
from domain.graph.relationship import RelationshipContent
from domain.graph.schema import Declared, Enforcement, EntityType, UndeclaredTypes
from domain.shared.errors import Violation
from domain.shared.ids import EntityId, RelationshipId, UserId
from tests.contract.graph.stores import GraphStore
from tests.contract.systems import IDS, System, principal

AGED = EntityType(metadata_schema={"properties": {"age": {"type": "integer"}}, "required": ["age"]})


class Declaring:
    """Somebody with a declared schema."""

    def __init__(self, system: System, user: UserId) -> None:
        self.user, self.me = user, principal(user)
        # Both systems' units of work have more than any use case asks for.
        self.work: Any = system.start_work
        self.clock = SystemClock()

    async def declare(
        self, name: str, declared: Declared, *, force: bool = False, version: int | None = None
    ) -> DeclaredType:
        return await DeclareType(self.work, self.clock)(
            DeclareTypeCommand(
                principal=self.me, type=name, declared=declared, force=force, expected_version=version
            )
        )

    async def choose(
        self, enforcement: Enforcement, undeclared: UndeclaredTypes = UndeclaredTypes.ALLOW
    ) -> None:
        await ChangeSchemaSettings(self.work, self.clock)(
            ChangeSchemaSettingsCommand(
                principal=self.me, enforcement=enforcement, undeclared_types=undeclared, force=True
            )
        )


class Owner(Declaring):
    """`warned` is what single writes were warned of, in their order."""

    def __init__(self, store: GraphStore, user: UserId) -> None:
        super().__init__(store.system, user)
        self.store = store
        self.warned: list[Violation] = []

    async def entity(self, type_: str = "person", **metadata: object) -> EntityId:
        content = EntityContent(name="Ada", type=type_, metadata=metadata)
        command = CreateEntityCommand(principal=self.me, content=content, warn=self.warned.extend)
        return EntityId((await CreateEntity(self.work, self.clock, IDS)(command)).id)

    async def edge(self, source: EntityId, target: EntityId, type_: str = "knows") -> RelationshipId:
        content = RelationshipContent(
            source_entity_id=source, target_entity_id=target, relationship_type=type_
        )
        command = CreateRelationshipCommand(principal=self.me, content=content, warn=self.warned.extend)
        return RelationshipId((await CreateRelationship(self.work, self.clock, IDS)(command)).id)

    async def entities(self, *rows: dict[str, Any], mode: BulkMode = BulkMode.UPSERT) -> BulkView:
        return await self._bulk(rows, mode, relationships=False)

    async def edges(self, *rows: dict[str, Any], mode: BulkMode = BulkMode.UPSERT) -> BulkView:
        return await self._bulk(rows, mode, relationships=True)

    async def _bulk(self, rows: Sequence[dict[str, Any]], mode: BulkMode, *, relationships: bool) -> BulkView:
        write = WriteBulk(self.work, self.clock, IDS)
        return await write(
            WriteBulkCommand(principal=self.me, rows=rows, mode=mode, relationships=relationships)
        )
