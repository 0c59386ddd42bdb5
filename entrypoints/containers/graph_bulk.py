"""Graphs in bulk: files in and out, many rows in one request, and the jobs that do what takes long."""

from dependency_injector import providers

from adapters.formats.registry import READERS, WRITERS
from adapters.postgres.graph_bulk_results import PostgresBulkResultQueries
from adapters.postgres.graph_export import PostgresGraphSnapshots
from adapters.postgres.graph_imports import PostgresImportSweep, PostgresRefreshStatistics
from adapters.postgres.graph_job_queries import PostgresGraphJobQueries
from application.graph.accept_import import AcceptImport
from application.graph.cancel_graph_job import CancelGraphJob
from application.graph.run_import import RunImport
from application.graph.sweep_imports import SweepImports
from application.graph.write_bulk import WriteBulk
from entrypoints.containers.core import Core
from entrypoints.http.graph_bulk import GraphBulkOverHttp
from entrypoints.http.graph_exports import GraphExportsOverHttp
from entrypoints.http.graph_imports import GraphImportsOverHttp
from entrypoints.http.graph_jobs import GraphJobsOverHttp


class GraphBulk(Core):
    """What works on many things of a graph at once."""

    graph_job_queries = providers.Singleton(PostgresGraphJobQueries, Core.database)
    graph_jobs_over_http = providers.Singleton(
        GraphJobsOverHttp,
        queries=graph_job_queries,
        cancel_job=providers.Singleton(CancelGraphJob, Core.start_work, Core.clock),
    )
    graph_imports_over_http = providers.Singleton(
        GraphImportsOverHttp,
        accept_import=providers.Singleton(AcceptImport, Core.start_work, Core.clock, Core.ids),
        queries=graph_job_queries,
        largest=Core.settings.provided.import_max_size,
    )
    graph_bulk_over_http = providers.Singleton(
        GraphBulkOverHttp,
        write_bulk=providers.Singleton(WriteBulk, Core.start_work, Core.clock, Core.ids),
        results=providers.Singleton(PostgresBulkResultQueries, Core.database),
    )
    graph_exports_over_http = providers.Singleton(
        GraphExportsOverHttp,
        snapshots=providers.Singleton(PostgresGraphSnapshots, Core.database),
        writers=providers.Object(WRITERS),
    )
    run_import = providers.Singleton(
        RunImport,
        Core.start_work,
        Core.clock,
        Core.ids,
        providers.Object(READERS),
        providers.Singleton(PostgresRefreshStatistics, Core.database),
    )
    sweep_imports = providers.Singleton(
        SweepImports, providers.Singleton(PostgresImportSweep, Core.database), Core.clock
    )
