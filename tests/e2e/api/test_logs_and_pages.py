"""What the processes write down, and what the documentation pages load."""

import re
import secrets
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.e2e.api.client import Client
from tests.e2e.api.processes import JWT_SECRET, Deployment, Process
from tests.e2e.api.world import PASSWORD, TRACE, TRACEPARENT, eventually, log_in, new_account

LINE = {
    "timestamp",
    "level",
    "event",
    "module_id",
    "user_id",
    "request_id",
    "trace_id",
    "method",
    "path",
    "status",
    "duration_ms",
}


def test_a_served_request_is_one_line_of_json_without_any_secret(
    deployed: Deployment, api: Process, nobody: Client
) -> None:
    account = new_account(nobody)
    client = account.client
    password = "a-wrong-password-nobody-may-read"
    mark = secrets.token_hex(6)
    headers = {"X-Request-ID": mark, "traceparent": TRACEPARENT}
    client.get("/entities", params={"q": "Somebody"}, headers=headers)
    nobody.post("/auth/token", json={"email": account.email, "password": password})
    nobody.post("/auth/register", json={"email": "x", "password": password})
    nobody.post("/auth/refresh", json={"refresh_token": account.refresh_token + "x"})
    nobody.post(
        "/auth/token",
        content=f'{{"password": "{password}", '.encode(),
        headers={"Content-Type": "application/json"},
    )
    nobody.get("/entities", headers={"Authorization": f"Bearer {account.token}x"})
    fresh = log_in(nobody, account.email)

    def line_of(request_id: str) -> list[dict[str, Any]]:
        return [each for each in api.log_lines() if each.get("request_id") == request_id]

    eventually(lambda: bool(line_of(mark)), "the line is written")
    [line] = line_of(mark)
    assert set(line) == LINE
    assert (line["event"], line["level"], line["module_id"]) == ("request", "info", "backend")
    assert (line["user_id"], line["trace_id"]) == (account.user_id, TRACE)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/entities", 200)
    for each in deployed.processes:
        text = each.log_text()
        for secret in (PASSWORD, password, JWT_SECRET, account.token, account.refresh_token, "secret@"):
            assert secret not in text
        assert fresh["access_token"] not in text
        for parsed in each.log_lines():
            assert {"timestamp", "level", "event", "module_id", "user_id", "request_id", "trace_id"} <= set(
                parsed
            )
            # What something else was needed for that was away is refused with 503, and nobody's mistake here.
            assert parsed["level"] != "error" or parsed.get("status") == 503, parsed


class Links(HTMLParser):
    """Every address a page names in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            value for name, value in attrs if value and name in ("src", "href", "spec-url", "action")
        ]


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/problems/not-found", "/problems/invalid-input"])
def test_documentation_loads_from_nobody_else(page: str, api: Process) -> None:
    reply = httpx.get(f"{api.url}/api/v1{page}", timeout=20, trust_env=False)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*", policy)
    links = Links()
    links.feed(reply.text)
    if not page.startswith("/problems"):
        assert links.found
    for link in links.found:
        absolute = urljoin(str(reply.url), link)
        assert urlsplit(absolute).netloc == urlsplit(api.url).netloc, link
        loaded = httpx.get(absolute, timeout=20, trust_env=False)
        assert loaded.status_code == 200, link
        if link.endswith(".css"):
            assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", loaded.text)


def test_every_problem_type_that_is_sent_has_its_page(nobody: Client, api: Process) -> None:
    for path, token in (("/nothing", None), ("/entities", "x")):
        shown = nobody.speaking(token).get(path).json()
        page = httpx.get(f"{api.url}{shown['type']}", timeout=20, trust_env=False)
        assert page.status_code == 200
        assert str(shown["status"]) in page.text
