"""Which adapter stands behind which port; connections come in ready-made, so no provider is asynchronous."""

import asyncio
from datetime import timedelta
from functools import partial

from dependency_injector import containers, providers

from adapters.embeddings.hashing import HashingEmbedder
from adapters.extractors.builtin.extractor import BuiltinExtractor
from adapters.postgres.document_queries import PostgresDocumentQueries
from adapters.postgres.engine import Database
from adapters.postgres.event_log import PostgresEventLog
from adapters.postgres.extraction_queries import PostgresJobQueries
from adapters.postgres.graph_queries import PostgresEntityQueries, PostgresRelationshipQueries
from adapters.postgres.graph_traversal import PostgresGraphQueries
from adapters.postgres.identity_queries import PostgresAccountQueries
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.search import PostgresSearchQueries
from adapters.postgres.unit_of_work import WorkSettings, start_postgres_work
from adapters.security.common_passwords import is_common_password
from adapters.security.keys import BadKey, KeyRing, ed25519_key, hs256_key
from adapters.security.passwords import BcryptPasswordHasher
from adapters.security.tokens import JwtTokens
from adapters.security.verifier import CachingTokenVerifier
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from adapters.text.splitter import SemanticChunker
from application.documents.add_document import AddDocument
from application.documents.delete_document import DeleteDocument
from application.documents.search_chunks import SearchChunks
from application.documents.search_everything import SearchEverything
from application.documents.upload_document import UploadDocument
from application.extraction.cancel_job import CancelJob
from application.extraction.describe_providers import DescribeProviders
from application.extraction.extract_document import ExtractDocument
from application.extraction.read_document import ReadingTools
from application.extraction.request_extraction import RequestExtraction
from application.extraction.retry_job import RetryJob
from application.extraction.when_document_added_request_extraction import (
    WhenDocumentAddedRequestExtraction,
)
from application.graph.create_entity import CreateEntity
from application.graph.create_relationship import CreateRelationship
from application.graph.delete_entity import DeleteEntity
from application.graph.delete_relationship import DeleteRelationship
from application.graph.list_relationships_of_entity import ListRelationshipsOfEntity
from application.graph.update_entity import UpdateEntity
from application.graph.update_relationship import UpdateRelationship
from application.identity.log_in import LogIn
from application.identity.log_out import LogOut
from application.identity.refresh_session import RefreshSession
from application.identity.register_user import RegisterUser
from application.identity.set_user_active import SetUserActive
from application.identity.set_user_role import SetUserRole
from application.identity.token_pairs import Lifetimes, TokenPairs
from application.identity.update_profile import UpdateProfile
from application.identity.when_session_ended_revoke import CatchUpOnEndedSessions, WhenSessionEndedRevoke
from application.shared.messages import RetryPolicy
from domain.documents.document import DocumentLimits
from entrypoints.authentication import BearerAuthentication
from entrypoints.http.auth import AuthOverHttp
from entrypoints.http.cursors import Cursors
from entrypoints.http.documents import DocumentsOverHttp
from entrypoints.http.entities import EntitiesOverHttp
from entrypoints.http.extraction import ExtractionOverHttp
from entrypoints.http.graph import GraphOverHttp
from entrypoints.http.relationships import RelationshipsOverHttp
from entrypoints.http.search import SearchOverHttp
from entrypoints.settings import Settings, SettingsError
from entrypoints.subscriptions import IN_PROCESS


def key_ring(settings: Settings) -> KeyRing:
    """The key tokens are signed with. Raises `SettingsError` when it is none."""
    name = "JWT_PRIVATE_KEY" if settings.jwt_private_key else "JWT_SECRET"
    try:
        if settings.jwt_private_key:
            return KeyRing(ed25519_key(settings.jwt_private_key))
        return KeyRing(hs256_key(settings.jwt_secret))
    except BadKey as error:
        raise SettingsError(f"{name}: {error}") from error


def lifetimes(settings: Settings) -> Lifetimes:
    """How long tokens last."""
    return Lifetimes(
        access=timedelta(seconds=settings.access_token_lifetime),
        refresh=timedelta(seconds=settings.refresh_token_lifetime),
    )


def cursor_secret(settings: Settings) -> bytes:
    """What the cursors' own key is derived from."""
    return (settings.jwt_private_key or settings.jwt_secret).encode()


def retry_policy_of(settings: Settings) -> RetryPolicy:
    """How often, and how soon, a failed message is tried again."""
    return RetryPolicy(
        attempts=settings.message_attempts, first_delay=timedelta(seconds=settings.message_retry_delay)
    )


class Container(containers.DeclarativeContainer):
    """Everything of a process that needs the database; hand in what is open."""

    settings = providers.Dependency(instance_of=Settings)
    database = providers.Dependency(instance_of=Database)
    wake: providers.Dependency[object] = providers.Dependency()
    hasher = providers.Dependency(instance_of=BcryptPasswordHasher)

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(Uuid7Generator)
    source = providers.Singleton(lambda settings: f"/{settings.module_id}", settings)
    work_settings = providers.Singleton(
        WorkSettings, database=database, ids=ids, audit=providers.Object(IN_PROCESS), wake=wake
    )
    start_work = providers.Singleton(partial, start_postgres_work, work_settings)

    retry_policy = providers.Singleton(retry_policy_of, settings)
    outbox = providers.Singleton(PostgresOutbox, database, source)
    event_log = providers.Singleton(PostgresEventLog, database, source)

    lifetimes = providers.Singleton(lifetimes, settings)
    tokens = providers.Singleton(
        JwtTokens,
        providers.Singleton(key_ring, settings),
        settings.provided.jwt_issuer,
        settings.provided.jwt_audience,
        clock,
    )
    verifier = providers.Singleton(CachingTokenVerifier, tokens, clock, lifetime=lifetimes.provided.access)
    authentication = providers.Singleton(BearerAuthentication, verifier)
    cursors = providers.Singleton(Cursors, providers.Singleton(cursor_secret, settings))
    pairs = providers.Singleton(TokenPairs, tokens, ids, lifetimes)
    accounts = providers.Singleton(PostgresAccountQueries, database)
    register_user = providers.Singleton(
        RegisterUser,
        start_work=start_work,
        accounts=accounts,
        hasher=hasher,
        is_common=providers.Object(is_common_password),
        clock=clock,
        ids=ids,
    )
    log_in = providers.Singleton(
        LogIn,
        start_work=start_work,
        accounts=accounts,
        hasher=hasher,
        pairs=pairs,
        clock=clock,
        ids=ids,
        pause=providers.Object(asyncio.sleep),
    )
    refresh_session = providers.Singleton(
        RefreshSession,
        start_work=start_work,
        reader=tokens,
        verifier=verifier,
        pairs=pairs,
        clock=clock,
        pause=providers.Object(asyncio.sleep),
    )
    log_out = providers.Singleton(LogOut, start_work, verifier, clock)
    update_profile = providers.Singleton(UpdateProfile, start_work, clock)
    auth_over_http = providers.Singleton(
        AuthOverHttp,
        register_user=register_user,
        log_in=log_in,
        refresh_session=refresh_session,
        log_out=log_out,
        update_profile=update_profile,
        accounts=accounts,
    )
    set_user_role = providers.Singleton(SetUserRole, start_work, verifier, clock)
    set_user_active = providers.Singleton(SetUserActive, start_work, verifier, clock)
    when_session_ended_revoke = providers.Singleton(WhenSessionEndedRevoke, verifier)
    catch_up_on_ended_sessions = providers.Singleton(
        CatchUpOnEndedSessions, accounts, verifier, lifetimes, clock
    )

    entity_queries = providers.Singleton(PostgresEntityQueries, database)
    relationship_queries = providers.Singleton(PostgresRelationshipQueries, database)
    graph_queries = providers.Singleton(PostgresGraphQueries, database)
    entities_over_http = providers.Singleton(
        EntitiesOverHttp,
        create_entity=providers.Singleton(CreateEntity, start_work, clock, ids),
        update_entity=providers.Singleton(UpdateEntity, start_work, clock),
        delete_entity=providers.Singleton(DeleteEntity, start_work, clock),
        queries=entity_queries,
    )
    relationships_over_http = providers.Singleton(
        RelationshipsOverHttp,
        create_relationship=providers.Singleton(CreateRelationship, start_work, clock, ids),
        update_relationship=providers.Singleton(UpdateRelationship, start_work, clock),
        delete_relationship=providers.Singleton(DeleteRelationship, start_work, clock),
        queries=relationship_queries,
    )
    graph_over_http = providers.Singleton(
        GraphOverHttp,
        queries=graph_queries,
        relationships_of_entity=providers.Singleton(
            ListRelationshipsOfEntity, entity_queries, relationship_queries
        ),
    )

    document_queries = providers.Singleton(PostgresDocumentQueries, database)
    job_queries = providers.Singleton(PostgresJobQueries, database)
    search_queries = providers.Singleton(PostgresSearchQueries, database)
    embedder = providers.Singleton(HashingEmbedder)
    reading_tools = providers.Singleton(
        ReadingTools,
        chunkers=providers.Dict(
            {
                "text/plain": providers.Singleton(SemanticChunker),
                "text/markdown": providers.Singleton(SemanticChunker, markdown=True),
            }
        ),
        embedder=embedder,
        extractors=providers.Dict(builtin=providers.Singleton(BuiltinExtractor)),
        default_extractor=settings.provided.extractor,
    )
    document_limits = providers.Singleton(
        DocumentLimits,
        characters=settings.provided.max_document_characters,
        upload_bytes=settings.provided.max_body_size,
    )
    add_document = providers.Singleton(AddDocument, start_work, clock, ids, document_limits)
    documents_over_http = providers.Singleton(
        DocumentsOverHttp,
        add_document=add_document,
        upload_document=providers.Singleton(UploadDocument, add_document),
        delete_document=providers.Singleton(DeleteDocument, start_work, clock),
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
            start_work,
            clock,
            ids,
            document_limits,
            providers.Singleton(list, reading_tools.provided.extractors),
        ),
        cancel_job=providers.Singleton(CancelJob, start_work, clock),
        retry_job=providers.Singleton(RetryJob, start_work, clock),
        describe_providers=providers.Singleton(DescribeProviders, reading_tools),
        queries=job_queries,
    )
    when_document_added_request_extraction = providers.Singleton(
        WhenDocumentAddedRequestExtraction, start_work, clock, ids
    )
    extract_document = providers.Singleton(
        ExtractDocument,
        start_work,
        clock,
        ids,
        reading_tools,
        retry_policy,
    )
