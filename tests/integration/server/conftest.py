"""Servers for the tests of this folder, on both event loops."""

from collections.abc import Callable, Iterator

import pytest
from quart import Quart

from entrypoints.http.hypercorn_protocol import connection
from entrypoints.http.hypercorn_protocol.state import Application
from entrypoints.http.server import ServerConfig
from tests.integration.server.apps import quart_app
from tests.integration.server.running import LOOPS, RunningServer

Start = Callable[..., RunningServer]


@pytest.fixture(params=sorted(LOOPS))
def loop_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start(loop_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    running: list[RunningServer] = []
    # A server that has said its last word is to read on for as long as a slow client takes to send the rest.
    monkeypatch.setattr(connection, "_LINGER_SECONDS", 60.0)

    def _start(app: Application | Quart | None = None, config: ServerConfig | None = None) -> RunningServer:
        config = config or ServerConfig(linger_seconds=0.05, grace_seconds=3)
        server = RunningServer(app or quart_app(), config, loop_name)
        running.append(server)
        return server

    yield _start
    for server in running:
        server.stop()


@pytest.fixture
def server(start: Start) -> RunningServer:
    return start()
