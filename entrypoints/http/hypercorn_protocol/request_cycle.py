"""One HTTP/1.1 request and its reply: the ASGI receive and send of a single call of the application."""

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from entrypoints.http.hypercorn_protocol.request_reader import Head
from entrypoints.http.hypercorn_protocol.response_head import HeadersOfReply, status_line
from entrypoints.http.hypercorn_protocol.state import Message, Scope, logger

if TYPE_CHECKING:
    from entrypoints.http.hypercorn_protocol.connection import HttpConnection

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestCycle:
    """Created when a head is complete, started when every earlier request of the connection is answered."""

    __slots__ = (
        "_cancel_on_disconnect",
        "_chunked",
        "_chunks",
        "_connection",
        "_end_delivered",
        "_expects_continue",
        "_head",
        "_keep_alive",
        "_remaining",
        "_started_at",
        "_suppress_body",
        "_wakeup",
        "body_complete",
        "buffered",
        "complete",
        "gone",
        "head_written",
        "scope",
        "sent",
        "status",
        "task",
    )

    def __init__(self, connection: "HttpConnection", scope: Scope, head: Head) -> None:
        scope["extensions"]["kgl.direct"] = self
        self.scope = scope
        self.task: asyncio.Task[None] | None = None
        self.body_complete = False
        self.buffered = 0
        self.complete = False
        self.gone = False
        self.head_written = False
        self.sent = 0
        self.status = 0
        self._connection = connection
        self._keep_alive = head.keep_alive
        self._expects_continue = head.expects_continue
        self._cancel_on_disconnect = False
        self._chunks: list[bytes] = []
        self._end_delivered = False
        self._head: HeadersOfReply | None = None
        self._chunked = False
        self._suppress_body = False
        self._remaining: int | None = None
        self._started_at = perf_counter()
        self._wakeup: asyncio.Future[None] | None = None

    def start(self) -> None:
        state = self._connection.state
        self.task = state.loop.create_task(self._run())
        state.tasks.add(self.task)

    async def _run(self) -> None:
        state = self._connection.state
        try:
            await state.app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            pass  # cut_short() and the end of the grace time are the only ones to cancel, and they answer
        except Exception:
            logger.exception("the application failed on %s %s", self.scope["method"], self.scope["raw_path"])
        finally:
            if self.task is not None:
                state.tasks.discard(self.task)
        if not self.complete:
            if not self.gone:
                self._connection.reply_missing(self)
            self.report(self.status if self.head_written else 499)

    def report(self, status: int) -> None:
        self._connection.state.report(self.scope, status, self.sent, perf_counter() - self._started_at)

    # What the connection tells us

    def feed(self, chunk: bytes) -> None:
        self.buffered += len(chunk)
        self._chunks.append(chunk)
        self._wake()

    def feed_end(self) -> None:
        self.body_complete = True
        self._wake()

    def cut_short(self) -> None:
        """The client is gone, or will be told something else: nothing is sent from here on."""
        self.gone = True
        self._chunks.clear()
        self._wake()
        if self._cancel_on_disconnect and not self.complete and self.task is not None:
            self.task.cancel()

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)

    # What the application asks of us

    def claim(self) -> bytes | None:
        """Has the calling task cancelled when the client leaves, so that nobody need listen for it.

        Returns the whole body when it has arrived, else None: then `receive` brings it.
        """
        self._cancel_on_disconnect = True
        self.scope["extensions"].pop(
            "kgl.direct", None
        )  # else scope and cycle keep each other alive until a full GC
        if self.gone and self.task is not None:
            self.task.cancel()
        if not self.body_complete:
            return None
        self._end_delivered = True
        return self._take()

    def _take(self) -> bytes:
        if not self._chunks:
            return b""
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self.buffered = 0
        self._connection.body_taken()
        return body

    async def receive(self) -> Message:
        while not (self.gone or self.complete or self._end_delivered):
            if self._chunks or self.body_complete:
                # Looked at before taking: room in the buffer lets the connection read on at once.
                self._end_delivered = last = self.body_complete
                return {"type": "http.request", "body": self._take(), "more_body": not last}
            if self._expects_continue and not self.head_written:
                self._expects_continue = False
                self._connection.write(_CONTINUE)
            await self._wait()
        while not (self.gone or self.complete):
            await self._wait()
        return {"type": "http.disconnect"}

    async def _wait(self) -> None:
        self._wakeup = self._connection.state.loop.create_future()
        await self._wakeup

    async def send(self, message: Message) -> None:
        if self.gone:
            return  # as the ASGI specification wants: sending to a client that left is not an error
        kind = message["type"]
        if kind == "http.response.start" and self._head is None:
            self.status = int(message["status"])
            self._head = HeadersOfReply(message.get("headers", ()))
            return
        if kind != "http.response.body" or self._head is None or self.complete:
            raise RuntimeError(f"unexpected ASGI message {kind}")
        body = message.get("body", b"")
        more = bool(message.get("more_body", False))
        if not self.head_written:
            # Head and first part in one write: two small ones cost a system call and, with Nagle's algorithm
            # against a delayed acknowledgement, forty milliseconds.
            self._connection.write(self._encode_head(len(body), more) + self._encode_body(body, more))
            self.head_written = True
        else:
            self._connection.write(self._encode_body(body, more))
        if not more:
            self._finish()
        else:
            await self._connection.gate.passed()

    def _encode_head(self, body_size: int, more: bool) -> bytes:
        head, status = self._head, self.status
        assert head is not None  # noqa: S101 - for the type checker; send() has set it
        is_head = self.scope["method"] == "HEAD"
        self._suppress_body = is_head or status in (204, 304) or status < 200
        length = head.content_length
        if length is None and not more and not (self._suppress_body and not is_head):
            length = body_size
        if status == 204 or status < 200:
            length = None
        self._remaining = None if self._suppress_body else length
        parts = [status_line(status), head.block]
        if length is not None:
            parts.append(b"content-length: %d\r\n" % length)
        elif not self._suppress_body:
            if self.scope["http_version"] == "1.1":
                self._chunked = True
                parts.append(b"transfer-encoding: chunked\r\n")
            else:
                self._keep_alive = False  # HTTP/1.0: the end of the body is the end of the connection
        if head.closes or self._connection.state.draining or not self.body_complete:
            self._keep_alive = False
        if not self._keep_alive:
            parts.append(b"connection: close\r\n")
        elif self.scope["http_version"] == "1.0":
            parts.append(b"connection: keep-alive\r\n")
        if not head.has_date:
            parts.append(self._connection.state.date_header())
        parts.append(b"\r\n")
        return b"".join(parts)

    def _encode_body(self, body: bytes, more: bool) -> bytes:
        if self._suppress_body:
            return b""
        size = len(body)
        self.sent += size
        if self._remaining is not None:
            self._remaining -= size
            if self._remaining < 0:
                raise RuntimeError("the body is longer than its Content-Length")
            return body
        if not self._chunked:
            return body
        chunk = b"%x\r\n%b\r\n" % (size, body) if size else b""
        return chunk if more else chunk + b"0\r\n\r\n"

    def _finish(self) -> None:
        self.complete = True
        self._wake()
        self.report(self.status)
        if self._remaining:
            logger.error("the body of %s is shorter than its Content-Length", self.scope["raw_path"])
            self._connection.abort()
        else:
            self._connection.reply_complete(self, keep_alive=self._keep_alive)
