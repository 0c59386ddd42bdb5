"""What replies are made of: ETags, links, and what there is to send when there is nothing."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from quart import Request, Response, Websocket


def bodiless(status: int, headers: dict[str, str]) -> Response:
    """A reply without a body, and so without the media type Quart would give it."""
    response = Response(b"", status, headers)
    del response.headers["Content-Type"]
    return response


async def nothing() -> AsyncIterator[bytes]:
    """A stream that ends at once; of unknown length, as the one it stands for."""
    yield b""


def matches(received: Request, etag: str) -> bool:
    """Whether `If-None-Match` names this ETag (RFC 9110, 13.1.2: weak comparison)."""
    header = received.headers.get("If-None-Match")
    if not header:
        return False
    return header.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in header.split(",")]


def next_url(received: Request, cursor: str) -> str:
    """This list's address with the cursor of its next page; relative, so that no proxy can spoil it."""
    arguments = received.args.copy()
    arguments["cursor"] = cursor
    query = "&".join(f"{quote(k)}={quote(v)}" for k, v in arguments.items(multi=True))
    return f"{received.path}?{query}"


def instance_of(received: Request | Websocket) -> str:
    """The request's path as a URI reference."""
    return quote(received.path, safe="/")
