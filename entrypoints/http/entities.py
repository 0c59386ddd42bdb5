"""Entities over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from application.graph.create_entity import CreateEntity, CreateEntityCommand
from application.graph.delete_entity import DeleteEntity, DeleteEntityCommand
from application.graph.queries import ANALYTICS_SORTS, ENTITY_SORTS, EntityFilter, EntityQueries
from application.graph.update_entity import UpdateEntity, UpdateEntityCommand
from application.graph.views import EntityView
from application.shared.permissions import Permission
from domain.graph.entity import CONTENT, EntityContent
from domain.shared.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PreconditionFailed,
    Violation,
)
from domain.shared.ids import EntityId
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply, written
from entrypoints.http.schema_warnings import warnings_of

# What the domain holds these values to, for the documentation alone: the domain names every broken rule.
Name = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 500, "pattern": r"\S"})]
Type = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 64, "pattern": r"\S"})]
Fraction = Annotated[float, Meta(extra_json_schema={"minimum": 0, "maximum": 1})]
Source = Annotated[str, Meta(extra_json_schema={"maxLength": 2000})]
SourceType = Annotated[str, Meta(extra_json_schema={"maxLength": 64})]
Moment = Annotated[datetime, Meta(extra_json_schema={"format": "date-time"})]
# Blank ones count as none, like a blank source.
ExternalId = Annotated[str, Meta(extra_json_schema={"maxLength": 500})]
Aliases = Annotated[list[str], Meta(extra_json_schema={"maxItems": 100})]


class EntityBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an entity says."""

    name: Name
    type: Type
    confidence: Fraction = 1.0
    source: Source | None = None
    source_type: SourceType | None = None
    external_id: ExternalId | None = None
    metadata: dict[str, Any] = {}
    aliases: Aliases = []


class EntityPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A merge patch (RFC 7396) of what an entity says: null takes a value away."""

    name: Name | UnsetType = UNSET
    type: Type | UnsetType = UNSET
    confidence: Fraction | UnsetType | None = UNSET
    source: Source | UnsetType | None = UNSET
    source_type: SourceType | UnsetType | None = UNSET
    external_id: ExternalId | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    aliases: Aliases | UnsetType | None = UNSET


class EntitiesQuery(PageQuery, kw_only=True):
    """`q`: beginnings of words of the name or an alias. `metadata.KEY=value`: a top-level member."""

    type: str | None = None
    q: str | None = None
    min_confidence: float | None = None
    source: str | None = None
    source_type: str | None = None
    external_id: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    created_after: Moment | None = None
    created_before: Moment | None = None
    include_inactive: bool = False
    min_pagerank: float | None = None
    min_degree: float | None = None
    min_betweenness: float | None = None
    community: int | None = None
    component: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitiesOverHttp:
    """The use cases and queries these operations call."""

    create_entity: CreateEntity
    update_entity: UpdateEntity
    delete_entity: DeleteEntity
    queries: EntityQueries

    async def create(self, call: Call[EntityBody, NoQuery]) -> Reply:
        warned: list[Violation] = []
        view = await self.create_entity(
            CreateEntityCommand(principal=call.principal, content=content_of(call.body), warn=warned.extend)
        )
        return created(view, warned)

    async def already_created(self, call: Call[EntityBody, NoQuery], entity_id: UUID) -> Reply:
        return created(await self.queries.entity(call.principal.user_id, EntityId(entity_id)))

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        view = await self.queries.entity(call.principal.user_id, entity_id_of(call))
        return Reply(data=view, version=view.version)

    async def list(self, call: Call[None, EntitiesQuery]) -> Reply:
        query = call.query
        wanted = EntityFilter(
            type=query.type,
            q=query.q,
            min_confidence=query.min_confidence,
            source=query.source,
            source_type=query.source_type,
            external_id=query.external_id,
            metadata=query.metadata,
            created_after=query.created_after,
            created_before=query.created_before,
            include_inactive=query.include_inactive,
            min_pagerank=query.min_pagerank,
            min_degree=query.min_degree,
            min_betweenness=query.min_betweenness,
            community=query.community,
            component=query.component,
        )
        sorts = (*ENTITY_SORTS, *ANALYTICS_SORTS)
        page = await self.queries.entities_json(call.principal.user_id, wanted, call.page(sorts))
        return written(page)

    async def replace(self, call: Call[EntityBody, NoQuery]) -> Reply:
        return await self._update(call, content_of(call.body))

    async def patch(self, call: Call[EntityPatch, NoQuery]) -> Reply:
        given = {name: getattr(call.body, name) for name in CONTENT}
        return await self._update(call, {n: value for n, value in given.items() if value is not UNSET})

    async def delete(self, call: Call[None, NoQuery]) -> Reply:
        await self.delete_entity(
            DeleteEntityCommand(
                principal=call.principal,
                entity_id=entity_id_of(call),
                expected_version=call.expected_version(),
            )
        )
        return Reply()

    async def _update(self, call: Call[Any, NoQuery], change: EntityContent | dict[str, object]) -> Reply:
        warned: list[Violation] = []
        view = await self.update_entity(
            UpdateEntityCommand(
                warn=warned.extend,
                principal=call.principal,
                entity_id=entity_id_of(call),
                change=change,
                expected_version=call.expected_version(),
            )
        )
        return Reply(data=view, version=view.version, meta=warnings_of(warned))


def entity_id_of(call: Call[Any, Any]) -> EntityId:
    """The entity the path names."""
    return EntityId(call.id("entity_id"))


def content_of(body: EntityBody) -> EntityContent:
    """The body as the domain reads it."""
    return EntityContent(
        name=body.name,
        type=body.type,
        confidence=body.confidence,
        source=body.source,
        source_type=body.source_type,
        external_id=body.external_id,
        metadata=body.metadata,
        aliases=body.aliases,
    )


def created(view: EntityView, warned: Sequence[Violation] = ()) -> Reply:
    """The answer to a creation."""
    return Reply(
        data=view, version=view.version, location=f"/api/v1/entities/{view.id}", meta=warnings_of(warned)
    )


def operations(entities: EntitiesOverHttp) -> Sequence[Operation[Any, Any]]:
    """Create, read, list, change and delete entities."""
    changes = (InvalidInput, NotFound, PreconditionFailed, Conflict)
    return [
        Operation(
            method="POST",
            path="/entities",
            handler=entities.create,
            replay=entities.already_created,
            summary="Create an entity",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=EntityBody,
            reply=EntityView,
            status=201,
            raises=(InvalidInput, NotAuthenticated, Conflict),
        ),
        Operation(
            method="GET",
            path="/entities",
            handler=entities.list,
            summary="List entities",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=EntitiesQuery,
            reply=list[EntityView],
            description=f"Sorts: {', '.join((*ENTITY_SORTS, *ANALYTICS_SORTS))}, each also with a leading "
            f"`-`; default `-created_at`. {', '.join(ANALYTICS_SORTS)}, and the filters min_pagerank, "
            "min_degree, min_betweenness, community and component, show the entities that the last "
            "computation knew (`GET /graph/analytics`), and are refused before the first.",
        ),
        Operation(
            method="GET",
            path="/entities/{entity_id}",
            handler=entities.get,
            summary="Read an entity",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=EntityView,
            raises=(NotFound,),
        ),
        Operation(
            method="PUT",
            path="/entities/{entity_id}",
            handler=entities.replace,
            summary="Replace what an entity says",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=EntityBody,
            reply=EntityView,
            raises=changes,
            conditional=True,
        ),
        Operation(
            method="PATCH",
            path="/entities/{entity_id}",
            handler=entities.patch,
            summary="Change some of what an entity says",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=EntityPatch,
            reply=EntityView,
            raises=changes,
            conditional=True,
            media_types=("application/merge-patch+json", "application/json"),
        ),
        Operation(
            method="DELETE",
            path="/entities/{entity_id}",
            handler=entities.delete,
            summary="Delete an entity and its relationships",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            status=204,
            raises=(NotFound, PreconditionFailed),
            conditional=True,
        ),
    ]
