"""Reads HTTP/1.1 requests out of bytes: framing by llhttp in its strict mode, limits by us."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

import httptools

from entrypoints.http.hypercorn_protocol.request_head import (
    NOTED,
    Headers,
    Refusal,
    check_framing,
    check_host,
    check_intentions,
    split_target,
)
from entrypoints.http.hypercorn_protocol.state import Limits, Scope

Address = tuple[str, int] | None
PIECE = 8 * 1024
"""Read at a time, so that one segment full of tiny requests cannot become thousands of them at once."""


@dataclass(frozen=True, slots=True)
class Head:
    """A request head that may be trusted."""

    method: str
    version: str
    path: str
    raw_path: bytes
    query: bytes
    headers: Headers
    expects_continue: bool
    keep_alive: bool
    wants_socket: bool

    def scope(self, client: Address, server: Address, lifespan_state: dict[str, Any]) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": self.version,
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.raw_path,
            "query_string": self.query,
            "root_path": "",
            "headers": self.headers,
            "client": client,
            "server": server,
            "state": lifespan_state.copy(),
            "extensions": {},
        }


class RequestReader:
    """Calls `on_head`, `on_body` and `on_end` for each request in turn; `on_head` may raise Refusal, too."""

    def __init__(
        self,
        limits: Limits,
        on_head: Callable[[Head], None],
        on_body: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        self.in_head = False
        self.head_deadline = inf
        self._limits = limits
        self._on_head = on_head
        self._give_body = on_body
        self.on_message_complete = on_end
        self._refusal: Refusal | None = None
        self._body_bytes = 0
        self._most_bytes = limits.body_bytes
        self._forget()
        self._parser = httptools.HttpRequestParser(self)

    def _forget(self) -> None:
        self._target = b""
        self._headers: Headers = []
        self._noted: Headers = []
        self._head_bytes = 0
        self._partial = 0

    def feed(self, piece: bytes) -> int:
        """Returns how much was read: less than all of it where a request wants to leave HTTP.

        Raises Refusal; nothing may be fed after that.
        """
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            return int(upgrade.args[0])
        except httptools.HttpParserError:
            raise self._refusal or Refusal(400, "The request is not well-formed HTTP/1.1.") from None
        if self.in_head:
            # A header is shown to us when it is whole; this bounds one that never ends.
            self._partial += len(piece)
            if self._partial > self._limits.head_bytes + PIECE:
                raise Refusal(431, "The request head is too large.")
        return len(piece)

    # Called by the parser. It hides what is raised in here, hence the copy in _refusal.

    def on_message_begin(self) -> None:
        self._forget()
        self.in_head = True
        self.head_deadline = monotonic() + self._limits.head_seconds

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_head:
            return  # trailers: nobody may act on them, RFC 9110 section 6.5.1
        name = name.lower()
        pair = (name, value.strip(b" \t"))
        self._headers.append(pair)
        if name in NOTED:
            self._noted.append(pair)
        self._grow(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        self.in_head = False
        self._body_bytes = 0
        try:
            self._on_head(self._read_head())
        except Refusal as refusal:
            self._refusal = refusal
            raise

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._most_bytes:
            self._refuse(413, "The body is too large.")
        self._give_body(body)

    def _grow(self, size: int) -> None:
        self._head_bytes += size
        if len(self._target) > self._limits.target_bytes:
            self._refuse(414, "The request target is too long.")
        if self._head_bytes > self._limits.head_bytes or len(self._headers) > self._limits.header_count:
            self._refuse(431, "The request head is too large.")

    def _refuse(self, status: int, detail: str) -> None:
        self._refusal = Refusal(status, detail)
        raise self._refusal

    def _read_head(self) -> Head:
        method = self._parser.get_method().decode("ascii")
        version = self._parser.get_http_version()
        length = check_framing(version, self._noted)
        self._most_bytes = self._limits.body_bytes
        if length is not None and length > max((self._most_bytes, *self._limits.upload_bytes.values())):
            raise Refusal(413, "The body is too large.")
        check_host(version, self._noted)
        expects_continue, upgrade = check_intentions(method, self._noted)
        path, raw_path, query = split_target(method, self._target, self._headers)
        self._most_bytes = self._limits.upload_bytes.get(path, self._limits.body_bytes)
        if length is not None and length > self._most_bytes:
            raise Refusal(413, "The body is too large.")
        wants_socket = False
        if self._parser.should_upgrade():
            if length != 0:
                # The parser takes the request to end here; whoever goes by its length would not.
                raise Refusal(400, "A request to upgrade must not have a body.")
            wants_socket = upgrade == b"websocket" and method == "GET" and version == "1.1"
        return Head(
            method,
            version,
            path,
            raw_path,
            query,
            self._headers,
            expects_continue,
            self._parser.should_keep_alive(),
            wants_socket,
        )
