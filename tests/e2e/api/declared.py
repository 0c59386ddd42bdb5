"""The operations as they are declared, made without opening anything, for tests that must cover them all."""

from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import Any

from quart import Quart

from adapters.postgres.engine import Database, PoolSettings
from adapters.security.passwords import BcryptPasswordHasher
from application.live.feed import Feed
from entrypoints.container import Container
from entrypoints.http.app import create_app
from entrypoints.http.dispatch import Dispatcher
from entrypoints.http.events import LiveOverHttp
from entrypoints.http.health import Readiness
from entrypoints.http.operation import Operation
from entrypoints.serve import operations
from entrypoints.settings import Settings
from entrypoints.websocket.cloudevent import encode_cloud_event
from tests.e2e.api.processes import JWT_SECRET


def unopened_container() -> Container:
    """A container whose database is never entered."""
    database = Database("postgresql://nobody@127.0.0.1:1/nothing", PoolSettings())
    with closing(BcryptPasswordHasher(cost=4)) as hasher:
        return Container(
            settings=Settings(jwt_secret=JWT_SECRET), database=database, wake=lambda: None, hasher=hasher
        )


@cache
def declared() -> Sequence[Operation[Any, Any]]:
    """Every operation of the API process."""
    container = unopened_container()
    feed = Feed(container.event_log(), encode_cloud_event, lambda *_: None)
    live = LiveOverHttp(
        log=container.event_log(),
        feed=feed,
        authenticate=container.authentication().socket,
        clock=container.clock(),
    )
    return operations(container, live, Readiness({}))


def declared_app() -> Quart:
    """The application those operations make."""
    container = unopened_container()
    dispatcher = Dispatcher(
        authenticate=container.authentication().request, cursors=container.cursors(), clock=container.clock()
    )
    return create_app(dispatcher, declared(), version="1", max_body=1 << 20)


def name_of(operation: Operation[Any, Any]) -> str:
    """How tests call an operation: `GET /entities/{entity_id}`."""
    return f"{operation.method} {operation.path}"
