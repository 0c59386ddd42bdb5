"""What all connections of one process share: application, limits, and whether we are on our way out."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from time import time
from typing import Any, Protocol

from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from entrypoints.http.hypercorn_protocol.response_head import status_line

logger = logging.getLogger("kgl.server")

# ASGI messages are dictionaries by specification; their values have no common type.
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
OnResponse = Callable[[Scope | None, int, int, float], None]
"""Called after each exchange: scope (None when the request was not even well formed), status (499 when the
client left first, 101 for a socket), body bytes sent, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one client may ask of this process; bytes and seconds."""

    target_bytes: int = 8 * 1024
    head_bytes: int = 32 * 1024
    header_count: int = 100
    body_bytes: int = 64 * 1024 * 1024
    # Where more may be sent, by path: the application takes it in as it arrives.
    upload_bytes: Mapping[str, int] = field(default_factory=dict)
    connections: int = 10_000
    head_seconds: float = 10.0
    idle_seconds: float = 30.0
    stall_seconds: float = 30.0
    websocket_message_bytes: int = 64 * 1024
    websocket_ping_seconds: float = 20.0
    websocket_close_seconds: float = 2.0


def problem(status: int, detail: str) -> bytes:
    """An RFC 9457 body for a request that never reached the application."""
    title = HTTPStatus(status).phrase
    return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()


class ManagedConnection(Protocol):
    """A connection as the server sees it: something to watch, to wind down and, at last, to cut."""

    deadline: float

    def expire(self, now: float) -> None:
        """Called once `deadline` has passed."""

    def drain(self) -> None:
        """Take no more work; close as soon as what was asked has been answered."""

    def hang_up_if_idle(self, now: float) -> None:
        """Close if nothing is being answered, nor likely to be on its way."""

    def abort(self) -> None:
        """Close at once, whatever is lost."""


@dataclass(slots=True, kw_only=True)
class ServerState:
    """Owned by one event loop; nothing in here is shared between threads."""

    app: Application
    loop: asyncio.AbstractEventLoop
    limits: Limits
    hypercorn: Config
    context: WorkerContext
    problem: Callable[[int, str], bytes] = problem
    on_response: OnResponse | None = None
    http2: bool = True
    draining: bool = False
    lifespan_state: dict[str, Any] = field(default_factory=dict)
    connections: set[ManagedConnection] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _date_at: int = 0
    _date: bytes = b""

    def date_header(self) -> bytes:
        """The Date line, made once a second instead of once a reply."""
        now = int(time())
        if now != self._date_at:
            self._date_at = now
            self._date = b"date: " + formatdate(now, usegmt=True).encode() + b"\r\n"
        return self._date

    def refusal(self, status: int, detail: str, headers: bytes = b"") -> bytes:
        """A whole reply to a request the application does not see; it announces the connection's end."""
        body = self.problem(status, detail)
        fixed = (
            b"content-type: application/problem+json\r\nx-content-type-options: nosniff\r\n"
            b"cache-control: no-store\r\ncontent-length: %d\r\nconnection: close\r\n" % len(body)
        )
        return b"".join((status_line(status), fixed, headers, self.date_header(), b"\r\n", body))

    def report(self, scope: Scope | None, status: int, sent: int, seconds: float) -> None:
        """Tells the access log; a fault in there must not cost a client its connection."""
        if self.on_response is not None:
            try:
                self.on_response(scope, status, sent, seconds)
            except Exception:
                logger.exception("the access log hook failed")
