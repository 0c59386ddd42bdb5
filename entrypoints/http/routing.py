"""The routes of all operations, and what is said where none of them answers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from quart import Quart, Request, Response, Websocket, has_websocket_context, request, websocket
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.exceptions import MethodNotAllowed as QuartMethodNotAllowed
from werkzeug.exceptions import NotFound as QuartNotFound

from domain.shared.errors import KnowledgeGraphError
from entrypoints.http import errors
from entrypoints.http.asgi_http import OPERATIONS, Operations
from entrypoints.http.dispatch import Dispatcher, refusal
from entrypoints.http.edge import Edge
from entrypoints.http.operation import Operation
from entrypoints.http.tracing import trace_of


def present() -> Request | Websocket:
    """What is being answered; an address without a socket refuses handshakes, too."""
    if has_websocket_context():
        socket: Websocket = websocket._get_current_object()  # type: ignore[attr-defined]  # the proxy has it
        return socket
    received: Request = request._get_current_object()  # type: ignore[attr-defined]  # the proxy has it
    return received


def view_of(respond: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """What `Dispatcher.endpoint` returns as a Quart view function."""

    async def view(**path: str) -> Response:
        return await respond(request._get_current_object(), **path)  # type: ignore[attr-defined]  # the proxy has it

    return view


def install(
    app: Quart, dispatcher: Dispatcher, operations: Sequence[Operation[Any, Any]], edge: Edge
) -> None:
    """Routes every operation, and turns every error Quart itself would show as HTML into a problem."""
    direct = app.extensions[OPERATIONS] = Operations(app.url_map.bind(""))
    for operation in operations:
        path = operation.prefix + operation.path
        name = f"{operation.method} {path}"
        direct.answers[name] = dispatcher.endpoint(operation)
        app.add_url_rule(
            path.replace("{", "<").replace("}", ">"),
            endpoint=name,
            view_func=view_of(direct.answers[name]),
            methods=[operation.method],
            provide_automatic_options=False,
        )

    async def http_error(error: HTTPException) -> Response:
        received = present()
        trace = trace_of(received)
        if isinstance(error, QuartMethodNotAllowed):
            if isinstance(received, Request):
                allowed = edge.preflight(received, frozenset(error.valid_methods or ()))
                if allowed is not None:
                    allowed.headers["X-Request-ID"] = trace.request_id
                    return allowed
            response = refusal(errors.MethodNotAllowed(), received, trace)
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
            return response
        if isinstance(error, QuartNotFound):
            return refusal(errors.NoSuchRoute(), received, trace)
        if isinstance(error, RequestEntityTooLarge):
            return refusal(errors.TooLarge(), received, trace)
        return refusal(errors.BadRequest(), received, trace)

    async def unexpected(error: Exception) -> Response:
        received = present()
        failure = errors.Unexpected()
        failure.__cause__ = error
        failure.__traceback__ = error.__traceback__
        return refusal(failure, received, trace_of(received))

    async def refused(error: KnowledgeGraphError) -> Response:
        received = present()
        return refusal(error, received, trace_of(received))

    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(KnowledgeGraphError, refused)
    app.register_error_handler(Exception, unexpected)
