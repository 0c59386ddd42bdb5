"""Decides whether a parsed request head may be trusted, and turns it into an ASGI scope."""

import re
from urllib.parse import unquote_to_bytes

Headers = list[tuple[bytes, bytes]]

# uri-host [":" port] of RFC 9110 section 7.2. A lone bracket would crash every URL parser behind us.
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]*)(?::[0-9]{0,5})?")
_ABSOLUTE = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*)([^?#]*)(\?[^#]*)?")

NOTED = frozenset((b"host", b"content-length", b"transfer-encoding", b"expect", b"upgrade"))


class Refusal(Exception):
    """The request is answered here and the connection closed; `status` is a 4xx."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def check_framing(version: str, noted: Headers) -> int | None:
    """Returns the declared length, None for chunked; refuses what two readers could frame differently.

    RFC 9112 section 6.3 lets a server pick one of two contradicting lengths; the intermediary in front of it
    may pick the other one, and then the rest of the body is somebody's next request.
    """
    lengths = [value for name, value in noted if name == b"content-length"]
    if version not in ("1.1", "1.0"):
        raise Refusal(400, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    codings = [value for name, value in noted if name == b"transfer-encoding"]
    if codings:
        if lengths:
            raise Refusal(400, "Content-Length and Transfer-Encoding exclude each other.")
        if version != "1.1" or len(codings) > 1 or codings[0].lower() != b"chunked":
            raise Refusal(400, "The only transfer coding understood is chunked, on HTTP/1.1.")
        return None
    if len(lengths) > 1 or (lengths and not lengths[0].isdigit()):
        raise Refusal(400, "Content-Length must be one number.")
    return int(lengths[0]) if lengths else 0


def check_host(version: str, noted: Headers) -> None:
    hosts = [value for name, value in noted if name == b"host"]
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        raise Refusal(400, "Exactly one Host header is required.")
    if hosts and _HOST.fullmatch(hosts[0]) is None:
        raise Refusal(400, "The Host header is not a host.")


def check_intentions(method: str, noted: Headers) -> tuple[bool, bytes]:
    """Returns whether the client waits for 100 Continue, and what it would upgrade to."""
    if method == "CONNECT":
        raise Refusal(405, "This is no proxy.")
    expects_continue, upgrade = False, b""
    for name, value in noted:
        if name == b"upgrade":
            upgrade = value.lower()
        elif name == b"expect":
            expects_continue = value.lower() == b"100-continue"
            if not expects_continue:
                raise Refusal(417, "The only expectation understood is 100-continue.")
    return expects_continue, upgrade


def split_target(method: str, target: bytes, headers: Headers) -> tuple[str, bytes, bytes]:
    """Returns decoded path, raw path and query; an absolute target's authority replaces Host in `headers`."""
    if b"#" in target:
        raise Refusal(400, "A fragment is not part of a request.")
    if not target.startswith(b"/"):
        if target == b"*" and method == "OPTIONS":
            return "*", target, b""
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None or not absolute[1] or _HOST.fullmatch(absolute[1]) is None:
            raise Refusal(400, "The request target is not valid.")
        headers[:] = [(b"host", absolute[1]), *(pair for pair in headers if pair[0] != b"host")]
        target = (absolute[2] or b"/") + (absolute[3] or b"")
    raw_path, _, query = target.partition(b"?")
    if b"%" not in raw_path:
        try:
            return raw_path.decode("ascii"), raw_path, query
        except UnicodeDecodeError:
            raise Refusal(400, "The request target must be ASCII.") from None
    try:
        path = unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        raise Refusal(400, "The path is not UTF-8 once decoded.") from None
    if "\0" in path:
        raise Refusal(400, "The path contains a NUL character.")
    return path, raw_path, query
