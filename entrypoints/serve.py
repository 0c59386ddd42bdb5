"""The API process: HTTP and sockets, from its first connection to its drained end."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version
from typing import Any, cast

import structlog

from adapters.postgres import readiness
from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.outbox import PostgresWaker
from adapters.postgres.versions import head
from adapters.security.passwords import BcryptPasswordHasher
from application.live.feed import Feed
from application.live.subscriber import SubscriberLimits
from application.shared.messages import Message
from entrypoints import garbage
from entrypoints.container import Container
from entrypoints.http import (
    account,
    admin_users,
    api_keys,
    asyncapi,
    audit,
    auth,
    authorization_server,
    credentials,
    documents,
    entities,
    events,
    extraction,
    graph,
    graph_analytics,
    graph_bulk,
    graph_exports,
    graph_history,
    graph_imports,
    graph_jobs,
    graph_schema,
    graph_settings,
    health,
    merges,
    oidc,
    relationships,
    socket_tickets,
)
from entrypoints.http import search as search_over_http
from entrypoints.http.access_log import AccessLog
from entrypoints.http.app import create_app
from entrypoints.http.dispatch import Dispatcher
from entrypoints.http.events import LiveOverHttp
from entrypoints.http.health import Readiness
from entrypoints.http.hypercorn_protocol.state import Application
from entrypoints.http.operation import Operation
from entrypoints.http.problems import server_problem
from entrypoints.http.proxies import BehindProxies, TrustedProxies
from entrypoints.http.rate_limits import RateLimits
from entrypoints.http.server import Limits, ServerConfig
from entrypoints.http.server import serve as serve_asgi
from entrypoints.logs import configure_logs
from entrypoints.rate_limits import open_rate_limits
from entrypoints.recording import noting_oversized, recording
from entrypoints.settings import Settings, SettingsError, require
from entrypoints.signing_keys import following_signing_keys, require_a_key
from entrypoints.websocket.cloudevent import encode_cloud_event
from entrypoints.websocket.endpoint import Sockets, register, running
from entrypoints.websocket.session import SocketLimits, SocketServices

log = structlog.get_logger()
VERSION = version("knowledge-graph-lab")


def operations(container: Container, live: LiveOverHttp, ready: Readiness) -> Sequence[Operation[Any, Any]]:
    """Every operation of the API."""
    return [
        *auth.operations(container.auth_over_http()),
        *authorization_server.operations(container.authorization_server()),
        *account.operations(container.account_over_http()),
        *api_keys.operations(container.api_keys_over_http()),
        *socket_tickets.operations(container.socket_tickets_over_http()),
        *oidc.operations(container.oidc_over_http()),
        *admin_users.operations(container.admin_users_over_http()),
        *entities.operations(container.entities_over_http()),
        *relationships.operations(container.relationships_over_http()),
        *graph.operations(container.graph_over_http()),
        *graph_analytics.operations(container.graph_analytics_over_http()),
        *graph_history.operations(container.graph_history_over_http()),
        *graph_jobs.operations(container.graph_jobs_over_http()),
        *graph_schema.operations(container.graph_schema_over_http()),
        *graph_settings.operations(container.graph_settings_over_http()),
        *merges.operations(container.merges_over_http()),
        *graph_imports.operations(container.graph_imports_over_http()),
        *graph_exports.operations(container.graph_exports_over_http()),
        *graph_bulk.operations(container.graph_bulk_over_http()),
        *documents.operations(container.documents_over_http()),
        *search_over_http.operations(container.search_over_http()),
        *extraction.operations(container.extraction_over_http()),
        *credentials.operations(container.credentials_over_http()),
        *audit.operations(container.audit_over_http()),
        *events.operations(live),
        *asyncapi.operations(VERSION),
        *health.operations(ready),
    ]


def upload_limits(settings: Settings) -> dict[str, int]:
    """The paths that take in files as they arrive, and how many bytes."""
    return {f"/api/v1{graph_imports.PATH}": settings.import_max_size}


def pool_settings(settings: Settings) -> PoolSettings:
    """The pool of one process."""
    return PoolSettings(
        max_size=settings.database_pool_size,
        acquire_timeout=settings.database_acquire_timeout,
        statement_cache_size=settings.database_statement_cache,
    )


@contextlib.asynccontextmanager
async def open_container(settings: Settings) -> AsyncIterator[Container]:
    """The container over open connections. Raises `Unavailable`, and `SettingsError` for a database that
    must not be served from."""
    hasher = BcryptPasswordHasher(cost=settings.bcrypt_cost)
    with contextlib.closing(hasher):
        async with (
            Database(settings.database_url, pool_settings(settings)) as database,
            PostgresWaker(database) as wake,
        ):
            found = await readiness.objections(database, head())
            if found:
                raise SettingsError("DATABASE_URL: " + "; ".join(found))
            yield Container(settings=settings, database=database, wake=wake, hasher=hasher)


def stopped_by_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then drains. Raises `SettingsError`, `Unavailable`, `OSError`."""
    require(settings, "DATABASE_URL")
    require_a_key(settings)
    configure_logs(settings.module_id, settings.log_level)
    stop = stopped_by_signals()
    async with (
        open_container(settings) as container,
        following_signing_keys(settings, container),
        open_rate_limits(settings) as limits,
    ):
        access = AccessLog(settings.module_id)
        try:
            await serve_container(settings, container, limits, access, stop)
        finally:
            access.flush()


async def serve_container(
    settings: Settings,
    container: Container,
    rate_limits: RateLimits | None,
    access: AccessLog,
    stop: asyncio.Event,
) -> None:
    """Feed, application and server over an open container."""
    authentication = container.authentication()
    refusals = container.refusals()
    revoke = container.when_session_ended_revoke()

    def revoke_ended(batch: Sequence[Message]) -> None:
        for message in batch:
            revoke(message)

    feed = Feed(
        container.event_log(),
        encode_cloud_event,
        lambda event, reason: log.warning(event, reason=reason),
        listeners=[revoke_ended],
        limits=SubscriberLimits(frames=settings.websocket_queue),
    )
    container.follow_signing_keys().when_dropped(feed.end_all)
    sockets = Sockets(
        SocketServices(
            feed=feed,
            authenticate=authentication.socket,
            take_ticket=authentication.ticket,
            clock=container.clock(),
            limits=SocketLimits(heartbeat=settings.websocket_heartbeat),
            refusals=refusals,
        ),
        frozenset(settings.origins),
        rate_limits,
    )
    database = container.database()
    ready = Readiness({"postgres": lambda: readiness.objections(database, head())})
    live = LiveOverHttp(
        log=container.event_log(),
        feed=feed,
        authenticate=authentication.socket,
        clock=container.clock(),
        heartbeat=settings.websocket_heartbeat,
    )
    app = create_app(
        Dispatcher(
            authenticate=authentication.request,
            cursors=container.cursors(),
            clock=container.clock(),
            limits=rate_limits,
            refusals=refusals,
        ),
        operations(container, live, ready),
        version=VERSION,
        max_body=settings.max_body_size,
        uploads=upload_limits(settings),
        origins=settings.origins,
    )
    register(app, sockets)
    served = cast(Application, app)
    if trusted := TrustedProxies(settings.proxies):
        served = BehindProxies(served, trusted, settings.proxy_header)

    def on_bound(host: str, port: int) -> None:
        log.info("listening", host=host, port=port)
        garbage.freeze()

    async def on_drain() -> None:
        ready.drain()
        log.info("draining", sockets=len(sockets))
        await sockets.close_all()

    config = ServerConfig(
        host=settings.host,
        port=settings.port,
        limits=Limits(body_bytes=settings.max_body_size, upload_bytes=upload_limits(settings)),
        grace_seconds=settings.shutdown_grace,
        on_bound=on_bound,
        on_drain=on_drain,
        on_response=noting_oversized(refusals, access.on_response),
        problem=server_problem,
    )
    async with recording(refusals), running(feed):
        await container.catch_up_on_ended_sessions()()
        await serve_asgi(served, config, stop=stop)
    log.info("stopped")
