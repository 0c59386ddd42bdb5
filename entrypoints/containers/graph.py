"""Entities, relationships, and the walks over them."""

from dependency_injector import providers

from adapters.postgres.graph_history import PostgresHistoryQueries
from adapters.postgres.graph_queries import PostgresEntityQueries, PostgresRelationshipQueries
from adapters.postgres.graph_traversal import PostgresGraphQueries
from application.graph.create_entity import CreateEntity
from application.graph.create_relationship import CreateRelationship
from application.graph.delete_entity import DeleteEntity
from application.graph.delete_relationship import DeleteRelationship
from application.graph.list_relationships_of_entity import ListRelationshipsOfEntity
from application.graph.restore_entity import RestoreEntity
from application.graph.restore_relationship import RestoreRelationship
from application.graph.run_graph_job import RunGraphJob
from application.graph.update_entity import UpdateEntity
from application.graph.update_relationship import UpdateRelationship
from domain.graph.job import GraphJobKind
from entrypoints.containers.core import Core
from entrypoints.containers.graph_analytics import GraphAnalytics
from entrypoints.http.entities import EntitiesOverHttp
from entrypoints.http.graph import GraphOverHttp
from entrypoints.http.graph_history import GraphHistoryOverHttp
from entrypoints.http.relationships import RelationshipsOverHttp


class Graph(GraphAnalytics):
    """The graph."""

    entity_queries = providers.Singleton(PostgresEntityQueries, Core.database)
    relationship_queries = providers.Singleton(PostgresRelationshipQueries, Core.database)
    graph_queries = providers.Singleton(PostgresGraphQueries, Core.database)
    entities_over_http = providers.Singleton(
        EntitiesOverHttp,
        create_entity=providers.Singleton(CreateEntity, Core.start_work, Core.clock, Core.ids),
        update_entity=providers.Singleton(UpdateEntity, Core.start_work, Core.clock),
        delete_entity=providers.Singleton(DeleteEntity, Core.start_work, Core.clock),
        queries=entity_queries,
    )
    relationships_over_http = providers.Singleton(
        RelationshipsOverHttp,
        create_relationship=providers.Singleton(CreateRelationship, Core.start_work, Core.clock, Core.ids),
        update_relationship=providers.Singleton(UpdateRelationship, Core.start_work, Core.clock),
        delete_relationship=providers.Singleton(DeleteRelationship, Core.start_work, Core.clock),
        queries=relationship_queries,
    )
    graph_over_http = providers.Singleton(
        GraphOverHttp,
        queries=graph_queries,
        relationships_of_entity=providers.Singleton(
            ListRelationshipsOfEntity, entity_queries, relationship_queries
        ),
    )
    run_graph_job = providers.Singleton(
        RunGraphJob,
        Core.start_work,
        Core.clock,
        Core.retry_policy,
        # The kinds of jobs there are, each with what carries it out.
        providers.Dict(
            {
                GraphJobKind.IMPORT: GraphAnalytics.run_import,
                GraphJobKind.ANALYTICS: GraphAnalytics.compute_analytics,
            }
        ),
    )
    graph_history_over_http = providers.Singleton(
        GraphHistoryOverHttp,
        restore_entity=providers.Singleton(RestoreEntity, Core.start_work, Core.clock),
        restore_relationship=providers.Singleton(RestoreRelationship, Core.start_work, Core.clock),
        queries=providers.Singleton(PostgresHistoryQueries, Core.database),
    )
