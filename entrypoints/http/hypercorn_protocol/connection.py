"""One TCP connection speaking HTTP/1.1: framing by llhttp; order, flow control and deadlines by us."""

import asyncio
from collections import deque
from math import inf
from typing import cast

from entrypoints.http.hypercorn_protocol.http2 import Http2Connection
from entrypoints.http.hypercorn_protocol.request_cycle import RequestCycle
from entrypoints.http.hypercorn_protocol.request_head import Refusal
from entrypoints.http.hypercorn_protocol.request_reader import PIECE, Head, RequestReader
from entrypoints.http.hypercorn_protocol.state import Scope, ServerState
from entrypoints.http.hypercorn_protocol.websocket import WebSocketConnection
from entrypoints.http.hypercorn_protocol.write_gate import WriteGate

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_BODY_HIGH_WATER = 64 * 1024
_LINGER_SECONDS, _LONGEST_LINGER_SECONDS = 2.0, 30.0
_QUIET_SECONDS, _FIRST_WORD_SECONDS = 0.25, 1.0


class HttpConnection(asyncio.Protocol):
    """Lives until the client leaves, or until another protocol takes the transport over."""

    def __init__(self, state: ServerState) -> None:
        self.state = state
        self.deadline = self._quiet_since = inf
        self.gate = WriteGate(state.loop)
        self._reader = RequestReader(state.limits, self._on_head, self._on_body, self._on_end)
        self._cycle: RequestCycle | None = None
        self._arriving: RequestCycle | None = None
        self._waiting: deque[RequestCycle] = deque()
        self._unread = self._start = b""
        self._fresh = True
        self._reading_paused = self._lingering = False
        self._ended = False  # no further request is accepted on this connection
        self._pending_refusal: Refusal | None = None
        self._socket_scope: Scope | None = None
        self._unsent = self._discarded = 0

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._client = _address(transport.get_extra_info("peername"))
        self._server = _address(transport.get_extra_info("sockname"))
        self.state.connections.add(self)
        self._quiet_since = self.state.loop.time()
        self.deadline = self._quiet_since + self.state.limits.head_seconds
        if len(self.state.connections) > self.state.limits.connections:
            self._refuse(Refusal(503, "Too many connections; try again later."))

    def data_received(self, data: bytes) -> None:
        if self._fresh:
            data = self._start + data
            if self.state.http2 and data[:3] == _PREFACE[:3]:
                if _PREFACE.startswith(data):
                    self._start = data
                    return
                if data.startswith(_PREFACE):
                    self._hand_over_to_http2(data)
                    return
            self._fresh = False
        if self._reading_paused:
            self._unread += data
        else:
            self._feed(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is the loop's
        self.state.connections.discard(self)
        self._ended = True
        self._unread = b""
        self.gate.open()
        if self._cycle is not None:
            self._cycle.cut_short()
        self._waiting.clear()

    def pause_writing(self) -> None:
        self.gate.close()
        self._watch()

    def resume_writing(self) -> None:
        self.gate.open()
        self._resume()
        self._watch()

    # Called by the reader

    def _on_head(self, head: Head) -> None:
        scope = head.scope(self._client, self._server, self.state.lifespan_state)
        if head.wants_socket:
            if self._cycle is not None:
                raise Refusal(400, "A WebSocket needs a connection of its own.")
            self._socket_scope = scope
            return
        cycle = RequestCycle(self, scope, head)
        self._ended = not head.keep_alive
        self._arriving = cycle
        if self._cycle is None:
            self._cycle = cycle
            cycle.start()
        else:
            self._waiting.append(cycle)

    def _on_body(self, body: bytes) -> None:
        if self._arriving is not None and not self._arriving.complete:
            self._arriving.feed(body)

    def _on_end(self) -> None:
        if self._arriving is not None:
            self._arriving.feed_end()
            self._arriving = None

    # Reading

    def _feed(self, data: bytes) -> None:
        offset = 0
        while offset < len(data):
            if self._lingering or (self._ended and self._arriving is None):
                self._discard(len(data) - offset)
                return
            if self._must_wait():
                self._unread = data[offset:]
                self._reading_paused = True
                self.transport.pause_reading()
                break
            try:
                offset += self._reader.feed(data if len(data) <= PIECE else data[offset : offset + PIECE])
            except Refusal as refusal:
                if not self._ended or self._arriving is not None:  # else: noise after the last request
                    self._refuse(refusal)
                return
            if self._socket_scope is not None:
                self._hand_over_to_websocket(self._socket_scope, data[offset:])
                return
            # Any other upgrade (h2c) is declined by not mentioning it, RFC 9110 section 7.8.
        self._watch()

    def _must_wait(self) -> bool:
        if self._waiting or self.gate.closed:
            return True
        return self._arriving is not None and self._arriving.buffered > _BODY_HIGH_WATER

    def body_taken(self) -> None:
        self._resume()

    def _resume(self) -> None:
        if not self._reading_paused or self._must_wait() or self.transport.is_closing():
            return
        self._reading_paused = False
        unread, self._unread = self._unread, b""
        self._feed(unread)
        if not self._reading_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    # Replying

    def write(self, data: bytes) -> None:
        if data:
            self.transport.write(data)

    def reply_complete(self, cycle: RequestCycle, *, keep_alive: bool) -> None:
        if not keep_alive or not cycle.body_complete:
            self._linger()
            return
        self._cycle = None
        if self._waiting:
            self._cycle = self._waiting.popleft()
            self._cycle.start()
        elif self._pending_refusal is not None:
            self._refuse(self._pending_refusal)
            return
        self._resume()
        self._watch()

    def reply_missing(self, cycle: RequestCycle) -> None:
        """The application returned, failed or was stopped without a whole reply."""
        if cycle.head_written:
            self.transport.abort()  # the client must not take half a body for a whole one
            return
        status = 503 if self.state.draining else 500
        self._answer(Refusal(status, "The server is stopping." if status == 503 else "The server failed."))
        cycle.status, cycle.head_written = status, True

    def _refuse(self, refusal: Refusal) -> None:
        """Answers in turn: requests before the bad one still get their replies."""
        self._pending_refusal = refusal
        self._ended = True
        bad, self._arriving = self._arriving, None
        if bad is not None and bad in self._waiting:
            self._waiting.remove(bad)
        elif bad is not None and bad is self._cycle and not bad.complete:
            if bad.head_written:
                self.transport.abort()
                return
            bad.status, bad.head_written = refusal.status, True
            bad.cut_short()
            self._cycle = None
            self._answer(refusal)
        if self._cycle is None and not self._lingering:
            self.state.report(None if bad is None else bad.scope, refusal.status, 0, 0.0)
            self._answer(refusal)

    def _answer(self, refusal: Refusal) -> None:
        allow = b"allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" if refusal.status == 405 else b""
        self.write(self.state.refusal(refusal.status, refusal.detail, allow))
        self._linger()

    # Ending

    def _linger(self) -> None:
        """Closes our half and reads on until the client is silent for a moment.

        Closing outright with unread input makes the kernel send a reset, which may overtake the reply.
        """
        self._ended = self._lingering = True
        self._unread = b""
        self._quiet_since = self.state.loop.time()
        self.deadline = self._quiet_since + _LINGER_SECONDS
        if self.transport.is_closing():
            return
        try:
            self.transport.write_eof()
        except OSError:  # reset by the client, and the loop has not noticed yet
            self.transport.abort()
            return
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > 4 * self.state.limits.body_bytes:
            self.transport.abort()
        elif self._lingering:
            longest = self._quiet_since + _LONGEST_LINGER_SECONDS
            self.deadline = min(self.state.loop.time() + _LINGER_SECONDS, longest)

    def _watch(self) -> None:
        """Sets the moment at which silence stops being acceptable; one sweep looks at all of them."""
        if self._lingering or self.transport.is_closing():
            return
        limits, now = self.state.limits, self.state.loop.time()
        if self.gate.closed:
            self._unsent = self.transport.get_write_buffer_size()
            self.deadline = now + limits.stall_seconds
        elif self._cycle is None:
            self._quiet_since = now
            self.deadline = self._reader.head_deadline if self._reader.in_head else now + limits.idle_seconds
        elif self._arriving is self._cycle and not self._reading_paused:
            self.deadline = now + limits.stall_seconds
        else:
            self.deadline = inf

    def expire(self, now: float) -> None:
        if self.gate.closed and not self._lingering:
            unsent = self.transport.get_write_buffer_size()
            if unsent < self._unsent:
                self._unsent = unsent
                self.deadline = now + self.state.limits.stall_seconds
            else:
                self.transport.abort()
        elif self._lingering or self.transport.is_closing():
            self.transport.abort()
        elif self._reader.in_head or self._cycle is not None:
            self._refuse(Refusal(408, "The request did not arrive in time."))
        else:
            self._close_idle()

    def _close_idle(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def drain(self) -> None:
        """Every reply says `Connection: close` from here on; nothing else to do yet."""

    def hang_up_if_idle(self, now: float) -> None:
        # One that has only just come is about to ask something: cutting it now would look like a loss.
        recent = now - self._quiet_since < (_FIRST_WORD_SECONDS if self._fresh else _QUIET_SECONDS)
        if self._cycle is None and not (self._reader.in_head or self._lingering or recent):
            self._close_idle()

    def abort(self) -> None:
        self.transport.abort()

    # Handing over

    def _hand_over_to_websocket(self, scope: Scope, rest: bytes) -> None:
        self.state.connections.discard(self)
        WebSocketConnection(self.state, self.transport, scope).start(rest)

    def _hand_over_to_http2(self, data: bytes) -> None:
        self.state.connections.discard(self)
        Http2Connection(self.state, self.transport, self._client, self._server).start(data)


def _address(name: object) -> tuple[str, int] | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None
