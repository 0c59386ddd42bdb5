"""What is computed about the whole graph, over HTTP: asked for as a job, read from its last result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from application.graph.analytics import (
    GROUP_SORTS,
    SCORE_SORTS,
    AnalyticsQueries,
    AnalyticsRunView,
    GroupView,
    ScoredEntity,
)
from application.graph.jobs import GraphJobQueries, GraphJobView, graph_job_view
from application.graph.request_analytics import RequestAnalytics, RequestAnalyticsCommand
from application.shared.permissions import Permission
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters, Connection, Direction
from domain.graph.errors import GraphJobNotFound
from domain.shared.errors import InvalidInput, NotAuthenticated, NotFound
from domain.shared.ids import GraphJobId
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply

# What the domain holds these values to, for the documentation alone: the domain names every broken rule.
Types = Annotated[list[str], Meta(extra_json_schema={"minItems": 1, "maxItems": 100})]
Fraction = Annotated[float, Meta(extra_json_schema={"minimum": 0, "maximum": 1})]
Damping = Annotated[float, Meta(extra_json_schema={"exclusiveMinimum": 0, "exclusiveMaximum": 1})]
Tolerance = Annotated[float, Meta(extra_json_schema={"minimum": 1e-15, "maximum": 1})]
Resolution = Annotated[float, Meta(extra_json_schema={"exclusiveMinimum": 0, "maximum": 100})]
Count = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 10_000})]
Seed = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 2**32 - 1})]


class SelectionBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which relationships count: of these types (null: of all), and at least so certain."""

    relationship_types: Types | None = None
    min_confidence: Fraction = 0.0


class PagerankBody(SelectionBody, forbid_unknown_fields=True, kw_only=True):
    """`weighted`: a relationship counts as much as its confidence. `tolerance` is the mean change of a score
    at which they have settled; when that takes more than `max_iterations` the job fails."""

    weighted: bool = False
    damping: Damping = 0.85
    max_iterations: Count = 200
    tolerance: Tolerance = 1e-10


class CommunitiesBody(SelectionBody, forbid_unknown_fields=True, kw_only=True):
    """`resolution`: above 1 makes smaller communities, below 1 larger ones. The same graph, `resolution` and
    `seed` make the same communities."""

    weighted: bool = False
    resolution: Resolution = 1.0
    seed: Seed = 0


class ComponentsBody(SelectionBody, forbid_unknown_fields=True, kw_only=True):
    """`weak`: whatever the relationships' directions; `strong`: reachable from each other along them."""

    connection: Literal["weak", "strong"] = "weak"


class DegreeBody(SelectionBody, forbid_unknown_fields=True, kw_only=True):
    """`direction`: which relationships of an entity count; one with itself counts twice for `both`."""

    weighted: bool = False
    direction: Literal["both", "in", "out"] = "both"


class BetweennessBody(SelectionBody, forbid_unknown_fields=True, kw_only=True):
    """`samples`: from how many entities shortest paths are followed; null: from all where that is affordable,
    else from 256. The result says how many it were, and whether that makes it exact."""

    directed: bool = False
    samples: Count | None = None
    seed: Seed = 0


class ScoresQuery(PageQuery, kw_only=True):
    """The highest scores first, unless `sort=score`."""


class GroupsQuery(PageQuery, kw_only=True):
    """The largest groups first, unless `sort=-number`."""


BODIES: dict[AnalyticsKind, type[SelectionBody]] = {
    AnalyticsKind.PAGERANK: PagerankBody,
    AnalyticsKind.COMMUNITIES: CommunitiesBody,
    AnalyticsKind.COMPONENTS: ComponentsBody,
    AnalyticsKind.DEGREE: DegreeBody,
    AnalyticsKind.BETWEENNESS: BetweennessBody,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAnalyticsOverHttp:
    """The use cases and queries these operations call."""

    request_analytics: RequestAnalytics
    queries: AnalyticsQueries
    jobs: GraphJobQueries

    async def runs(self, call: Call[None, NoQuery]) -> Reply:
        return Reply(data=await self.queries.runs(call.principal.user_id))

    async def already_requested(self, call: Call[Any, NoQuery], job_id: UUID) -> Reply:
        view = await self.jobs.get(call.principal.user_id, GraphJobId(job_id))
        if view is None:
            raise GraphJobNotFound
        return accepted(view)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneKindOverHttp:
    """The operations of one kind of computation."""

    over_http: GraphAnalyticsOverHttp
    kind: AnalyticsKind

    async def request(self, call: Call[SelectionBody, NoQuery]) -> Reply:
        job = await self.over_http.request_analytics(
            RequestAnalyticsCommand(
                principal=call.principal, kind=self.kind, parameters=parameters_of(call.body)
            )
        )
        return accepted(graph_job_view(job))

    async def scores(self, call: Call[None, ScoresQuery]) -> Reply:
        page = call.page(SCORE_SORTS, default="-score")
        run, rows = await self.over_http.queries.scores(call.principal.user_id, self.kind, page)
        return Reply(data=rows.rows, next=rows.next, meta={"run": run})

    async def groups(self, call: Call[None, GroupsQuery]) -> Reply:
        page = call.page(GROUP_SORTS, default="number")
        run, rows = await self.over_http.queries.groups(call.principal.user_id, self.kind, page)
        return Reply(data=rows.rows, next=rows.next, meta={"run": run})

    def operations(self) -> Sequence[Operation[Any, Any]]:
        """Have it computed, read the last result."""
        groups = self.kind.makes_groups
        used = (
            f"The entities of one: `GET /entities?{ONE_OF[self.kind]}=NUMBER`."
            if groups
            else f"Entities by it: `GET /entities?sort=-{self.kind}&min_{self.kind}=NUMBER`."
        )
        return [
            Operation(
                method="POST",
                path=f"/graph/analytics/{self.kind}",
                handler=self.request,
                replay=self.over_http.already_requested,
                summary=f"Have the graph's {NAMES[self.kind]} computed",
                tag="graph",
                permission=Permission.GRAPH_WRITE,
                body=BODIES[self.kind],
                reply=GraphJobView,
                status=202,
                raises=(InvalidInput, NotAuthenticated, NotFound),
                description="A job computes it on a snapshot of the graph: `GET /graph/jobs/{job_id}`.",
            ),
            Operation(
                method="GET",
                path=f"/graph/analytics/{self.kind}",
                handler=self.groups if groups else self.scores,
                summary=f"Read the graph's {NAMES[self.kind]} as last computed",
                tag="graph",
                permission=Permission.GRAPH_READ,
                query=GroupsQuery if groups else ScoresQuery,
                reply=list[GroupView] if groups else list[ScoredEntity],
                raises=(NotFound,),
                description="`meta.run` has the date, the parameters and the size of the snapshot. A cursor "
                f"is good until it is computed anew. {used}",
            ),
        ]


NAMES = {
    AnalyticsKind.PAGERANK: "PageRank",
    AnalyticsKind.COMMUNITIES: "communities",
    AnalyticsKind.COMPONENTS: "connected components",
    AnalyticsKind.DEGREE: "degrees",
    AnalyticsKind.BETWEENNESS: "betweenness",
}
# The filters of entities by their group.
ONE_OF = {AnalyticsKind.COMMUNITIES: "community", AnalyticsKind.COMPONENTS: "component"}


def parameters_of(body: SelectionBody) -> AnalyticsParameters:
    """The body as the domain reads it."""
    given = msgspec.structs.asdict(body)
    for name, enumeration in (("connection", Connection), ("direction", Direction)):
        if name in given:
            given[name] = enumeration(given[name])
    types = given["relationship_types"]
    return AnalyticsParameters(**given | {"relationship_types": None if types is None else tuple(types)})


def accepted(view: GraphJobView) -> Reply:
    """The answer to a job that waits."""
    return Reply(data=view, location=f"/api/v1/graph/jobs/{view.id}")


def operations(over_http: GraphAnalyticsOverHttp) -> Sequence[Operation[Any, Any]]:
    """Have things computed about the graph and read them."""
    listing: Operation[Any, Any] = Operation(
        method="GET",
        path="/graph/analytics",
        handler=over_http.runs,
        summary="List what was computed about the graph",
        tag="graph",
        permission=Permission.GRAPH_READ,
        reply=list[AnalyticsRunView],
        description="The last result of each kind, the newest snapshot first.",
    )
    kinds = [OneKindOverHttp(over_http=over_http, kind=kind) for kind in AnalyticsKind]
    return [listing, *(operation for kind in kinds for operation in kind.operations())]
