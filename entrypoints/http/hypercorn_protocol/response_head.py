"""Writes the head of an HTTP/1.1 reply, and nothing an application could smuggle into it."""

from collections.abc import Iterable
from http import HTTPStatus

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


def status_line(status: int) -> bytes:
    line = _STATUS_LINES.get(status)
    return line if line is not None else b"HTTP/1.1 %d \r\n" % status


class HeadersOfReply:
    """The application's headers, with those that frame the message taken out and kept apart."""

    __slots__ = ("block", "closes", "content_length", "has_date")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.content_length: int | None = None
        self.closes = False
        self.has_date = False
        parts: list[bytes] = []
        for raw_name, value in headers:
            name = raw_name.lower()
            if name == b"content-length":
                self.content_length = int(value)
                continue
            if name == b"transfer-encoding":
                continue  # hop by hop: how the body is framed is decided here
            if name == b"connection":
                self.closes = self.closes or value.strip().lower() == b"close"
                continue
            if name == b"date":
                self.has_date = True
            parts += (name, b": ", value, b"\r\n")
        self.block = b"".join(parts)
        # One look at the whole block instead of one at each value: a line break inside a value would start a
        # header, or a reply, of an attacker's choosing.
        lines = len(parts) // 4
        if self.block.count(b"\n") != lines or self.block.count(b"\r") != lines or b"\0" in self.block:
            raise ValueError("a header contains a line break or NUL")
