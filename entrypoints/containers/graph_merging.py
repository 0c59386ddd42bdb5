"""Duplicates, merges, and whether they happen by themselves."""

from dependency_injector import providers

from adapters.postgres.graph_duplicates import PostgresDuplicateQueries
from adapters.postgres.graph_merge_queries import PostgresMergeQueries
from adapters.postgres.graph_queries import PostgresEntityQueries
from adapters.postgres.graph_settings import PostgresGraphSettingsQueries
from adapters.text.likeness import RapidfuzzLikeness
from application.graph.duplicates import FindDuplicates
from application.graph.graph_settings import SetGraphSettings
from application.graph.merge_entities import MergeEntities
from application.graph.undo_merge import UndoMerge
from application.graph.when_document_processed_merge_duplicates import WhenDocumentProcessedMergeDuplicates
from entrypoints.containers.core import Core
from entrypoints.http.graph_settings import GraphSettingsOverHttp
from entrypoints.http.merges import MergesOverHttp


class GraphMerging(Core):
    """What makes one thing of two."""

    duplicate_queries = providers.Singleton(PostgresDuplicateQueries, Core.database)
    graph_settings_queries = providers.Singleton(PostgresGraphSettingsQueries, Core.database)
    find_duplicates = providers.Singleton(
        FindDuplicates, duplicate_queries, providers.Singleton(RapidfuzzLikeness)
    )
    merges_over_http = providers.Singleton(
        MergesOverHttp,
        find_duplicates=find_duplicates,
        merge_entities=providers.Singleton(MergeEntities, Core.start_work, Core.clock, Core.ids),
        undo_merge=providers.Singleton(UndoMerge, Core.start_work, Core.clock),
        entities=providers.Singleton(PostgresEntityQueries, Core.database),
        queries=providers.Singleton(PostgresMergeQueries, Core.database),
    )
    graph_settings_over_http = providers.Singleton(
        GraphSettingsOverHttp,
        set_settings=providers.Singleton(SetGraphSettings, Core.start_work, Core.clock),
        queries=graph_settings_queries,
    )
    when_document_processed_merge_duplicates = providers.Singleton(
        WhenDocumentProcessedMergeDuplicates,
        Core.start_work,
        Core.clock,
        Core.ids,
        graph_settings_queries,
        find=find_duplicates,
        queries=duplicate_queries,
    )
