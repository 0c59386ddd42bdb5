"""A real RabbitMQ for tests: the one named in the environment, a container, or a private node."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.servers.containers import container, docker_answers
from tests.servers.folder import server_folder
from tests.servers.process import ServerProcess, ServerUnavailable, answers, free_port

# The packaged script itself: the wrapper on the PATH switches to the package's own user and directories.
SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.relative = 0.8
raft.wal_max_size_bytes = 16777216
log.console = false
log.file.level = info
"""

# One scheduler that does not spin: the node shares a small machine with the tests that talk to it.
ERLANG_ARGUMENTS = (
    "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"
)


def speaks_amqp(port: int) -> bool:
    """Whether a broker answers the protocol header with a method frame."""
    return answers(port, say=b"AMQP\x00\x00\x09\x01", expect=b"\x01\x00\x00")


class RabbitMQTestServer:
    """A broker and the URL of its administrator."""

    def __init__(self, url: str) -> None:
        self.url = url


class PrivateRabbitMQ(RabbitMQTestServer):
    """A node of its own: ports, data, cookie and port mapper, all on the loopback interface.

    `kill` and `start` may follow each other as often as wanted; data, ports and URL stay.
    """

    def __init__(self, directory: Path) -> None:
        if not SCRIPT.exists() or shutil.which("epmd") is None:
            raise ServerUnavailable(
                "RabbitMQ is needed: set TEST_RABBITMQ_URL, start Docker, or run tests/servers/install.sh"
            )
        self._directory = directory
        self._port = free_port()
        self._epmd_port = free_port()
        self._node: ServerProcess | None = None
        self._epmd: ServerProcess | None = None
        (directory / "rabbitmq.conf").write_text(CONFIGURATION.format(port=self._port))
        (directory / "rabbitmq-env.conf").touch()
        (directory / "enabled_plugins").write_text("[].\n")
        self._environment = {
            "HOME": str(directory),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"kgl-{uuid4().hex[:8]}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(directory / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_ARGUMENTS,
        }
        super().__init__(f"amqp://guest:guest@127.0.0.1:{self._port}/")

    def start(self) -> None:
        if self._epmd is None:
            # Started here, in the foreground: the node would otherwise leave one behind as a daemon.
            self._epmd = ServerProcess(
                ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"],
                log=self._directory / "epmd.log",
            )
            # Its port answers a names request (the letter n, two bytes of length before it).
            self._epmd.wait_until(
                lambda: answers(self._epmd_port, say=b"\x00\x01n", expect=self._epmd_port.to_bytes(4, "big")),
                within=30,
                what="epmd",
            )
        self._node = ServerProcess(
            [SCRIPT], log=self._directory / "console.log", environment=self._environment
        )
        self._node.wait_until(lambda: speaks_amqp(self._port), within=90, what="RabbitMQ")

    def has_saved_queues(self) -> bool:
        """Whether quorum queues would survive a kill by now.

        The broker confirms a new queue up to a second before it has saved that the queue exists; killed
        in between, it starts the queue anew without a leader. Messages have no such delay.
        """
        try:
            tables = [path.read_bytes() for path in (self._directory / "data").glob("**/quorum/**/*.dets")]
            queues = [path.parent.name for path in (self._directory / "data").glob("**/quorum/**/config")]
        except FileNotFoundError:  # the broker is at work in there
            return False
        return bool(queues) and all(sum(queue.encode() in table for table in tables) >= 2 for queue in queues)

    def kill(self) -> None:
        """Ends the node without any shutdown."""
        if self._node is not None:
            self._node.kill()
            self._node = None

    def stop(self) -> None:
        """Ends node and port mapper."""
        # A disposable node has nothing to save, and its orderly shutdown takes seconds.
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd = None


@contextmanager
def private_rabbitmq() -> Iterator[PrivateRabbitMQ]:
    """A started node in a folder of its own, gone at the end; the caller may kill and restart it."""
    with server_folder("rabbitmq") as directory:
        node = PrivateRabbitMQ(directory)
        try:
            node.start()
            yield node
        finally:
            node.stop()


@contextmanager
def any_rabbitmq() -> Iterator[RabbitMQTestServer]:
    """The environment's broker, else a container, else a private node."""
    if url := os.environ.get("TEST_RABBITMQ_URL"):
        yield RabbitMQTestServer(url)
    elif docker_answers():
        with container("rabbitmq:4", 5672, {}, speaks_amqp) as port:
            yield RabbitMQTestServer(f"amqp://guest:guest@127.0.0.1:{port}/")
    else:
        with private_rabbitmq() as node:
            yield node
