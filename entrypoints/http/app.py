"""The ASGI application: plain Quart, with the routes, refusals and pages of every feature."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quart import Quart

from entrypoints.http.asgi_http import EDGE, UPLOADS, DirectHTTPConnection
from entrypoints.http.dispatch import Dispatcher
from entrypoints.http.docs import register_docs
from entrypoints.http.edge import Edge
from entrypoints.http.operation import Operation
from entrypoints.http.routing import install
from entrypoints.websocket.asgi_websocket import BoundedWebsocketConnection


def create_app(
    dispatcher: Dispatcher,
    operations: Sequence[Operation[Any, Any]],
    *,
    version: str,
    max_body: int,
    origins: Iterable[str] = (),
    uploads: Mapping[str, int] | None = None,
) -> Quart:
    """The application over ready-made parts; sockets are registered on it by the caller.

    Pages from `origins` may call it. `uploads`: how many bytes the paths may take that stream them."""
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
    app.extensions[UPLOADS] = dict(uploads or {})
    app.extensions[EDGE] = edge = Edge(origins)
    install(app, dispatcher, operations, edge)
    register_docs(app, operations, version)
    return app
