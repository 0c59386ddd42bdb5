"""One WebSocket as an ASGI scope: RFC 6455 by the websockets library without its I/O, flow control by us.

Hypercorn's own stream buffers on after it has refused a message as too large, and inflates compressed frames
without a bound; either lets one client fill the memory. Here nothing is read while the application is behind,
and compression is not negotiated.
"""

import asyncio
from math import inf
from time import perf_counter
from typing import cast

from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from entrypoints.http.hypercorn_protocol.response_head import HeadersOfReply, status_line
from entrypoints.http.hypercorn_protocol.socket_inbox import SocketInbox
from entrypoints.http.hypercorn_protocol.state import Message, Scope, ServerState, logger
from entrypoints.http.hypercorn_protocol.write_gate import WriteGate

_SLICE = 4 * 1024
_GOING_AWAY_FOR_A_MOMENT = 1012  # RFC 6455 registry: service restart; clients come back elsewhere


class WebSocketConnection(asyncio.Protocol):
    """Takes over the transport of a connection whose request asked for a WebSocket."""

    def __init__(self, state: ServerState, transport: asyncio.Transport, scope: Scope) -> None:
        self.state = state
        self.deadline = inf
        self._transport = transport
        self._scope = scope
        self._protocol = ServerProtocol(
            state=OPEN, max_size=state.limits.websocket_message_bytes, logger=logger
        )
        self._handshake = b""
        self._accepted = False
        self._rejection: tuple[int, HeadersOfReply] | None = None
        self._inbox = SocketInbox()
        self._unread = b""
        self._reading_paused = False
        self._gate = WriteGate(state.loop)
        self._closing = False
        self._heard_at = state.loop.time()
        self._pinged = False
        self._unsent: int | None = None
        self._sent = 0

    def start(self, rest: bytes) -> None:
        """Checks the handshake and starts the application, or answers 4xx."""
        headers = self._scope["headers"]
        offered = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
        offered.pop("sec-websocket-extensions", None)
        path = self._scope["raw_path"].decode("ascii")
        response = self._protocol.accept(Request(path, offered))
        self._transport.set_protocol(self)
        self.state.connections.add(self)
        if response.status_code != 101:
            self._answer_and_close(426 if offered.get("sec-websocket-version", "13") != "13" else 400)
            return
        self._handshake = b"".join(
            b"%b: %b\r\n" % (name.lower().encode(), value.encode())
            for name, value in response.headers.raw_items()
        )
        protocols = ",".join(offered.get_all("sec-websocket-protocol")).split(",")
        self._scope = self._scope | {  # type: ignore[operator]  # it is a dict, typed as ASGI types it
            "type": "websocket",
            "scheme": "ws",
            "subprotocols": [name.strip() for name in protocols if name.strip()],
            "extensions": {"websocket.http.response": {}},
        }
        self._pause_reading()
        self._unread = rest
        task = self.state.loop.create_task(self._run())
        self.state.tasks.add(task)
        task.add_done_callback(self.state.tasks.discard)

    async def _run(self) -> None:
        started = perf_counter()
        status = 101
        try:
            await self.state.app(self._scope, self.receive, self.send)
        except asyncio.CancelledError:
            pass  # the end of the grace time is the only one to cancel
        except Exception:
            logger.exception("the application failed on socket %s", self._scope["raw_path"])
        if not self._accepted:
            status = self._rejection[0] if self._rejection else 500
            if not self._closing:
                self._answer_and_close(503 if self.state.draining else 500)
        elif not self._closing:
            self._close(CloseCode.INTERNAL_ERROR, "")
        self.state.report(self._scope, status, self._sent, perf_counter() - started)

    # Called by the event loop

    def data_received(self, data: bytes) -> None:
        self._heard_at = self.state.loop.time()
        self._pinged = False
        if self._reading_paused:
            self._unread += data
        else:
            self._feed(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is the loop's
        self.state.connections.discard(self)
        self._closing = True
        self._unread = b""
        self._inbox.end(CloseCode.ABNORMAL_CLOSURE)
        self._gate.open()

    def pause_writing(self) -> None:
        self._gate.close()
        self._unsent = None

    def resume_writing(self) -> None:
        self._gate.open()
        self._resume_reading()

    # Receiving

    def _behind(self) -> bool:
        # Pongs are replies too: while the client takes nothing, it is not heard either.
        return not self._accepted or self._inbox.full or self._gate.closed

    def _feed(self, data: bytes) -> None:
        offset = 0
        while offset < len(data):
            if self._behind() and not self._closing:
                self._unread = data[offset:]
                self._pause_reading()
                return
            self._protocol.receive_data(data[offset : offset + _SLICE])
            offset += _SLICE
            for event in self._protocol.events_received():
                fault = None if self._closing else self._inbox.take(cast(Frame, event))
                if fault is not None:
                    self._protocol.fail(*fault)
                    break
            self._flush()
            if self._protocol.close_expected():
                if not self._closing:
                    self._begin_closing()
                    received = self._protocol.close_rcvd
                    self._inbox.end(received.code if received else CloseCode.ABNORMAL_CLOSURE)
                if self._protocol.close_rcvd is not None or self._protocol.parser_exc is not None:
                    self._shut()

    async def receive(self) -> Message:
        message = await self._inbox.get()
        if self._reading_paused and self._inbox.drained:
            self._resume_reading()
        return message

    def _pause_reading(self) -> None:
        if not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if not self._reading_paused or (self._behind() and not self._closing) or self._transport.is_closing():
            return
        self._reading_paused = False
        unread, self._unread = self._unread, b""
        self._feed(unread)
        if not self._reading_paused and not self._transport.is_closing():
            self._transport.resume_reading()

    # Sending

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.http.response.start" and not self._accepted:
            self._rejection = (int(message["status"]), HeadersOfReply(message.get("headers", ())))
        elif kind == "websocket.http.response.body" and self._rejection is not None:
            self._send_rejection(message)
        elif self._closing:
            return  # the client left first; not an error by the ASGI specification
        elif kind == "websocket.send" and self._accepted:
            self._send_message(message)
            await self._gate.passed()
        elif kind == "websocket.accept" and not self._accepted:
            self._accept(message)
        elif kind == "websocket.close":
            if self._accepted:
                self._close(int(message.get("code") or 1000), str(message.get("reason") or ""))
            else:
                self._answer_and_close(403)
        else:
            raise RuntimeError(f"unexpected ASGI message {kind}")

    def _accept(self, message: Message) -> None:
        extra = HeadersOfReply(message.get("headers", ())).block
        subprotocol = message.get("subprotocol")
        if subprotocol is not None:
            if subprotocol not in self._scope["subprotocols"]:
                raise RuntimeError("the accepted subprotocol was not offered")
            extra += b"sec-websocket-protocol: " + subprotocol.encode() + b"\r\n"
        self._transport.write(status_line(101) + self._handshake + extra + b"\r\n")
        self._accepted = True
        self._heard_at = self.state.loop.time()
        self._watch()
        self._resume_reading()
        if self.state.draining:
            self.drain()

    def _send_message(self, message: Message) -> None:
        text = message.get("text")
        payload = message["bytes"] if text is None else text.encode()
        self._sent += len(payload)
        if text is None:
            self._protocol.send_binary(payload)
        else:
            self._protocol.send_text(payload)
        self._flush()

    def _send_rejection(self, message: Message) -> None:
        status, head = self._rejection or (403, HeadersOfReply(()))
        body = message.get("body", b"")
        if not self._closing:
            self._begin_closing()
            # The end of the connection is the end of the body: no length has to be known in advance.
            parts = (status_line(status), head.block, self.state.date_header(), b"connection: close\r\n\r\n")
            self._transport.write(b"".join(parts))
        if not self._transport.is_closing():
            self._transport.write(body)
            if not message.get("more_body", False):
                self._shut()

    def _answer_and_close(self, status: int) -> None:
        version = b"sec-websocket-version: 13\r\nupgrade: websocket\r\n" if status == 426 else b""
        self._begin_closing()
        self._transport.write(self.state.refusal(status, "The WebSocket was not opened.", version))
        self._shut()

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data and not self._transport.is_closing():
            self._transport.write(data)

    # Ending

    def _close(self, code: int, reason: str) -> None:
        self._protocol.send_close(code, reason)
        self._flush()
        self._begin_closing()
        self._resume_reading()  # for the close frame of the client

    def _begin_closing(self) -> None:
        self._closing = True
        self._inbox.forget()
        self.deadline = self.state.loop.time() + self.state.limits.websocket_close_seconds

    def _shut(self) -> None:
        if not self._transport.is_closing():
            try:
                self._transport.write_eof()
            except OSError:  # reset by the client, and the loop has not noticed yet
                self._transport.abort()
            self._resume_reading()

    def _watch(self) -> None:
        self.deadline = self.state.loop.time() + self.state.limits.websocket_ping_seconds

    def expire(self, now: float) -> None:
        if self._closing:
            self._transport.abort()
        elif self._gate.closed:
            unsent, before = self._transport.get_write_buffer_size(), self._unsent
            if before is not None and unsent >= before:
                self._transport.abort()  # it takes nothing any more
            else:
                self._unsent = unsent
                self._watch()
        elif now - self._heard_at < self.state.limits.websocket_ping_seconds or self._reading_paused:
            self._watch()
        elif self._pinged:
            self._transport.abort()  # neither data nor pong for a whole interval: nobody is there
        else:
            self._pinged = True
            self._protocol.send_ping(b"")
            self._flush()
            self._watch()

    def drain(self) -> None:
        """Closes with 1012 unless the application has said goodbye already."""
        if not self._closing and self._accepted:
            self._close(_GOING_AWAY_FOR_A_MOMENT, "restarting")
            self._inbox.end(_GOING_AWAY_FOR_A_MOMENT)

    def hang_up_if_idle(self, now: float) -> None:
        """A socket is never idle in this sense; `drain` has closed it."""

    def abort(self) -> None:
        self._transport.abort()
