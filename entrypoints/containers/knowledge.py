"""Documents, what is found in them, and what is extracted from them."""

from dependency_injector import providers

from adapters.embeddings.hashing import HashingEmbedder
from adapters.extractors.builtin.extractor import BuiltinExtractor
from adapters.postgres.document_queries import PostgresDocumentQueries
from adapters.postgres.extraction_queries import PostgresJobQueries
from adapters.postgres.search import PostgresSearchQueries
from adapters.text.splitter import SemanticChunker
from application.documents.add_document import AddDocument
from application.documents.delete_document import DeleteDocument
from application.documents.search_chunks import SearchChunks
from application.documents.search_everything import SearchEverything
from application.documents.upload_document import UploadDocument
from application.extraction.cancel_job import CancelJob
from application.extraction.describe_providers import DescribeProviders
from application.extraction.extract_document import ExtractDocument
from application.extraction.ports import Extractor
from application.extraction.read_document import ReadingTools
from application.extraction.request_extraction import RequestExtraction
from application.extraction.retry_job import RetryJob
from application.extraction.when_document_added_request_extraction import WhenDocumentAddedRequestExtraction
from domain.documents.document import DocumentLimits
from entrypoints.containers.core import Core
from entrypoints.http.documents import DocumentsOverHttp
from entrypoints.http.extraction import ExtractionOverHttp
from entrypoints.http.search import SearchOverHttp


class Knowledge(Core):
    """Documents, search and extraction."""

    document_queries = providers.Singleton(PostgresDocumentQueries, Core.database)
    job_queries = providers.Singleton(PostgresJobQueries, Core.database)
    search_queries = providers.Singleton(PostgresSearchQueries, Core.database)
    embedder = providers.Singleton(HashingEmbedder)
    extractors: providers.Singleton[dict[str, Extractor]] = providers.Singleton(
        dict, builtin=providers.Singleton(BuiltinExtractor)
    )
    reading_tools = providers.Singleton(
        ReadingTools,
        chunkers=providers.Dict(
            {
                "text/plain": providers.Singleton(SemanticChunker),
                "text/markdown": providers.Singleton(SemanticChunker, markdown=True),
            }
        ),
        embedder=embedder,
        extractors=extractors,
        default_extractor=Core.settings.provided.extractor,
    )
    document_limits = providers.Singleton(
        DocumentLimits,
        characters=Core.settings.provided.max_document_characters,
        upload_bytes=Core.settings.provided.max_body_size,
        language=Core.settings.provided.search_language,
    )
    add_document = providers.Singleton(AddDocument, Core.start_work, Core.clock, Core.ids, document_limits)
    documents_over_http = providers.Singleton(
        DocumentsOverHttp,
        add_document=add_document,
        upload_document=providers.Singleton(UploadDocument, add_document),
        delete_document=providers.Singleton(DeleteDocument, Core.start_work, Core.clock),
        queries=document_queries,
        limits=document_limits,
    )
    search_over_http = providers.Singleton(
        SearchOverHttp,
        search_chunks=providers.Singleton(SearchChunks, search_queries, embedder),
        search_everything=providers.Singleton(SearchEverything, search_queries, embedder),
    )
    extraction_over_http = providers.Singleton(
        ExtractionOverHttp,
        request_extraction=providers.Singleton(
            RequestExtraction,
            Core.start_work,
            Core.clock,
            Core.ids,
            document_limits,
            providers.Singleton(list, extractors),
        ),
        cancel_job=providers.Singleton(CancelJob, Core.start_work, Core.clock),
        retry_job=providers.Singleton(RetryJob, Core.start_work, Core.clock),
        describe_providers=providers.Singleton(
            DescribeProviders, extractors, embedder, Core.settings.provided.extractor
        ),
        queries=job_queries,
    )
    when_document_added_request_extraction = providers.Singleton(
        WhenDocumentAddedRequestExtraction, Core.start_work, Core.clock, Core.ids
    )
    extract_document = providers.Singleton(
        ExtractDocument,
        Core.start_work,
        Core.clock,
        Core.ids,
        reading_tools,
        Core.retry_policy,
    )
