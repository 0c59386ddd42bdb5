"""The test application as a process of its own, for what must be seen from outside: signals and memory."""

import asyncio
import signal
import sys

from entrypoints.http.server import ServerConfig, serve
from entrypoints.websocket.asgi_websocket import BoundedWebsocketConnection
from tests.integration.server.apps import quart_app
from tests.integration.server.running import LOOPS


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    BoundedWebsocketConnection.stall_seconds = 0.5

    def bound(_: str, port: int) -> None:
        print(port, flush=True)  # noqa: T201 - this is how the test learns it

    # Long enough for every client to hear, on its next request, that this was the last one.
    config = ServerConfig(port=0, on_bound=bound, linger_seconds=2)
    await serve(quart_app(), config, stop=stop)  # type: ignore[arg-type]  # Quart types its own scopes


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=LOOPS[sys.argv[1]]) as runner:
        runner.run(main())
