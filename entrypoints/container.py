"""Which adapter stands behind which port; connections come in ready-made, so no provider is asynchronous."""

import asyncio
from functools import partial

from dependency_injector import containers, providers

from adapters.embeddings.hashing import HashingEmbedder
from adapters.extractors.builtin.extractor import BuiltinExtractor
from adapters.postgres.audit_ledger import PostgresAuditLedger
from adapters.postgres.audit_queries import PostgresAuditQueries
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
from application.identity.administer_user import ChangeUser, DeleteUser
from application.identity.change_password import ChangePassword
from application.identity.confirm_password import ConfirmPassword
from application.identity.delete_account import DeleteAccount
from application.identity.end_session import EndSession
from application.identity.list_sessions import ListSessions
from application.identity.log_in import LogIn
from application.identity.log_out import LogOut
from application.identity.refresh_session import RefreshSession
from application.identity.register_user import RegisterUser
from application.identity.set_user_active import SetUserActive
from application.identity.set_user_role import SetUserRole
from application.identity.token_pairs import TokenPairs
from application.identity.update_profile import UpdateProfile
from application.identity.when_session_ended_revoke import CatchUpOnEndedSessions, WhenSessionEndedRevoke
from application.operations.verify_audit import VerifyAudit
from domain.documents.document import DocumentLimits
from entrypoints.authentication import BearerAuthentication
from entrypoints.http.account import AccountOverHttp
from entrypoints.http.admin_users import AdminUsersOverHttp
from entrypoints.http.audit import AuditOverHttp
from entrypoints.http.auth import AuthOverHttp
from entrypoints.http.cursors import Cursors
from entrypoints.http.documents import DocumentsOverHttp
from entrypoints.http.entities import EntitiesOverHttp
from entrypoints.http.extraction import ExtractionOverHttp
from entrypoints.http.graph import GraphOverHttp
from entrypoints.http.relationships import RelationshipsOverHttp
from entrypoints.http.search import SearchOverHttp
from entrypoints.policies import cursor_secret, key_ring, lifetimes, retry_policy_of
from entrypoints.settings import Settings
from entrypoints.subscriptions import IN_PROCESS


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
    audit_ledger = providers.Singleton(PostgresAuditLedger, database)
    verify_audit = providers.Singleton(VerifyAudit, audit_ledger, clock)
    audit_over_http = providers.Singleton(
        AuditOverHttp, queries=providers.Singleton(PostgresAuditQueries, database)
    )

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
    confirm_password = providers.Singleton(ConfirmPassword, start_work, accounts, hasher, clock)
    account_over_http = providers.Singleton(
        AccountOverHttp,
        list_sessions=providers.Singleton(ListSessions, accounts, lifetimes, clock),
        end_session=providers.Singleton(EndSession, start_work, verifier, clock),
        change_password=providers.Singleton(
            ChangePassword,
            start_work=start_work,
            accounts=accounts,
            confirm=confirm_password,
            hasher=hasher,
            is_common=providers.Object(is_common_password),
            verifier=verifier,
            clock=clock,
        ),
        delete_account=providers.Singleton(DeleteAccount, start_work, confirm_password, verifier, clock),
    )
    admin_users_over_http = providers.Singleton(
        AdminUsersOverHttp,
        accounts=accounts,
        change_user=providers.Singleton(ChangeUser, start_work, verifier, clock),
        delete_user=providers.Singleton(DeleteUser, start_work, verifier, clock),
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
