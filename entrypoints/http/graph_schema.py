"""The schema of a graph over HTTP: what is in use, what is declared, what breaks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from application.graph.change_schema_settings import (
    ChangeSchemaSettings,
    ChangeSchemaSettingsCommand,
    settings_view,
)
from application.graph.declare_type import (
    DeclareType,
    DeclareTypeCommand,
    WithdrawType,
    WithdrawTypeCommand,
)
from application.graph.read_schema import VIOLATION_SORTS, ListViolations, ReadSchema
from application.graph.schema import (
    EntityTypeView,
    GraphSchemaView,
    RelationshipTypeView,
    SchemaQueries,
    SchemaSettingsView,
    ViolatorView,
    entity_type_view,
    relationship_type_view,
)
from application.shared.permissions import Permission
from domain.graph.errors import DeclarationNotFound
from domain.graph.schema import (
    Cardinality,
    Declared,
    Enforcement,
    EntityType,
    RelationshipType,
    UndeclaredTypes,
)
from domain.shared.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply

ENTITY_TYPE = "/graph/schema/entity-types/{type}"
RELATIONSHIP_TYPE = "/graph/schema/relationship-types/{type}"
SETTINGS = "/graph/schema/settings"

Description = Annotated[str, Meta(extra_json_schema={"maxLength": 2000})]
# What is blank names no type, and is left out.
OptionalType = Annotated[str, Meta(extra_json_schema={"maxLength": 64})]
EndTypeNames = Annotated[list[OptionalType], Meta(extra_json_schema={"maxItems": 100})]


class ForceQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`force=true` goes through although the schema is enforced and things in the graph break it."""

    force: bool = False


class EntityTypeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`metadata_schema` is a JSON Schema (2020-12) without recursion; its references stay inside it."""

    description: Description | None = None
    metadata_schema: dict[str, Any] | None = None


class RelationshipTypeBody(EntityTypeBody, kw_only=True):
    """No source or target types allow all. `one-to-many`: a target has one source at most."""

    source_types: EndTypeNames = []
    target_types: EndTypeNames = []
    symmetric: bool = False
    inverse: OptionalType | None = None
    cardinality: Cardinality = Cardinality.MANY_TO_MANY


class SettingsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`off` checks nothing; with `warn` writes succeed, with `meta.warnings`; `enforce` refuses them."""

    enforcement: Enforcement
    undeclared_types: UndeclaredTypes = UndeclaredTypes.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSchemaOverHttp:
    """The use cases and queries these operations call."""

    read_schema: ReadSchema
    declare_type: DeclareType
    withdraw_type: WithdrawType
    change_settings: ChangeSchemaSettings
    list_violations: ListViolations
    queries: SchemaQueries

    async def schema(self, call: Call[None, NoQuery]) -> Reply:
        return Reply(data=await self.read_schema(call.principal.user_id))

    async def get_entity_type(self, call: Call[None, NoQuery]) -> Reply:
        schema = await self.queries.schema(call.principal.user_id)
        found = schema.entity_types.get(call.path["type"])
        if found is None:
            raise DeclarationNotFound
        return Reply(data=entity_type_view(found), version=found.version)

    async def get_relationship_type(self, call: Call[None, NoQuery]) -> Reply:
        schema = await self.queries.schema(call.principal.user_id)
        found = schema.relationship_types.get(call.path["type"])
        if found is None:
            raise DeclarationNotFound
        return Reply(data=relationship_type_view(schema, found), version=found.version)

    async def put_entity_type(self, call: Call[EntityTypeBody, ForceQuery]) -> Reply:
        body = call.body
        return await self._declare(
            call, EntityType(description=body.description, metadata_schema=body.metadata_schema)
        )

    async def put_relationship_type(self, call: Call[RelationshipTypeBody, ForceQuery]) -> Reply:
        body = call.body
        declared = RelationshipType(
            description=body.description,
            source_types=body.source_types,
            target_types=body.target_types,
            symmetric=body.symmetric,
            inverse=body.inverse,
            cardinality=body.cardinality,
            metadata_schema=body.metadata_schema,
        )
        return await self._declare(call, declared)

    async def _declare(self, call: Call[Any, ForceQuery], declared: Declared) -> Reply:
        made = await self.declare_type(
            DeclareTypeCommand(
                principal=call.principal,
                type=call.path["type"],
                declared=declared,
                force=call.query.force,
                expected_version=call.expected_version(),
            )
        )
        view: EntityTypeView | RelationshipTypeView
        if isinstance(declared, EntityType):
            view = entity_type_view(made.declaration, made.report)
        else:
            view = relationship_type_view(made.schema, made.declaration, made.report)
        return Reply(data=view, status=201 if made.created else 200, version=view.version)

    async def delete_entity_type(self, call: Call[None, NoQuery]) -> Reply:
        return await self._withdraw(call, is_entity=True)

    async def delete_relationship_type(self, call: Call[None, NoQuery]) -> Reply:
        return await self._withdraw(call, is_entity=False)

    async def _withdraw(self, call: Call[None, NoQuery], *, is_entity: bool) -> Reply:
        await self.withdraw_type(
            WithdrawTypeCommand(
                principal=call.principal,
                type=call.path["type"],
                is_entity=is_entity,
                expected_version=call.expected_version(),
            )
        )
        return Reply()

    async def get_settings(self, call: Call[None, NoQuery]) -> Reply:
        view = settings_view((await self.queries.schema(call.principal.user_id)).settings)
        return Reply(data=view, version=view.version)

    async def put_settings(self, call: Call[SettingsBody, ForceQuery]) -> Reply:
        view = await self.change_settings(
            ChangeSchemaSettingsCommand(
                principal=call.principal,
                enforcement=call.body.enforcement,
                undeclared_types=call.body.undeclared_types,
                force=call.query.force,
                expected_version=call.expected_version(),
            )
        )
        return Reply(data=view, version=view.version)

    async def violations(self, call: Call[None, PageQuery]) -> Reply:
        page = await self.list_violations(call.principal.user_id, call.page(VIOLATION_SORTS, "kind"))
        return Reply(data=page.rows, next=page.next)


def operations(schema: GraphSchemaOverHttp) -> Sequence[Operation[Any, Any]]:
    """Read and declare the types of a graph, choose whether they are enforced, list what breaks them."""
    declaring = (Conflict, InvalidInput, PreconditionFailed)
    told = (
        "Answers with a `report` on what is in the graph; where the schema is enforced and something breaks "
        "the declaration, it is refused (409) unless `force=true`."
    )
    both = [
        operation
        for path, things, get, put, delete, body, reply in (
            (
                ENTITY_TYPE,
                "entities",
                schema.get_entity_type,
                schema.put_entity_type,
                schema.delete_entity_type,
                EntityTypeBody,
                EntityTypeView,
            ),
            (
                RELATIONSHIP_TYPE,
                "relationships",
                schema.get_relationship_type,
                schema.put_relationship_type,
                schema.delete_relationship_type,
                RelationshipTypeBody,
                RelationshipTypeView,
            ),
        )
        for operation in _declarations((path, things), (get, put, delete), body, reply, told)
    ]
    return [
        _read("/graph/schema", schema.schema, "See the types in use next to those declared", GraphSchemaView),
        *both,
        _read(SETTINGS, schema.get_settings, "See whether the schema is enforced", SchemaSettingsView),
        Operation(
            method="PUT",
            path=SETTINGS,
            handler=schema.put_settings,
            summary="Choose whether the schema is enforced",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=SettingsBody,
            query=ForceQuery,
            reply=SchemaSettingsView,
            raises=declaring,
            conditional=True,
            description=told,
        ),
        Operation(
            method="GET",
            path="/graph/schema/violations",
            handler=schema.violations,
            summary="List what breaks the declared schema",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=PageQuery,
            reply=list[ViolatorView],
            description="Sort: kind, entities before relationships, each by id. A page looks at a bounded "
            "number of things: one with few rows, or none, can have a next one.",
        ),
    ]


def _read(
    path: str, handler: Any, summary: str, reply: Any, raises: tuple[type[NotFound], ...] = ()
) -> Operation[Any, Any]:
    return Operation(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        tag="graph",
        permission=Permission.GRAPH_READ,
        reply=reply,
        raises=raises,
    )


def _declarations(
    at: tuple[str, str], handlers: tuple[Any, Any, Any], body: Any, reply: Any, told: str
) -> list[Operation[Any, Any]]:
    (path, things), (get, put, delete) = at, handlers
    return [
        _read(path, get, f"Read a declared type of {things}", reply, (NotFound,)),
        Operation(
            method="PUT",
            path=path,
            handler=put,
            summary=f"Declare a type of {things}",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=body,
            query=ForceQuery,
            reply=reply,
            raises=(Conflict, InvalidInput, PreconditionFailed),
            statuses={201: "Declared; it was not before."},
            conditional=True,
            description=told,
        ),
        Operation(
            method="DELETE",
            path=path,
            handler=delete,
            summary=f"Take back the declaration of a type of {things}",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            status=204,
            raises=(NotFound, PreconditionFailed),
            conditional=True,
        ),
    ]
