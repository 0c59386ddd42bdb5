"""Relationships over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from application.graph.create_relationship import CreateRelationship, CreateRelationshipCommand
from application.graph.delete_relationship import DeleteRelationship, DeleteRelationshipCommand
from application.graph.queries import RELATIONSHIP_SORTS, RelationshipFilter, RelationshipQueries
from application.graph.update_relationship import UpdateRelationship, UpdateRelationshipCommand
from application.graph.views import RelationshipView
from application.shared.permissions import Permission
from domain.graph.relationship import ENDS, PLAIN, RelationshipContent
from domain.shared.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    Violation,
)
from domain.shared.ids import EntityId, RelationshipId
from entrypoints.http.entities import ExternalId, Fraction, Moment, Source, SourceType, Type
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply, written
from entrypoints.http.schema_warnings import warnings_of


class RelationshipBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What holds between two entities."""

    source_entity_id: UUID
    target_entity_id: UUID
    relationship_type: Type
    confidence: Fraction = 1.0
    source: Source | None = None
    source_type: SourceType | None = None
    external_id: ExternalId | None = None
    metadata: dict[str, Any] = {}


class RelationshipPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A merge patch (RFC 7396) of what a relationship says: null takes a value away."""

    source_entity_id: UUID | UnsetType = UNSET
    target_entity_id: UUID | UnsetType = UNSET
    relationship_type: Type | UnsetType = UNSET
    confidence: Fraction | UnsetType | None = UNSET
    source: Source | UnsetType | None = UNSET
    source_type: SourceType | UnsetType | None = UNSET
    external_id: ExternalId | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class RelationshipsQuery(PageQuery, kw_only=True):
    """`entity_id` is either end. `metadata.KEY=value`: a top-level member."""

    source_entity_id: UUID | None = None
    target_entity_id: UUID | None = None
    entity_id: UUID | None = None
    relationship_type: str | None = None
    min_confidence: float | None = None
    source: str | None = None
    source_type: str | None = None
    external_id: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    created_after: Moment | None = None
    created_before: Moment | None = None
    include_inactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipsOverHttp:
    """The use cases and queries these operations call."""

    create_relationship: CreateRelationship
    update_relationship: UpdateRelationship
    delete_relationship: DeleteRelationship
    queries: RelationshipQueries

    async def create(self, call: Call[RelationshipBody, NoQuery]) -> Reply:
        warned: list[Violation] = []
        view = await self.create_relationship(
            CreateRelationshipCommand(
                principal=call.principal, content=content_of(call.body), warn=warned.extend
            )
        )
        return created(view, warned)

    async def already_created(self, call: Call[RelationshipBody, NoQuery], relationship_id: UUID) -> Reply:
        return created(
            await self.queries.relationship(call.principal.user_id, RelationshipId(relationship_id))
        )

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        view = await self.queries.relationship(call.principal.user_id, relationship_id_of(call))
        return Reply(data=view, version=view.version)

    async def list(self, call: Call[None, RelationshipsQuery]) -> Reply:
        page = await self.queries.relationships_json(
            call.principal.user_id, filter_of(call.query), call.page(RELATIONSHIP_SORTS)
        )
        return written(page)

    async def replace(self, call: Call[RelationshipBody, NoQuery]) -> Reply:
        return await self._update(call, content_of(call.body))

    async def patch(self, call: Call[RelationshipPatch, NoQuery]) -> Reply:
        given = {name: getattr(call.body, name) for name in PLAIN}
        ends = {name: getattr(call.body, name) for name in ENDS}
        change = {name: value for name, value in given.items() if value is not UNSET}
        change |= {name: str(value) for name, value in ends.items() if value is not UNSET}
        return await self._update(call, change)

    async def delete(self, call: Call[None, NoQuery]) -> Reply:
        await self.delete_relationship(
            DeleteRelationshipCommand(
                principal=call.principal,
                relationship_id=relationship_id_of(call),
                expected_version=call.expected_version(),
            )
        )
        return Reply()

    async def _update(
        self, call: Call[Any, NoQuery], change: RelationshipContent | dict[str, object]
    ) -> Reply:
        warned: list[Violation] = []
        view = await self.update_relationship(
            UpdateRelationshipCommand(
                warn=warned.extend,
                principal=call.principal,
                relationship_id=relationship_id_of(call),
                change=change,
                expected_version=call.expected_version(),
            )
        )
        return Reply(data=view, version=view.version, meta=warnings_of(warned))


def relationship_id_of(call: Call[Any, Any]) -> RelationshipId:
    """The relationship the path names."""
    return RelationshipId(call.id("relationship_id"))


def content_of(body: RelationshipBody) -> RelationshipContent:
    """The body as the domain reads it."""
    return RelationshipContent(
        source_entity_id=EntityId(body.source_entity_id),
        target_entity_id=EntityId(body.target_entity_id),
        relationship_type=body.relationship_type,
        confidence=body.confidence,
        source=body.source,
        source_type=body.source_type,
        external_id=body.external_id,
        metadata=body.metadata,
    )


def filter_of(query: RelationshipsQuery) -> RelationshipFilter:
    """The query string as the application reads it."""
    return RelationshipFilter(
        source_entity_id=EntityId(query.source_entity_id) if query.source_entity_id else None,
        target_entity_id=EntityId(query.target_entity_id) if query.target_entity_id else None,
        entity_id=EntityId(query.entity_id) if query.entity_id else None,
        relationship_type=query.relationship_type,
        min_confidence=query.min_confidence,
        source=query.source,
        source_type=query.source_type,
        external_id=query.external_id,
        metadata=query.metadata,
        created_after=query.created_after,
        created_before=query.created_before,
        include_inactive=query.include_inactive,
    )


def created(view: RelationshipView, warned: Sequence[Violation] = ()) -> Reply:
    """The answer to a creation."""
    return Reply(
        data=view, version=view.version, location=f"/api/v1/relationships/{view.id}", meta=warnings_of(warned)
    )


def operations(relationships: RelationshipsOverHttp) -> Sequence[Operation[Any, Any]]:
    """Create, read, list, change and delete relationships."""
    changes = (Conflict, InvalidInput, NotFound, PreconditionFailed)
    return [
        Operation(
            method="POST",
            path="/relationships",
            handler=relationships.create,
            replay=relationships.already_created,
            summary="Relate two entities",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=RelationshipBody,
            reply=RelationshipView,
            status=201,
            raises=(Conflict, InvalidInput),
        ),
        Operation(
            method="GET",
            path="/relationships",
            handler=relationships.list,
            summary="List relationships",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=RelationshipsQuery,
            reply=list[RelationshipView],
            description=f"Sorts: {', '.join(RELATIONSHIP_SORTS)}, each also with a leading `-`; default "
            "`-created_at`.",
        ),
        Operation(
            method="GET",
            path="/relationships/{relationship_id}",
            handler=relationships.get,
            summary="Read a relationship",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=RelationshipView,
            raises=(NotFound,),
        ),
        Operation(
            method="PUT",
            path="/relationships/{relationship_id}",
            handler=relationships.replace,
            summary="Replace what a relationship says",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=RelationshipBody,
            reply=RelationshipView,
            raises=changes,
            conditional=True,
        ),
        Operation(
            method="PATCH",
            path="/relationships/{relationship_id}",
            handler=relationships.patch,
            summary="Change some of what a relationship says",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=RelationshipPatch,
            reply=RelationshipView,
            raises=changes,
            conditional=True,
            media_types=("application/merge-patch+json", "application/json"),
        ),
        Operation(
            method="DELETE",
            path="/relationships/{relationship_id}",
            handler=relationships.delete,
            summary="Delete a relationship",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            status=204,
            raises=(NotFound, PreconditionFailed),
            conditional=True,
        ),
    ]
