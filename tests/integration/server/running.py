"""Runs the server in a thread of its own, so that tests speak to it over real sockets, byte by byte."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import monotonic, sleep

import uvloop
from quart import Quart

from entrypoints.http.hypercorn_protocol.state import Application, Scope
from entrypoints.http.server import ServerConfig, serve

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP/1.1 reply as it came off the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


class Client:
    """A blocking socket that can be told to say anything."""

    def __init__(self, port: int, timeout: float = 10.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def get(self, target: str = "/", *headers: str) -> None:
        self.send("\r\n".join((f"GET {target} HTTP/1.1", "Host: test", *headers, "", "")).encode())

    def _fill(self) -> bool:
        data = self.socket.recv(65536)
        self._buffer += data
        return bool(data)

    def until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            assert self._fill(), f"connection closed after {self._buffer!r}"
        before, _, self._buffer = self._buffer.partition(mark)
        return before + mark

    def exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            assert self._fill(), "connection closed inside a body"
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def reply(self, *, to_head: bool = False) -> Reply:
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:] if line)}
        status = int(lines[0].split(" ")[1])
        if to_head or status in (204, 304) or status < 200:
            return Reply(status, headers, b"")
        if "content-length" in headers:
            return Reply(status, headers, self.exactly(int(headers["content-length"])))
        if headers.get("transfer-encoding") == "chunked":
            return Reply(status, headers, self._chunks())
        return Reply(status, headers, self.rest())

    def _chunks(self) -> bytes:
        body = []
        while size := int(self.until(b"\r\n"), 16):
            body.append(self.exactly(size))
            assert self.exactly(2) == b"\r\n"
        assert self.exactly(2) == b"\r\n"
        return b"".join(body)

    def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        with contextlib.suppress(ConnectionError):
            while self._fill():
                pass
        data, self._buffer = self._buffer, b""
        return data

    def is_closed(self) -> bool:
        return not self.rest()

    def close(self) -> None:
        self.socket.close()


class RunningServer:
    """A server in a thread; `stop` waits for it and says how long that took."""

    def __init__(self, app: Application | Quart, config: ServerConfig, loop: str) -> None:
        self._bound = threading.Event()
        self._failure: BaseException | None = None
        self.port = 0
        self.responses: list[tuple[Scope | None, int, int, float]] = []
        config = replace(
            config, port=0, shutdown_seconds=30, on_bound=self._on_bound, on_response=self._on_response
        )
        self._thread = threading.Thread(target=self._run, args=(app, config, LOOPS[loop]), daemon=True)
        self._thread.start()
        assert self._bound.wait(60), f"the server did not start: {self._failure}"

    def _on_bound(self, host: str, port: int) -> None:
        self.port = port
        self._bound.set()

    def _on_response(self, scope: Scope | None, status: int, sent: int, seconds: float) -> None:
        self.responses.append((scope, status, sent, seconds))

    def _run(
        self,
        app: Application | Quart,
        config: ServerConfig,
        loop_factory: Callable[[], asyncio.AbstractEventLoop],
    ) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            await serve(app, config, stop=self._stop)  # type: ignore[arg-type]  # Quart types its own scopes

        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(main())
        except BaseException as error:
            self._failure = error

    def begin_stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    def stop(self) -> float:
        started = monotonic()
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self.begin_stop()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the server did not stop"
        assert self._failure is None, self._failure
        return monotonic() - started

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        client = Client(self.port)
        try:
            yield client
        finally:
            client.close()

    def exchange(self, request: bytes) -> Reply:
        with self.client() as client:
            client.send(request)
            return client.reply()


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Fails unless the condition comes true in time: before the server's own patience of 30 s ends."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "the condition did not come true"
        sleep(0.01)
