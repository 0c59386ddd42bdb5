"""Request ids and W3C Trace Context, the same in logs, replies, events and messages."""

import os
import re
from typing import Any

from quart import Request, Websocket
from structlog.contextvars import bind_contextvars

from application.shared.principal import Trace

_REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,128}\Z")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


def new_traceparent() -> str:
    """A fresh, sampled trace (W3C Trace Context, level 1)."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def trace_of(request: Request | Websocket) -> Trace:
    """The request's trace, made once. Ids a client sends are kept when they are well formed."""
    scope: Any = request.scope  # the access log, outside Quart, finds it there, too
    known: Trace | None = scope.get("kgl.trace")
    if known is not None:
        return known
    headers = request.headers
    request_id = headers.get("X-Request-ID", "")
    traceparent = headers.get("traceparent", "")
    trace = Trace(
        request_id=request_id if _REQUEST_ID.match(request_id) else os.urandom(16).hex(),
        traceparent=traceparent if _TRACEPARENT.match(traceparent) else new_traceparent(),
        address=request.remote_addr,
    )
    scope["kgl.trace"] = trace
    # Each request has a task of its own: it may have inherited another's, and says both anew.
    bind_contextvars(
        request_id=trace.request_id, trace_id=trace.traceparent[3:35] if trace.traceparent else None
    )
    return trace
