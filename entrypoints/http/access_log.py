"""One log line for each request, collected and written in batches off the request's path."""

import asyncio
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

import msgspec

from application.shared.principal import Principal, Trace

_ENCODER = msgspec.json.Encoder()


class AccessLine(msgspec.Struct, kw_only=True):
    """What a request's line says; `duration_ms` is until the last byte was handed to the socket."""

    timestamp: datetime
    level: str
    event: str = "request"
    module_id: str
    user_id: str | None
    request_id: str | None
    trace_id: str | None
    method: str
    path: str
    status: int
    duration_ms: float


class AccessLog:
    """Encodes at once (cheap), writes at most every `interval` seconds; `flush` before the process ends."""

    def __init__(self, module_id: str, *, stream: BinaryIO | None = None, interval: float = 0.2) -> None:
        self._module_id = module_id
        self._stream = stream or sys.stderr.buffer
        self._interval = interval
        self._lines = bytearray()
        self._due: asyncio.TimerHandle | None = None

    def write(
        self,
        *,
        method: str,
        path: str,
        status: int,
        seconds: float,
        user_id: str | None,
        request_id: str | None,
        trace_id: str | None,
    ) -> None:
        """Takes one request's line."""
        line = AccessLine(
            timestamp=datetime.now(UTC),
            level="error" if status >= 500 else "info",
            module_id=self._module_id,
            user_id=user_id,
            request_id=request_id,
            trace_id=trace_id,
            method=method,
            path=path,
            status=status,
            duration_ms=round(seconds * 1000, 3),
        )
        self._lines += _ENCODER.encode(line)
        self._lines += b"\n"
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(self._interval, self.flush)

    def on_response(
        self, scope: MutableMapping[str, Any] | None, status: int, _: int, seconds: float
    ) -> None:
        """The server's hook. `scope` is None for what was not even a request."""
        known = scope or {}
        trace: Trace | None = known.get("kgl.trace")
        caller: Principal | None = known.get("kgl.caller")
        self.write(
            method=str(known.get("method", "-")),
            path=str(known.get("path", "-")),
            status=status,
            seconds=seconds,
            user_id=str(caller.user_id) if caller else None,
            request_id=trace.request_id if trace else None,
            trace_id=trace.traceparent[3:35] if trace and trace.traceparent else None,
        )

    def flush(self) -> None:
        """Writes what was taken."""
        self._due = None
        lines, self._lines = self._lines, bytearray()
        if lines:
            self._stream.write(lines)
            self._stream.flush()
