"""A client that holds every reply it gets to the published document: status, media type, problem."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import httpx

PROBLEM: Final = "application/problem+json"
API: Final = "/api/v1"
UUID_TEXT: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Contract:
    """The OpenAPI document, as something to hold replies against."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._paths = [(self._pattern(path), path, item) for path, item in document["paths"].items()]
        # What is spelled out goes before what is a parameter.
        self._paths.sort(key=lambda each: each[1].count("{"))
        self.seen: dict[str, set[int]] = {}

    @staticmethod
    def _pattern(path: str) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)), re.DOTALL)

    def find(self, method: str, path: str) -> Mapping[str, Any] | None:
        """The documented operation a request belongs to, None when there is none."""
        method = "get" if method == "HEAD" else method.lower()
        for pattern, _, item in self._paths:
            if method in item and pattern.fullmatch(path):
                found: Mapping[str, Any] = item[method]
                return found
        return None

    def methods(self, path: str) -> set[str]:
        """The documented methods of every pattern this path fits."""
        items = [item for pattern, _, item in self._paths if pattern.fullmatch(path)]
        return {method.upper() for item in items for method in item}

    def check(self, method: str, path: str, response: httpx.Response) -> None:
        """Fails where a reply is not what the document or the conventions promise."""
        status = response.status_code
        assert status < 500 or status == 503, (method, path, status, response.text[:500])
        if status >= 400 and not response.headers["content-type"].startswith("application/json"):
            self.check_problem(method, response)
        operation = self.find(method, path)
        if operation is None:
            assert status in (400, 404, 405), (method, path, status)
            return
        documented = operation["responses"]
        assert str(status) in documented, f"{method} {path} answered {status}, which is not documented"
        self.seen.setdefault(operation["operationId"], set()).add(status)
        content = documented[str(status)].get("content")
        if content and status != 304:
            assert response.headers["content-type"].partition(";")[0] in content, (method, path, status)

    @staticmethod
    def check_problem(method: str, response: httpx.Response) -> None:
        assert response.headers["content-type"] == PROBLEM, (response.status_code, response.text[:200])
        if method == "HEAD":
            assert response.content == b""
            return
        shown = response.json()
        extended = {"violated-policies"} if response.status_code == 429 else set()
        assert set(shown) - extended == {
            "type",
            "title",
            "status",
            "detail",
            "instance",
            "request_id",
            "errors",
        }
        assert shown["status"] == response.status_code
        assert shown["type"].startswith("/api/v1/problems/")
        assert isinstance(shown["title"], str)
        assert shown["title"]
        assert isinstance(shown["detail"], str)
        for each in shown["errors"]:
            assert set(each) == {"pointer", "code", "detail"}
            assert each["pointer"] == "" or each["pointer"].startswith("/")


def encoded(headers: Mapping[str, str | bytes]) -> list[tuple[bytes, bytes]]:
    """Headers as bytes, so that any can be sent."""
    return [
        (name.encode(), value.encode("latin-1") if isinstance(value, str) else value)
        for name, value in headers.items()
    ]


class Client:
    """Speaks as one account, or as nobody."""

    def __init__(self, url: str, contract: Contract, token: str | None = None) -> None:
        self.contract = contract
        self.token = token
        # As many idle connections as threads have used: httpcore closes those above a limit, and does so even
        # while another thread has just been given one.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self.http = httpx.Client(base_url=url, timeout=20, limits=limits, trust_env=False)

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request below the API's prefix, but where `path` begins with it, `/health` or `/.well-known`."""
        if not path.startswith((API, "/health", "/.well-known")):
            path = API + path
        headers = [*self.credentials().items(), *encoded(more.pop("headers", {}))]
        response = self.http.request(method, path, headers=headers, **more)
        self.contract.check(method, unquote(path, errors="replace").partition("?")[0], response)
        return response

    def credentials(self) -> dict[bytes, bytes]:
        """The token as a header, bytes that are no ASCII included."""
        return {} if self.token is None else {b"Authorization": f"Bearer {self.token}".encode("latin-1")}

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self("POST", path, **more)

    def data(self, path: str, **more: Any) -> Any:
        """The data of a successful reading."""
        response = self.get(path, **more)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def speaking(self, token: str | None) -> "Client":
        """The same API, as somebody else."""
        other = Client.__new__(Client)
        other.contract, other.http, other.token = self.contract, self.http, token
        return other

    def close(self) -> None:
        self.http.close()


def ids_in(response: httpx.Response) -> set[str]:
    """Every id a reply tells; `instance` and `Location` repeat the request or name what it made."""
    if not response.content:
        return set()
    try:
        shown = response.json()
    except json.JSONDecodeError:
        return set(UUID_TEXT.findall(response.text))
    if isinstance(shown, dict):
        shown.pop("instance", None)
    return set(UUID_TEXT.findall(json.dumps(shown)))
