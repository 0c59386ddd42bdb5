"""Duplicates, merging them and taking it back, over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from application.graph.duplicates import LIMIT, MIN_SCORE, DuplicatesWanted, DuplicateView, FindDuplicates
from application.graph.merge_entities import MergeEntities, MergeEntitiesCommand
from application.graph.merges import MERGE_SORTS, MergeQueries, MergeView
from application.graph.queries import EntityQueries
from application.graph.undo_merge import UndoMerge, UndoMergeCommand
from application.shared.permissions import Permission
from domain.graph.merge import SOURCES
from domain.shared.errors import Conflict, InvalidInput, NotFound, PreconditionFailed, Violation
from domain.shared.ids import EntityId, MergeId
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply
from entrypoints.http.schema_warnings import warnings_of

NEWEST_FIRST = "-merged_at"


class MergeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`source_ids` become part of `target_id`; where they contradict it, and one another, the first wins."""

    target_id: UUID
    source_ids: Annotated[list[UUID], Meta(extra_json_schema={"minItems": 1, "maxItems": SOURCES})]


class MergesQuery(PageQuery, kw_only=True):
    """`entity_id`: merges it took part in. `undone`: those that were undone, or were not."""

    entity_id: UUID | None = None
    undone: bool | None = None


class DuplicatesQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`type` and `entity_id`: pairs with an entity of this type, with this entity."""

    cursor: str | None = None
    limit: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": LIMIT})] = 50
    min_score: Annotated[float, Meta(extra_json_schema={"minimum": 0, "maximum": 1})] = MIN_SCORE
    type: str | None = None
    entity_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergesOverHttp:
    """The use cases and queries these operations call."""

    find_duplicates: FindDuplicates
    merge_entities: MergeEntities
    undo_merge: UndoMerge
    entities: EntityQueries
    queries: MergeQueries

    async def duplicates(self, call: Call[None, DuplicatesQuery]) -> Reply:
        user_id, query = call.principal.user_id, call.query
        about = None if query.entity_id is None else [EntityId(query.entity_id)]
        for entity_id in about or ():
            await self.entities.entity(user_id, entity_id)
        wanted = DuplicatesWanted(
            limit=query.limit,
            min_score=query.min_score,
            type=query.type,
            entity_ids=about,
            after=call.cursors.read(query.cursor, call.list_name()) if query.cursor else None,
        )
        found = await self.find_duplicates(user_id, wanted)
        return Reply(data=found.rows, next=found.next)

    async def merge(self, call: Call[MergeBody, NoQuery]) -> Reply:
        warned: list[Violation] = []
        view = await self.merge_entities(
            MergeEntitiesCommand(
                principal=call.principal,
                target_id=EntityId(call.body.target_id),
                source_ids=[EntityId(source_id) for source_id in call.body.source_ids],
                expected_version=call.expected_version(),
                warn=warned.extend,
            )
        )
        return _merged(view, warned)

    async def already_merged(self, call: Call[MergeBody, NoQuery], merge_id: UUID) -> Reply:
        return _merged(await self.queries.merge(call.principal.user_id, MergeId(merge_id)))

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        return Reply(data=await self.queries.merge(call.principal.user_id, _merge_id(call)))

    async def list(self, call: Call[None, MergesQuery]) -> Reply:
        entity_id = None if call.query.entity_id is None else EntityId(call.query.entity_id)
        asked = call.page(MERGE_SORTS, NEWEST_FIRST)
        page = await self.queries.merges(call.principal.user_id, entity_id, call.query.undone, asked)
        return Reply(data=page.rows, next=page.next)

    async def undo(self, call: Call[None, NoQuery]) -> Reply:
        warned: list[Violation] = []
        command = UndoMergeCommand(principal=call.principal, merge_id=_merge_id(call), warn=warned.extend)
        view = await self.undo_merge(command)
        return Reply(data=view, meta=warnings_of(warned))


def _merge_id(call: Call[Any, Any]) -> MergeId:
    return MergeId(call.id("merge_id"))


def _merged(view: MergeView, warned: Sequence[Violation] = ()) -> Reply:
    location = f"/api/v1/entities/merges/{view.id}"
    return Reply(data=view, location=location, meta=warnings_of(warned))


def operations(over_http: MergesOverHttp) -> Sequence[Operation[Any, Any]]:
    """Find duplicates, merge them, read merges, undo them."""
    return [
        Operation(
            method="GET",
            path="/entities/duplicates",
            handler=over_http.duplicates,
            summary="Propose entities that look like one thing",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=DuplicatesQuery,
            reply=list[DuplicateView],
            raises=(InvalidInput, NotFound),
            description="A score is the sum of its reasons, each `value` times `weight`. Compared are "
            "entities that share the whole name, a word's consonants, initials, a word or its beginning, in "
            "this order from page to page, the surest of a page first. What more than 30 entities share "
            "counts for nothing. A page can be short, or empty, though more follow. With `entity_id` there "
            "is one page, and names with typing errors are found too.",
        ),
        Operation(
            method="POST",
            path="/entities/merge",
            handler=over_http.merge,
            replay=over_http.already_merged,
            summary="Make one entity of several",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=MergeBody,
            reply=MergeView,
            status=201,
            raises=(InvalidInput, PreconditionFailed, Conflict),
            conditional=True,
            description="Relationships, mentions, evidence and resolution keys of the sources become the "
            "target's; their names and aliases become its aliases, 100 at most; the highest confidence wins; "
            "of metadata the target's own members win, those it lacks are taken over. Of relationships that "
            "become parallel the surest stays, with the evidence of all; what would become a loop goes. The "
            "sources are not found any more (404, which names the target), their history stays. `If-Match` "
            "takes the target's ETag. Target and relationships are held to the declared schema as they are "
            "then: 422 with pointers that lead to each by its id, or `meta.warnings`.",
        ),
        Operation(
            method="GET",
            path="/entities/merges",
            handler=over_http.list,
            summary="List merges",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=MergesQuery,
            reply=list[MergeView],
            description="Sorts: merged_at, also with a leading `-`; default `-merged_at`.",
        ),
        Operation(
            method="GET",
            path="/entities/merges/{merge_id}",
            handler=over_http.get,
            summary="Read a merge",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=MergeView,
            raises=(NotFound,),
        ),
        Operation(
            method="POST",
            path="/entities/merges/{merge_id}/undo",
            handler=over_http.undo,
            summary="Take a merge back",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            reply=MergeView,
            raises=(NotFound, Conflict, InvalidInput),
            description="Everything the merge changed becomes what it was, but for versions and times of "
            "change, which move on. What was edited since stays as it was edited; what came to the target "
            "since stays there. Merges of one entity are undone in turn, the last one first (409 names it); "
            "a target that was deleted has to be restored before (409). What comes back is held to the "
            "declared schema as with a merge.",
        ),
    ]
