"""A small API in memory, as far as the command line calls it: httpx speaks to it without a socket."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from entrypoints.cli.client import ApiClient
from entrypoints.cli.target import Target


@dataclass
class Api:
    """Documents become processed after being listed as pending `patience` times."""

    patience: int = 2
    interruptions: list[httpx.Response | Exception] = field(default_factory=list)
    documents: dict[str, dict[str, object]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: int = 0
    expired: set[str] = field(default_factory=set)
    fails: Callable[[dict[str, object]], bool] = lambda _: False
    stuck: bool = False

    def client(self, target: Target | None = None) -> ApiClient:
        account = target or Target(url="http://kgl", email="ada@example.org", password="a long password")
        return ApiClient(account, transport=httpx.MockTransport(self.answer), first_pause=0.0)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        self.requests.append(f"{request.method} {path}")
        if self.interruptions and path != "/auth/token":
            interruption = self.interruptions.pop(0)
            if isinstance(interruption, Exception):
                raise interruption
            return interruption
        if path == "/auth/token":
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"token-{self.tokens}"})
        if request.headers.get("Authorization", "").removeprefix("Bearer ") in {"", *self.expired}:
            return problem(401, "the token has expired")
        return self.resource(request, path)

    def resource(self, request: httpx.Request, path: str) -> httpx.Response:
        if path == "/graph/stats":
            found = sum(1 for each in self.documents.values() if each["status"] == "processed")
            return data({"entities": 3 * found, "relationships": 2 * found})
        if path == "/documents" and request.method == "POST":
            return self.add(json.loads(request.content))
        if path == "/documents":
            return self.listed(request.url.params["status"], request.url.params.get("cursor"))
        return problem(404, "not found")

    def add(self, body: dict[str, object]) -> httpx.Response:
        for document in self.documents.values():
            if document["content"] == body["content"]:
                return data(document)
        if not str(body["content"]).isprintable():
            return problem(422, "the document is refused", [{"pointer": "/content", "detail": "is odd"}])
        document = {**body, "id": f"d{len(self.documents)}", "status": "pending", "seen": 0}
        self.documents[str(document["id"])] = document
        return data(document, 201)

    def listed(self, status: str, cursor: str | None) -> httpx.Response:
        found = [dict(each) for each in self.documents.values() if each["status"] == status]
        start, size = int(cursor or 0), 2
        if status == "pending" and not cursor and not self.stuck:
            for document in self.documents.values():
                document["seen"] = int(str(document["seen"])) + 1
                if document["status"] == "pending" and int(str(document["seen"])) >= self.patience:
                    document["status"] = "failed" if self.fails(document) else "processed"
        end = start + size
        return data(found[start:end], next_cursor=str(end) if end < len(found) else None)


def data(value: object, status: int = 200, next_cursor: str | None = None) -> httpx.Response:
    return httpx.Response(status, json={"data": value, "meta": {"next_cursor": next_cursor}, "errors": []})


def problem(status: int, detail: str, errors: list[dict[str, str]] | None = None) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "detail": detail, "errors": errors or []})
