"""Quart's HTTP connection without a second task per request where the server makes it needless.

Stock Quart starts two tasks for each request: one runs the handler, one waits for the body and for the client
to leave. A server that offers the `kgl.direct` extension hands over a complete body and cancels the handler's
own task when the client leaves, so one task is enough. On any other ASGI server this is stock Quart.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, cast

from hypercorn.typing import (
    ASGIReceiveCallable,
    ASGISendCallable,
    ASGISendEvent,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
)
from quart.asgi import ASGIHTTPConnection, _handle_exception
from quart.typing import ResponseTypes
from quart.utils import encode_headers
from quart.wrappers import Request, Response
from quart.wrappers.response import DataBody
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from entrypoints.http.edge import Edge
from entrypoints.http.problems import server_problem
from entrypoints.http.streamed_body import StreamedBody

# Where the application keeps its `Edge`; without one, replies go out as they are.
EDGE = "kgl.edge"
# Where it keeps its `Operations`.
OPERATIONS = "kgl.operations"
# Where it keeps how many bytes may be sent to which paths; handlers there read them as they arrive.
UPLOADS = "kgl.uploads"


class DirectExchange(Protocol):
    """What the server puts into `scope["extensions"]["kgl.direct"]`."""

    def claim(self) -> bytes | None:
        """Asks for the calling task to be cancelled when the client leaves, before the reply is complete.

        Returns the body if all of it has arrived, else None, and `receive` is to be used.
        """


@dataclass(frozen=True, slots=True)
class Operations:
    """The way to every endpoint; what answers there, given the request and the variable parts of its path."""

    routes: MapAdapter
    answers: dict[str, Callable[..., Awaitable[Response]]] = field(default_factory=dict)


class DirectHTTPConnection(ASGIHTTPConnection):
    """Set as `app.asgi_http_class`."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if not self.scope["path"].startswith("/"):
            # A target such as `http://[::1/` makes Quart's own reading of it raise.
            await _refuse_target(send, self._dressed([], 400))
            return
        direct = cast(DirectExchange | None, (self.scope.get("extensions") or {}).get("kgl.direct"))
        if direct is None:
            await super().__call__(receive, send)
            return
        body = direct.claim()
        request = self._create_request_from_scope(send)
        if body is not None:
            request.body.append(body)
            request.body.set_complete()
            await self.handle_request(request, send)
            return
        receiver = asyncio.ensure_future(self._receive_body(request, receive))
        try:
            await self.handle_request(request, send)
        finally:
            receiver.cancel()
            with suppress(asyncio.CancelledError):
                await receiver

    def _create_request_from_scope(self, send: ASGISendCallable) -> Request:
        request = super()._create_request_from_scope(send)
        largest = self.app.extensions.get(UPLOADS, {}).get(self.scope["path"])
        if largest is not None:
            request.body = StreamedBody(request.content_length, largest)
        return request

    async def _receive_body(self, request: Request, receive: ASGIReceiveCallable) -> None:
        while True:
            if isinstance(request.body, StreamedBody):
                await request.body.room()
            message = await receive()
            if message["type"] != "http.request":
                return  # gone: the server cancels the handler, nothing to do here
            request.body.append(message.get("body", b""))
            if not message.get("more_body", False):
                request.body.set_complete()
                return

    async def handle_request(self, request: Request, send: ASGISendCallable) -> None:
        try:
            response = await self._answer(request)
        except Exception as error:
            response = await _handle_exception(self.app, error)
        if isinstance(response, Response) and type(response.response) is DataBody:
            await self._send_whole(send, response, response.response)
            return
        timeout = self.app.config["RESPONSE_TIMEOUT"]
        if isinstance(response, Response) and response.timeout != Ellipsis:
            timeout = response.timeout
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._send_response(self._dressing(send), response)

    async def _answer(self, request: Request) -> ResponseTypes:
        """The reply of an operation, without the signals, sessions and contexts that Quart puts around views:
        no operation uses them, and they take a fifth of the time of a short one. Whatever is not an
        operation's own reply is Quart's."""
        operations: Operations | None = self.app.extensions.get(OPERATIONS)
        respond = None
        if operations is not None:
            with suppress(HTTPException):
                endpoint, arguments = operations.routes.match(request.path, request.method)
                respond = operations.answers.get(endpoint)
        if respond is None:
            return await self.app.handle_request(request)
        try:
            return await respond(request, **arguments)
        except Exception as error:
            async with self.app.request_context(request):
                return cast(Response, await self.app.handle_user_exception(error))

    async def _send_whole(self, send: ASGISendCallable, response: ResponseTypes, body: DataBody) -> None:
        """A body that is in memory needs two messages and no timer: slow readers are the server's."""
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": self._dressed(encode_headers(response.headers), response.status_code),
        }
        data = (
            body.data if body.begin == 0 and body.end == len(body.data) else body.data[body.begin : body.end]
        )
        end: HTTPResponseBodyEvent = {"type": "http.response.body", "body": data, "more_body": False}
        await send(start)
        await send(end)

    def _dressed(self, headers: list[tuple[bytes, bytes]], status: int) -> list[tuple[bytes, bytes]]:
        edge: Edge | None = self.app.extensions.get(EDGE)
        return headers if edge is None else edge.dress(headers, status, self.scope)

    def _dressing(self, send: ASGISendCallable) -> ASGISendCallable:
        """A stream is sent by Quart: its headers are met on the way."""

        async def dressing(event: ASGISendEvent) -> None:
            if event["type"] == "http.response.start":
                event["headers"] = self._dressed(list(event["headers"]), event["status"])
            await send(event)

        return dressing


async def _refuse_target(send: ASGISendCallable, dressed: list[tuple[bytes, bytes]]) -> None:
    headers = [(b"content-type", b"application/problem+json"), *dressed]
    body = server_problem(400, "The request target is not valid.")
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
