"""What a user decides about their graph, over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from application.graph.graph_settings import (
    GraphSettingsQueries,
    GraphSettingsView,
    SetGraphSettings,
    SetGraphSettingsCommand,
    settings_view,
)
from application.shared.permissions import Permission
from domain.graph.settings import LOWEST_THRESHOLD
from domain.shared.errors import InvalidInput
from entrypoints.http.operation import Call, NoQuery, Operation, Reply

Threshold = Annotated[float, Meta(extra_json_schema={"minimum": LOWEST_THRESHOLD, "maximum": 1})]


class GraphSettingsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`auto_merge_threshold`: from which score duplicates are merged without being asked; null for never."""

    auto_merge_threshold: Threshold | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettingsOverHttp:
    """The use cases and queries these operations call."""

    set_settings: SetGraphSettings
    queries: GraphSettingsQueries

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        return Reply(data=settings_view(await self.queries.get(call.principal.user_id)))

    async def put(self, call: Call[GraphSettingsBody, NoQuery]) -> Reply:
        command = SetGraphSettingsCommand(
            principal=call.principal, auto_merge_threshold=call.body.auto_merge_threshold
        )
        return Reply(data=await self.set_settings(command))


def operations(over_http: GraphSettingsOverHttp) -> Sequence[Operation[Any, Any]]:
    """Read and set them."""
    return [
        Operation(
            method="GET",
            path="/settings/graph",
            handler=over_http.get,
            summary="Read the settings of the graph",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=GraphSettingsView,
        ),
        Operation(
            method="PUT",
            path="/settings/graph",
            handler=over_http.put,
            summary="Set the settings of the graph",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=GraphSettingsBody,
            reply=GraphSettingsView,
            raises=(InvalidInput,),
            description="With a threshold, entities that a document brought twice are merged after its "
            "extraction, each pair as a merge of its own that can be undone.",
        ),
    ]
