"""Who really asks: proxies that are trusted are believed about the client, nobody else is.

Every proxy appends whom it was asked by, so a header is read from its right end: the first address that is
not a trusted proxy's is the client's. Whatever stands left of it, the client may have written itself.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
Scope = MutableMapping[str, Any]
# What a server calls: scope, receive, send (ASGI 3.0).
Application = Callable[[Any, Any, Any], Awaitable[None]]
# A header is read this far from its end: no chain of honest proxies is longer, and reading stays cheap.
LONGEST = 1_000
UNIX = "unix"

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the grammar's word for a word
_PAIR = rf'{_TOKEN}=(?:{_TOKEN}|"(?:[^"\\]|\\.)*")'
_LAST = re.compile(rf"(?:^|,)[ \t]*({_PAIR}(?:[ \t]*;[ \t]*{_PAIR})*)[ \t]*\Z")
_PARAMETER = re.compile(rf'({_TOKEN})=(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")')
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?\Z")


@dataclass(frozen=True, slots=True)
class Hop:
    """What one proxy says of the request it was sent: by whom, and how. None where it does not tell."""

    client: Address | None
    scheme: str | None


class TrustedProxies:
    """Networks whose word counts. Raises `ValueError` for what is no network, address or `unix`."""

    def __init__(self, listed: Sequence[str]) -> None:
        self.unix = UNIX in listed
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(each) for each in listed if each != UNIX
        ]

    def __bool__(self) -> bool:
        return self.unix or bool(self._networks)

    def __contains__(self, address: Address | None) -> bool:
        """Whether it is a proxy's; None is the peer of a unix socket."""
        if address is None:
            return self.unix
        return any(address in network for network in self._networks)


def address_of(text: str) -> Address | None:
    """An address without a zone; one of IPv4 that is written as IPv6 counts as IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address


def node_of(text: str) -> Address | None:
    """An address with or without brackets and port (RFC 7239, 6); None for `unknown`, `_hidden`, rubbish."""
    text = text.strip()
    found = _NODE.match(text)
    return address_of(found[1] or found[2]) if found else address_of(text)


def forwarded(header: str) -> Iterator[Hop]:
    """The hops of `Forwarded` (RFC 7239), the nearest first. What cannot be read ends it."""
    rest = header[-LONGEST:]
    while (last := _LAST.search(rest)) is not None:
        told = {name.lower(): word or quoted for name, word, quoted in _PARAMETER.findall(last[1])}
        yield Hop(node_of(told.get("for", "").replace("\\", "")), scheme_of(told.get("proto", "")))
        rest = rest[: last.start()]


def x_forwarded(addresses: str, schemes: str) -> Iterator[Hop]:
    """The hops of `X-Forwarded-For` and `X-Forwarded-Proto`, the nearest first.

    Proxies append addresses, but many replace the scheme: the last one stands for all that have none.
    """
    told = [scheme_of(each) for each in reversed(schemes[-LONGEST:].split(","))]
    for number, each in enumerate(reversed(addresses[-LONGEST:].split(","))):
        yield Hop(node_of(each), told[min(number, len(told) - 1)])


def scheme_of(text: str) -> str | None:
    """`http` or `https`, whatever the case."""
    word = text.strip().lower()
    return word if word in ("http", "https") else None


class BehindProxies:
    """The application for requests that may have come through a trusted proxy.

    `header` is the one the proxies write: another one would be what the client sent them.
    """

    def __init__(self, application: Application, trusted: TrustedProxies, header: str) -> None:
        self._application = application
        self._trusted = trusted
        self._standard = header == "forwarded"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            self.correct(scope)
        await self._application(scope, receive, send)

    def correct(self, scope: Scope) -> None:
        """Sets who asks, and over which scheme, as the trusted proxies tell it."""
        client = scope.get("client")
        address = address_of(client[0]) if client and client[0] else None
        if address not in self._trusted:
            return
        scheme = None
        for hop in self._hops(scope):
            scheme = hop.scheme
            if hop.client is None:
                break  # it hides or garbles who asked: the proxy itself is all that is known
            address = hop.client
            if address not in self._trusted:
                break
        if address is not None:
            scope["client"] = (str(address), 0)
        if scheme is not None:
            secure = scheme == "https"
            web = "https" if secure else "http"
            scope["scheme"] = web if scope["type"] == "http" else "wss" if secure else "ws"

    def _hops(self, scope: Scope) -> Iterator[Hop]:
        if self._standard:
            yield from forwarded(joined(scope, b"forwarded"))
        elif addresses := joined(scope, b"x-forwarded-for"):
            yield from x_forwarded(addresses, joined(scope, b"x-forwarded-proto"))


def joined(scope: Scope, name: bytes) -> str:
    """A header's lines as one (RFC 9110, 5.3)."""
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)
