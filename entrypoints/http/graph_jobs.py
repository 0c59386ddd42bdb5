"""Jobs on a graph over HTTP: how far they are, what they refused, and stopping them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from application.graph.cancel_graph_job import CancelGraphJob, CancelGraphJobCommand
from application.graph.jobs import GRAPH_JOB_SORTS, GraphJobQueries, GraphJobView, graph_job_view
from application.shared.permissions import Permission
from domain.graph.errors import GraphJobNotFound
from domain.graph.job import RefusedKey, RefusedPlace
from domain.shared.errors import Conflict, NotFound
from domain.shared.ids import GraphJobId, UserId
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply

JSON_LINES = "application/jsonl"
BATCH = 1000
FIRST = (0, "", "")
ReadPlaces = Callable[[UserId, GraphJobId, RefusedKey, int], Awaitable[Sequence[RefusedPlace] | None]]


class GraphJobsQuery(PageQuery, kw_only=True):
    """`kind` and `status`: jobs of this kind, of this status alone."""

    kind: Literal["import", "analytics"] | None = None
    status: Literal["queued", "running", "succeeded", "partial", "failed", "cancelled"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphJobsOverHttp:
    """The use cases and queries these operations call."""

    queries: GraphJobQueries
    cancel_job: CancelGraphJob

    async def list(self, call: Call[None, GraphJobsQuery]) -> Reply:
        page = await self.queries.list(
            call.principal.user_id, call.query.kind, call.query.status, call.page(GRAPH_JOB_SORTS)
        )
        return Reply(data=page.rows, next=page.next)

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        return Reply(data=await self._job(call))

    async def errors(self, call: Call[None, NoQuery]) -> Reply:
        return await self._download(call, self.queries.refused, "errors")

    async def warnings(self, call: Call[None, NoQuery]) -> Reply:
        return await self._download(call, self.queries.warned, "warnings")

    async def _download(self, call: Call[None, NoQuery], read: ReadPlaces, name: str) -> Reply:
        job_id, user_id = GraphJobId((await self._job(call)).id), call.principal.user_id
        # The first batch before the reply begins: from then on nothing can be refused any more.
        begun = await read(user_id, job_id, FIRST, BATCH)
        if begun is None:
            raise GraphJobNotFound
        return Reply(
            stream=_lines(read, user_id, job_id, begun),
            media_type=JSON_LINES,
            headers={"Content-Disposition": f'attachment; filename="{job_id}-{name}.jsonl"'},
        )

    async def cancel(self, call: Call[None, NoQuery]) -> Reply:
        view = await self._job(call)
        command = CancelGraphJobCommand(principal=call.principal, job_id=GraphJobId(view.id))
        return Reply(data=graph_job_view(await self.cancel_job(command)))

    async def _job(self, call: Call[Any, Any]) -> GraphJobView:
        view = await self.queries.get(call.principal.user_id, GraphJobId(call.id("job_id")))
        if view is None:
            raise GraphJobNotFound
        return view


async def _lines(
    read: ReadPlaces, user_id: UserId, job_id: GraphJobId, rows: Sequence[RefusedPlace] | None
) -> AsyncIterator[bytes]:
    while rows:
        yield b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        if len(rows) < BATCH:
            return
        rows = await read(user_id, job_id, rows[-1].key, BATCH)


def operations(over_http: GraphJobsOverHttp) -> Sequence[Operation[Any, Any]]:
    """Watch jobs, read what they refused, stop them."""
    return [
        Operation(
            method="GET",
            path="/graph/jobs",
            handler=over_http.list,
            summary="List jobs on the graph",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=GraphJobsQuery,
            reply=list[GraphJobView],
            description="Sorts: created_at, also with a leading `-`; default `-created_at`.",
        ),
        Operation(
            method="GET",
            path="/graph/jobs/{job_id}",
            handler=over_http.get,
            summary="Read how far a job on the graph is",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=GraphJobView,
            raises=(NotFound,),
        ),
        Operation(
            method="GET",
            path="/graph/jobs/{job_id}/errors",
            handler=over_http.errors,
            summary="Download what a job refused, one JSON object a line",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=RefusedPlace,
            raw_reply=True,
            produces=JSON_LINES,
            raises=(NotFound,),
        ),
        Operation(
            method="GET",
            path="/graph/jobs/{job_id}/warnings",
            handler=over_http.warnings,
            summary="Download what a job wrote against a schema that warns, one JSON object a line",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=RefusedPlace,
            raw_reply=True,
            produces=JSON_LINES,
            raises=(NotFound,),
        ),
        Operation(
            method="POST",
            path="/graph/jobs/{job_id}/cancel",
            handler=over_http.cancel,
            summary="Stop a job on the graph",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            reply=GraphJobView,
            raises=(NotFound, Conflict),
        ),
    ]
