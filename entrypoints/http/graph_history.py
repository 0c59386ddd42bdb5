"""What entities and relationships were, and bringing deleted ones back, over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from application.graph.history import HISTORY_SORTS, HistoryQueries, VersionView
from application.graph.restore_entity import RestoreEntity, RestoreEntityCommand
from application.graph.restore_relationship import RestoreRelationship, RestoreRelationshipCommand
from application.graph.views import EntityView, RelationshipView
from application.shared.permissions import Permission
from domain.shared.errors import Conflict, InvalidInput, NotFound, PreconditionFailed, Violation
from entrypoints.http.entities import entity_id_of
from entrypoints.http.operation import Call, Handler, NoQuery, Operation, PageQuery, Reply
from entrypoints.http.relationships import relationship_id_of
from entrypoints.http.schema_warnings import warnings_of

NEWEST_FIRST = "-version"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphHistoryOverHttp:
    """The use cases and queries these operations call."""

    restore_entity: RestoreEntity
    restore_relationship: RestoreRelationship
    queries: HistoryQueries

    async def entity_history(self, call: Call[None, PageQuery]) -> Reply:
        asked = call.page(HISTORY_SORTS, NEWEST_FIRST)
        page = await self.queries.of_entity(call.principal.user_id, entity_id_of(call), asked)
        return Reply(data=page.rows, next=page.next)

    async def relationship_history(self, call: Call[None, PageQuery]) -> Reply:
        asked = call.page(HISTORY_SORTS, NEWEST_FIRST)
        page = await self.queries.of_relationship(call.principal.user_id, relationship_id_of(call), asked)
        return Reply(data=page.rows, next=page.next)

    async def entity_back(self, call: Call[None, NoQuery]) -> Reply:
        warned: list[Violation] = []
        view = await self.restore_entity(
            RestoreEntityCommand(
                warn=warned.extend,
                principal=call.principal,
                entity_id=entity_id_of(call),
                expected_version=call.expected_version(),
            )
        )
        return Reply(data=view, version=view.version, meta=warnings_of(warned))

    async def relationship_back(self, call: Call[None, NoQuery]) -> Reply:
        warned: list[Violation] = []
        view = await self.restore_relationship(
            RestoreRelationshipCommand(
                warn=warned.extend,
                principal=call.principal,
                relationship_id=relationship_id_of(call),
                expected_version=call.expected_version(),
            )
        )
        return Reply(data=view, version=view.version, meta=warnings_of(warned))


def operations(over_http: GraphHistoryOverHttp) -> Sequence[Operation[Any, Any]]:
    """Read the versions of entities and relationships, restore deleted ones."""
    return [
        _history("/entities/{entity_id}", over_http.entity_history, "an entity"),
        _restore(
            "/entities/{entity_id}",
            over_http.entity_back,
            "a deleted entity and the relationships that went with it",
            EntityView,
        ),
        _history("/relationships/{relationship_id}", over_http.relationship_history, "a relationship"),
        _restore(
            "/relationships/{relationship_id}",
            over_http.relationship_back,
            "a deleted relationship",
            RelationshipView,
        ),
    ]


def _history(path: str, handler: Handler[None, PageQuery], thing: str) -> Operation[None, PageQuery]:
    return Operation(
        method="GET",
        path=f"{path}/history",
        handler=handler,
        summary=f"List {thing}'s versions: what changed, when, by whom",
        tag="graph",
        permission=Permission.GRAPH_READ,
        query=PageQuery,
        reply=list[VersionView],
        raises=(NotFound,),
        description="Sorts: version, also with a leading `-`; default `-version`.",
    )


def _restore(
    path: str, handler: Handler[None, NoQuery], what: str, view: type[EntityView | RelationshipView]
) -> Operation[None, NoQuery]:
    return Operation(
        method="POST",
        path=f"{path}/restore",
        handler=handler,
        summary=f"Restore {what}",
        tag="graph",
        permission=Permission.GRAPH_WRITE,
        reply=view,
        raises=(NotFound, Conflict, InvalidInput, PreconditionFailed),
        conditional=True,
    )
