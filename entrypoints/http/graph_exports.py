"""A graph over HTTP as a file, sent as it is read."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from application.graph.exports import ExportFilter, GraphSnapshots, GraphWriter, written
from application.shared.permissions import Permission
from domain.shared.errors import Unavailable
from entrypoints.http.operation import Call, Operation, Reply
from entrypoints.http.replies import nothing

# The media type of each format, and how files of it are called.
FORMATS: Mapping[str, tuple[str, str]] = {
    "jsonl": ("application/jsonl", "jsonl"),
    "csv": ("text/csv", "csv"),
    "graphml": ("application/graphml+xml", "graphml"),
    "turtle": ("text/turtle", "ttl"),
    "json-ld": ("application/ld+json", "jsonld"),
}


class ExportQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`type`: entities of these types alone, and what relates them to each other."""

    format: Literal["jsonl", "csv", "graphml", "turtle", "json-ld"] = "jsonl"
    type: list[str] = msgspec.field(default_factory=list)
    include_inactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphExportsOverHttp:
    """`writers` make the writer of one file, by format."""

    snapshots: GraphSnapshots
    writers: Mapping[str, Callable[[], GraphWriter]]

    async def export(self, call: Call[None, ExportQuery]) -> Reply:
        query = call.query
        media_type, extension = FORMATS[query.format]
        wanted = ExportFilter(include_inactive=query.include_inactive, types=query.type or None)
        writer = self.writers[query.format]()
        pieces = written(self.snapshots, call.principal.user_id, wanted, writer)
        headers = {"Content-Disposition": f'attachment; filename="graph.{extension}"'}
        if call.request.method == "HEAD":
            return Reply(stream=nothing(), media_type=media_type, headers=headers)
        # What can be refused is refused before the reply begins.
        first = await anext(pieces)
        return Reply(stream=Begun(first, pieces), media_type=media_type, headers=headers)


class Begun:
    """Pieces of which the first is here already. A generator that was not begun could not be closed."""

    def __init__(self, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self._first: bytes | None = first
        self._rest = rest

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        first, self._first = self._first, None
        if first:
            return first
        return await anext(self._rest)

    async def aclose(self) -> None:
        """Lets go of what the pieces are read from."""
        if inspect.isasyncgen(self._rest):
            await self._rest.aclose()


def operations(over_http: GraphExportsOverHttp) -> Sequence[Operation[Any, Any]]:
    """Export a graph."""
    return [
        Operation(
            method="GET",
            path="/graph/export",
            handler=over_http.export,
            summary="Download the graph as a file",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=ExportQuery,
            raw_reply=True,
            produces=FORMATS["jsonl"][0],
            also_produces=tuple(media_type for media_type, _ in list(FORMATS.values())[1:]),
            raises=(Unavailable,),
            description=(
                "The graph as it is at one moment. JSON Lines lose nothing and can be imported again; "
                "docs/formats.md says what survives in the others."
            ),
        ),
    ]
