"""The ASGI application: plain Quart, with the routes, refusals and pages of every feature."""

from collections.abc import Iterable, Sequence
from typing import Any

from quart import Quart

from entrypoints.http.asgi_http import EDGE, DirectHTTPConnection
from entrypoints.http.dispatch import Dispatcher, install
from entrypoints.http.docs import register_docs
from entrypoints.http.edge import Edge
from entrypoints.http.operation import Operation
from entrypoints.websocket.asgi_websocket import BoundedWebsocketConnection


def create_app(
    dispatcher: Dispatcher,
    operations: Sequence[Operation[Any, Any]],
    *,
    version: str,
    max_body: int,
    origins: Iterable[str] = (),
) -> Quart:
    """The application over ready-made parts; sockets are registered on it by the caller.

    Pages from `origins` may call it."""
    app = Quart("kgl", static_folder=None)
    app.asgi_http_class = DirectHTTPConnection
    app.asgi_websocket_class = BoundedWebsocketConnection
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.config["PROPAGATE_EXCEPTIONS"] = False
    # A streamed reply (export, events) lasts as long as its reader reads; the server watches stalled ones.
    app.config["RESPONSE_TIMEOUT"] = None
    app.config["BODY_TIMEOUT"] = 60
    # An address with doubled slashes is unknown, not another spelling to be redirected from.
    app.url_map.merge_slashes = False
    app.extensions[EDGE] = edge = Edge(origins)
    install(app, dispatcher, operations, edge)
    register_docs(app, operations, version)
    return app
