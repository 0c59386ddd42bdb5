"""The declared schema of a graph."""

from dependency_injector import providers

from adapters.postgres.graph_schema import PostgresSchemaQueries
from application.graph.change_schema_settings import ChangeSchemaSettings
from application.graph.declare_type import DeclareType, WithdrawType
from application.graph.read_schema import ListViolations, ReadSchema
from entrypoints.containers.core import Core
from entrypoints.http.graph_schema import GraphSchemaOverHttp


class GraphDeclarations(Core):
    """What people declare about their graphs."""

    schema_queries = providers.Singleton(PostgresSchemaQueries, Core.database)
    graph_schema_over_http = providers.Singleton(
        GraphSchemaOverHttp,
        read_schema=providers.Singleton(ReadSchema, schema_queries),
        declare_type=providers.Singleton(DeclareType, Core.start_work, Core.clock),
        withdraw_type=providers.Singleton(WithdrawType, Core.start_work, Core.clock),
        change_settings=providers.Singleton(ChangeSchemaSettings, Core.start_work, Core.clock),
        list_violations=providers.Singleton(ListViolations, schema_queries, Core.metadata_schemas),
        queries=schema_queries,
    )
