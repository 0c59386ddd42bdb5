"""One connection to the API that is kept: what a single reader waits for a reply, timed to its last byte.

Over the bare socket: the standard library's client spends a third of a millisecond on the headers of a reply,
which is as long as the server needs for some.
"""

import json
import re
import socket
from time import perf_counter
from urllib.parse import urlsplit

from benchmarks.load import encode

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OK = b"HTTP/1.1 200 "
_PIECE = 1 << 18
PAUSE_SECONDS = 2.0


class Api:
    """One connection that is kept, read to the end of each reply."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._url = url
        self._address = (parts.hostname or "", parts.port or 80)
        self._headers = [f"Authorization: Bearer {token}"]
        self._socket: socket.socket | None = None
        self._used_at = 0.0

    def ask(self, path: str, body: object = None) -> tuple[float, bytes]:
        """Milliseconds from the request to the last byte, and the reply's body; a body is posted as JSON.

        Raises `RuntimeError` for every reply but 200.
        """
        url = f"{self._url}/api/v1{path}"
        if body is None:
            request = encode("GET", url, self._headers)
        else:
            headers = [*self._headers, "Content-Type: application/json"]
            request = encode("POST", url, headers, json.dumps(body).encode())
        connection = self._open()
        began = perf_counter()
        connection.sendall(request)
        head, received = _reply(connection)
        self._used_at = perf_counter()
        if not head.startswith(_OK):
            raise RuntimeError(f"{path}: {head[9:12]!r} {received[:300]!r}")
        return (self._used_at - began) * 1000, received

    def _open(self) -> socket.socket:
        """The connection; another one after a pause, in which the server may have closed it."""
        if self._socket is None or perf_counter() - self._used_at > PAUSE_SECONDS:
            if self._socket is not None:
                self._socket.close()
            self._socket = socket.create_connection(self._address, timeout=120)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket


def _reply(connection: socket.socket) -> tuple[bytes, bytes]:
    """Its head and its body, whose length the head names."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _piece(connection)
    head, _, first = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    if length is None:
        raise RuntimeError(f"a reply of unknown length: {head!r}")
    pieces, missing = [first], int(length[1]) - len(first)
    while missing > 0:
        pieces.append(_piece(connection))
        missing -= len(pieces[-1])
    return head, b"".join(pieces)


def _piece(connection: socket.socket) -> bytes:
    piece = connection.recv(_PIECE)
    if not piece:
        raise RuntimeError("the server closed the connection")
    return piece
