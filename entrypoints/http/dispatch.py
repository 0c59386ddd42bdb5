"""Runs one operation for one request: authenticate, decode, call, shape the reply; all middleware is here."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import msgspec
import structlog
from quart import Request, Response, Websocket
from werkzeug.exceptions import RequestEntityTooLarge

from application.shared.permissions import Rule, is_allowed
from application.shared.ports import Clock
from application.shared.principal import IdempotencyKey, Principal, Trace
from application.shared.refusals import RefusalRecorder
from domain.shared.errors import (
    AlreadyApplied,
    InvalidInput,
    KnowledgeGraphError,
    NotAuthenticated,
    NotPermitted,
    Violation,
)
from entrypoints.http import errors
from entrypoints.http.cursors import Cursors
from entrypoints.http.decoding import body_decoder, query_decoder, well_encoded
from entrypoints.http.operation import Call, NoQuery, Operation, Reply
from entrypoints.http.rate_limits import RateLimits
from entrypoints.http.refusals import note
from entrypoints.http.replies import bodiless, instance_of, matches, next_url, nothing
from entrypoints.http.tracing import trace_of

log = structlog.get_logger()
_ENCODER = msgspec.json.Encoder()
_JSON = "application/json"


class Authenticate(Protocol):
    """Who a bearer token stands for: at once, or for a program's key when the store has answered.

    Raises `NotAuthenticated`, at once or later.
    """

    def __call__(self, token: str, trace: Trace) -> Principal | Awaitable[Principal]: ...


class _Meta(msgspec.Struct, omit_defaults=True):
    request_id: str
    timestamp: datetime
    next_cursor: str | None = None


class _Envelope(msgspec.Struct):
    data: object
    meta: object
    errors: tuple[()] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """What every operation's endpoint needs."""

    authenticate: Authenticate
    cursors: Cursors
    clock: Clock
    limits: RateLimits | None = None
    refusals: RefusalRecorder | None = None

    def endpoint(self, operation: Operation[Any, Any]) -> Callable[..., Awaitable[Response]]:
        """The operation as a function of the request and the variable parts of its path."""
        decode = body_decoder(operation.body) if operation.body is not None else None
        decode_query = query_decoder(operation.query)
        plain = operation.query is NoQuery

        async def respond(received: Request, **path: str) -> Response:
            trace = trace_of(received)
            try:
                caller = await self.admitted(operation, received, trace)
                if plain and not received.query_string:
                    query = operation.query()
                else:
                    well_encoded(received.query_string)
                    query = decode_query(received.args)
                body = None
                if decode is not None and not operation.raw_body:
                    raw = await json_body(received)
                    body = decode(raw)
                    if operation.replay is not None and caller is not None:
                        caller = with_idempotency(caller, received, raw)
                call = Call(
                    request=received,
                    trace=trace,
                    path=path,
                    body=body,
                    query=query,
                    cursors=self.cursors,
                    caller=caller,
                    limits=self.limits,
                )
                return self.response(operation, call, await self.answer(operation, call))
            except KnowledgeGraphError as error:
                note(self.refusals, operation, error, trace, received.scope)
                return refusal(error, received, trace)

        return respond

    async def admitted(
        self, operation: Operation[Any, Any], received: Request, trace: Trace
    ) -> Principal | None:
        """Who calls, counted. Refusals count against the address: guessing tokens is limited, too."""
        limits, scope = self.limits, received.scope
        if limits is None:
            return await self.caller(operation, received, trace)
        if operation.permission is None:
            await limits.stranger(operation.limit, scope, trace.address)
            return None
        try:
            caller = await self.caller(operation, received, trace)
        except (NotAuthenticated, NotPermitted):
            await limits.stranger(operation.limit, scope, trace.address)
            raise
        if caller is not None:
            await limits.caller(operation.limit, scope, caller)
        return caller

    async def caller(
        self, operation: Operation[Any, Any], received: Request, trace: Trace
    ) -> Principal | None:
        """The principal of the request's token, None where anyone may call."""
        if operation.permission is None or operation.rule is None:
            return None
        scheme, _, token = received.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated(reason="no_token")
        found = self.authenticate(token.strip(), trace)
        principal = found if isinstance(found, Principal) else await found
        received.scope["kgl.caller"] = principal  # type: ignore[typeddict-unknown-key]  # for the access log
        if not is_allowed(principal, operation.permission):
            raise NotPermitted(needed(operation.rule, principal))
        return principal

    async def answer(self, operation: Operation[Any, Any], call: Call[Any, Any]) -> Reply:
        """The handler's reply; for a repeated idempotency key, what the first request made."""
        try:
            return await operation.handler(call)
        except AlreadyApplied as error:
            if operation.replay is None:
                raise
            reply = await operation.replay(call, error.resource_id)
            return replace(reply, headers={**reply.headers, "Idempotency-Replayed": "true"})

    def response(self, operation: Operation[Any, Any], call: Call[Any, Any], reply: Reply) -> Response:
        """The reply as HTTP: envelope, ETag and 304, Location, Link."""
        if reply.refused is not None:
            note(self.refusals, operation, reply.refused, call.trace, call.request.scope)
        headers = {"X-Request-ID": call.trace.request_id, **reply.headers}
        status = reply.status or operation.status
        if reply.location:
            headers["Location"] = reply.location
        if reply.version is not None:
            headers["ETag"] = f'"{reply.version}"'
            if operation.method == "GET" and matches(call.request, headers["ETag"]):
                return bodiless(304, headers)
        if reply.stream is not None:
            # A stream that is begun for HEAD would hold the connection, and tell nobody anything.
            stream = nothing() if call.request.method == "HEAD" else reply.stream
            streamed = Response(stream, status, headers, content_type=reply.media_type)
            streamed.timeout = None
            return streamed
        if status in (204, 302):
            return bodiless(status, headers)
        if reply.raw is not None:
            return Response(reply.raw, status, headers, content_type=reply.media_type)
        meta = _Meta(call.trace.request_id, self.clock.now())
        if reply.next is not None:
            meta.next_cursor = self.cursors.write(reply.next, call.list_name())
            headers["Link"] = f'<{next_url(call.request, meta.next_cursor)}>; rel="next"'
        shown: object = {**msgspec.to_builtins(meta), **reply.meta} if reply.meta else meta
        return Response(_ENCODER.encode(_Envelope(reply.data, shown)), status, headers, content_type=_JSON)


def needed(rule: Rule, principal: Principal) -> str:
    """What a refused caller lacks, in words."""
    if principal.role not in rule.roles:
        return f"this needs one of the roles {', '.join(sorted(rule.roles))}"
    if rule.scope is None:
        return "this needs a person who logged in; no key will do"
    return f"this needs a key with the scope {rule.scope}"


async def json_body(received: Request) -> bytes:
    """The body of a request that must be JSON. Raises `UnsupportedMediaType`, `TooLarge`, `BadRequest`."""
    media_type = received.mimetype
    if media_type not in (_JSON, "application/merge-patch+json"):
        raise errors.UnsupportedMediaType(
            f"send application/json, not {media_type or 'an unnamed media type'}"
        )
    try:
        raw: bytes = await received.body
        return raw
    except RequestEntityTooLarge as error:
        raise errors.TooLarge from error


def with_idempotency(caller: Principal, received: Request, raw: bytes) -> Principal:
    """The caller with the request's `Idempotency-Key`, if it brings one."""
    key = received.headers.get("Idempotency-Key")
    if key is None:
        return caller
    if not 1 <= len(key) <= 255 or not key.isprintable():
        detail = "must be 1 to 255 printable characters"
        raise InvalidInput([Violation(pointer="/Idempotency-Key", code="bad_key", detail=detail)])
    fingerprint = hashlib.sha256(f"{received.method} {received.path}\n".encode() + raw).digest()
    return replace(caller, idempotency=IdempotencyKey(key=key, fingerprint=fingerprint))


def refusal(error: KnowledgeGraphError, received: Request | Websocket, trace: Trace) -> Response:
    """An error as a problem document."""
    shown = errors.problem(error, instance_of(received), trace.request_id)
    if shown.status == 503:
        log.warning("request_refused", error=error.detail)
    elif shown.status >= 500:
        log.error("request_failed", error=error.detail, kind=type(error).__name__, exc_info=error)
    headers: dict[str, str] = {"X-Request-ID": trace.request_id}
    if shown.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if shown.status == 503:
        headers["Retry-After"] = "1"
    if isinstance(error, errors.TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    return Response(_ENCODER.encode(shown), shown.status, headers, content_type=errors.PROBLEM)
