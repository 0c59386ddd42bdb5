"""What browsers are told with every reply: security headers, and which other origins' pages may read it.

Made ready once and added to the encoded headers, below Quart: some microseconds a request.
"""

from collections.abc import Iterable, Set
from typing import Any

from quart import Request, Response

from entrypoints.http.rate_limits import STANDINGS, headers_of

Header = tuple[bytes, bytes]

FIXED: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# Replies of the API are data. The pages of the documentation bring a policy of their own.
POLICY: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE: Header = (b"cache-control", b"no-store")
VARY: Header = (b"vary", b"Origin")

EXPOSED = (
    "ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, "
    "WWW-Authenticate, X-Request-ID"
)
ACCEPTED = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, traceparent, "
    "X-Request-ID"
)
# How long a browser may remember the answer to a preflight; it asks again after a change of the list.
MAX_AGE = "600"


class Edge:
    """`origins` are those of `CORS_ORIGINS`: spelled out, never `*`, and never with cookies."""

    __slots__ = ("_shared",)

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self._shared: dict[bytes, tuple[Header, ...]] = {
            origin.encode(): (
                (b"access-control-allow-origin", origin.encode()),
                (b"access-control-expose-headers", EXPOSED.encode()),
            )
            for origin in origins
        }

    def dress(self, headers: list[Header], status: int, scope: Any) -> list[Header]:
        """Adds what a reply to this scope lacks. Without a word about caching, nobody on the way keeps what
        was meant for one caller, or a refusal."""
        names = {name for name, _ in headers}
        headers += FIXED
        if POLICY[0] not in names:
            headers.append(POLICY)
        if NO_STORE[0] not in names and (status >= 400 or "kgl.caller" in scope):
            headers.append(NO_STORE)
        if STANDINGS in scope:
            headers += headers_of(scope[STANDINGS])
        if self._shared:
            headers.append(VARY)
            for name, value in scope["headers"]:
                if name == b"origin":
                    headers += self._shared.get(value, ())
                    break
        return headers

    def preflight(self, received: Request, methods: Set[str]) -> Response | None:
        """The answer to a browser that asks, for a listed origin, whether it may call a route with these
        methods; None for everything else."""
        wanted = received.headers.get("Access-Control-Request-Method")
        origin = received.headers.get("Origin", "").encode("latin-1", "replace")
        if received.method != "OPTIONS" or wanted not in methods or origin not in self._shared:
            return None
        response = Response(b"", 204)
        del response.headers["Content-Type"]
        response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(methods))
        response.headers["Access-Control-Allow-Headers"] = ACCEPTED
        response.headers["Access-Control-Max-Age"] = MAX_AGE
        return response
