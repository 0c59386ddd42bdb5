"""What is computed about whole graphs: the snapshot, the process that computes, the stored result."""

from dependency_injector import providers

from adapters.analytics.process import SubprocessAlgorithms
from adapters.postgres.graph_analytics_queries import PostgresAnalyticsQueries
from adapters.postgres.graph_snapshots import PostgresGraphSnapshots
from application.graph.analytics import SnapshotLimits
from application.graph.compute_analytics import ComputeAnalytics
from application.graph.request_analytics import RequestAnalytics
from entrypoints.containers.core import Core
from entrypoints.containers.graph_bulk import GraphBulk
from entrypoints.http.graph_analytics import GraphAnalyticsOverHttp


class GraphAnalytics(GraphBulk):
    """What looks at all of a graph at once."""

    graph_analytics_over_http = providers.Singleton(
        GraphAnalyticsOverHttp,
        request_analytics=providers.Singleton(RequestAnalytics, Core.start_work, Core.clock, Core.ids),
        queries=providers.Singleton(PostgresAnalyticsQueries, Core.database),
        jobs=GraphBulk.graph_job_queries,
    )
    compute_analytics = providers.Singleton(
        ComputeAnalytics,
        Core.start_work,
        Core.clock,
        providers.Singleton(PostgresGraphSnapshots, Core.database),
        providers.Singleton(SubprocessAlgorithms, Core.settings.provided.analytics_memory),
        limits=providers.Singleton(SnapshotLimits),
    )
