"""Which web pages may open a socket: a browser asks nobody before it does (RFC 6455, 10.2)."""

from collections.abc import Set
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_allowed(origin: str | None, host: str, allowed: Set[str]) -> bool:
    """Programs send no Origin and may; a page may when this host served it, or its origin is listed."""
    if origin is None:
        return True
    if origin in allowed:
        return True
    try:
        page = urlsplit(origin)
        default = _DEFAULT_PORTS[page.scheme]
        # The request itself does not tell whether a proxy took it in over TLS: the page's scheme decides
        # what an address without a port means.
        here = urlsplit(f"{page.scheme}://{host}")
        same_host = bool(page.hostname) and page.hostname == here.hostname
        return same_host and (page.port or default) == (here.port or default)
    except (KeyError, ValueError):
        return False
