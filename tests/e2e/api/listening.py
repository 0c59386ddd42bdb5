"""A port on loopback that counts who connects, for requests that nobody must make for an attacker."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Listener:
    """`connections` counts everybody who came."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self.port: int = server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/keys.json"
        self.connections = 0

    def run(self) -> None:
        """Accepts until the socket is shut down."""
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()


@contextmanager
def listening() -> Iterator[Listener]:
    """Listens for the time of a block."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server)
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)
