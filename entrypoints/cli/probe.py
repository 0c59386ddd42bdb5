"""Asks a running server whether it is ready, with the standard library alone: it is asked often."""

import errno
import http.client
import json
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from entrypoints.cli.errors import USAGE, CommandError


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`status` is 0 when nobody answered; `body` what readiness says, or why there was no answer."""

    status: int
    body: dict[str, object]

    @property
    def ready(self) -> bool:
        """Whether requests should be sent there."""
        return self.status == 200


def health(url: str, timeout: float = 5.0) -> Health:
    """What `/health/ready` answers."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise CommandError(f"KGL_URL: {url} is not an http:// or https:// address", USAGE)
    secure = address.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=timeout)
    try:
        connection.request("GET", f"{address.path.rstrip('/')}/health/ready")
        response = connection.getresponse()
        body = json.loads(response.read() or b"{}")
        return Health(status=response.status, body=body if isinstance(body, dict) else {"status": body})
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Health(status=0, body={"status": "unreachable", "reason": str(error)})
    finally:
        connection.close()


def check_port_is_free(host: str, port: int) -> int:
    """The port to use, a free one for 0. Raises `CommandError` when somebody else listens there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
            return int(probe.getsockname()[1])
    except OSError as error:
        reason = (
            "already in use, choose another with PORT" if error.errno == errno.EADDRINUSE else error.strerror
        )
        raise CommandError(f"cannot listen on {host}:{port}: {reason}") from error


def reachable(host: str, port: int) -> str:
    """The URL under which this machine reaches a server that listens on `host`."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - names, not a bind
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
