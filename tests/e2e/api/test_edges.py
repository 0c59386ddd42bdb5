"""What browsers are told: security headers on every reply, and which other pages may call."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.api.client import PROBLEM, Client, Contract
from tests.e2e.api.declared import declared
from tests.e2e.api.processes import Deployment, Process
from tests.e2e.api.world import Account, administrator, entity_body
from tests.integration.server.running import Client as RawClient

HERE, ELSEWHERE = "https://app.example.org", "https://evil.example.org"
POLICY = "default-src 'none'; frame-ancestors 'none'"


@pytest.fixture(scope="module")
def shared(deployed: Deployment, contract: Contract) -> Iterator[httpx.Client]:
    """An API that pages of one other origin may call."""
    process = deployed.serve(CORS_ORIGINS=f"{HERE}, http://127.0.0.1:3000")
    with httpx.Client(base_url=process.url, timeout=20, trust_env=False) as client:
        yield client
    process.stop()


def check_security(headers: httpx.Headers) -> None:
    for name, value in (
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ):
        assert headers.get_list(name) == [value], name
    assert len(headers.get_list("content-security-policy")) == 1
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(headers.get_list("cache-control")) <= 1


def test_every_kind_of_reply_carries_the_security_headers(owner: Account, nobody: Client) -> None:
    entity = f"/entities/{owner.ids['entity_id']}"
    etag = owner.client.get(entity).headers["etag"]
    private = [
        owner.client.get(entity),
        owner.client("HEAD", entity),
        owner.client.get(entity, headers={"If-None-Match": etag}),
        owner.client.post("/entities", json=entity_body(owner)),
        owner.client.post("/entities", json={}),
        owner.client.get("/entities/nothing"),
        owner.client.get("/admin/audit-logs"),
        nobody.get("/entities"),
        nobody.get("/nothing"),
        nobody("OPTIONS", "/entities"),
        nobody.post("/auth/token", json={"email": owner.email, "password": "wrong-password"}),
    ]
    assert [reply.status_code for reply in private] == [200, 200, 304, 201, 422, 404, 403, 401, 404, 405, 401]
    for reply in private:
        check_security(reply.headers)
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["cache-control"] == "no-store"
    for path in ("/health", "/asyncapi.json", "/openapi.json", "/docs", "/redoc", "/docs/start.js"):
        check_security(nobody.http.get(path if path == "/health" else f"/api/v1{path}").headers)
    assert "public" in nobody.http.get("/api/v1/docs/swagger-ui.css").headers["cache-control"]
    assert "script-src 'self'" in nobody.http.get("/api/v1/docs").headers["content-security-policy"]
    with owner.client.http.stream(
        "GET", "/api/v1/events/stream", headers=owner.client.credentials()
    ) as stream:
        check_security(stream.headers)
        assert stream.headers["cache-control"] == "no-store"


def test_the_servers_own_refusals_are_not_sniffed_or_kept(api: Process) -> None:
    client = RawClient(api.port)
    try:
        client.send(b"nonsense\r\n\r\n")
        reply = client.reply()
    finally:
        client.close()
    assert (reply.status, reply.headers["content-type"]) == (400, PROBLEM)
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "no-store"


def test_a_listed_origin_may_read_replies_and_no_other(shared: httpx.Client, owner: Account) -> None:
    credentials = {"Authorization": f"Bearer {owner.token}"}
    for path in ("/api/v1/entities", "/api/v1/nothing", "/health", "/api/v1/openapi.json"):
        allowed = shared.get(path, headers={**credentials, "Origin": HERE})
        assert allowed.headers.get_list("access-control-allow-origin") == [HERE]
        assert "ETag" in allowed.headers["access-control-expose-headers"]
        for origin in (ELSEWHERE, "null", HERE + ".evil.org", HERE.upper(), "*", ""):
            refused = shared.get(path, headers={**credentials, "Origin": origin})
            assert "access-control-allow-origin" not in refused.headers, origin
            assert refused.status_code == allowed.status_code
            assert "Origin" in refused.headers.get_list("vary")
        plain = shared.get(path, headers=credentials)
        assert "access-control-allow-origin" not in plain.headers
        assert "Origin" in plain.headers.get_list("vary")
        assert "access-control-allow-credentials" not in allowed.headers
    both = shared.get("/api/v1/auth/me", headers={**credentials, "Origin": HERE}).headers.get_list("vary")
    assert set(both) == {"Authorization", "Origin"}


def preflight(client: httpx.Client, path: str, origin: str, method: str | None) -> httpx.Response:
    asked = {"Access-Control-Request-Headers": "authorization, content-type"}
    if method is not None:
        asked["Access-Control-Request-Method"] = method
    return client.request("OPTIONS", path, headers={"Origin": origin, **asked})


@pytest.mark.parametrize("path", sorted({each.prefix + each.path for each in declared()}))
def test_a_preflight_is_answered_on_every_route(path: str, shared: httpx.Client) -> None:
    methods = {each.method for each in declared() if each.prefix + each.path == path}
    address = path.replace("{", "").replace("}", "")
    for method in methods:
        reply = preflight(shared, address, HERE, method)
        assert (reply.status_code, reply.content) == (204, b""), path
        assert methods <= set(reply.headers["access-control-allow-methods"].split(", "))
        assert "Authorization" in reply.headers["access-control-allow-headers"]
        assert reply.headers["access-control-allow-origin"] == HERE
        assert "access-control-allow-credentials" not in reply.headers
        check_security(reply.headers)
        refused = preflight(shared, address, ELSEWHERE, method)
        assert refused.status_code == 405
        assert not [name for name in refused.headers if name.startswith("access-control-")]


def test_a_preflight_for_what_is_not_there_is_refused(shared: httpx.Client, nobody: Client) -> None:
    assert preflight(shared, "/api/v1/nothing", HERE, "GET").status_code == 404
    assert preflight(shared, "/api/v1/entities", HERE, "DELETE").status_code == 405
    assert preflight(shared, "/api/v1/entities", HERE, None).status_code == 405
    unlisted = preflight(nobody.http, "/api/v1/entities", HERE, "GET")
    assert unlisted.status_code == 405
    assert not [name for name in unlisted.headers if name.startswith("access-control-")]
    assert "vary" not in unlisted.headers


def test_the_audit_log_tells_an_administrator_who_did_what(account: Account) -> None:
    made = account.client.post("/entities", json=entity_body(account), headers={"X-Request-ID": "audit-me"})
    entity = made.json()["data"]["id"]
    [own] = account.client.data("/audit-logs", params={"resource_id": entity})
    assert (own["action"], own["outcome"], own["request_id"]) == ("entity.created", "success", "audit-me")
    assert (own["actor_id"], own["resource_id"], own["address"]) == (account.user_id, entity, "127.0.0.1")
    assert account.mark not in str(own)
    admin = administrator(account.client)
    [shown] = admin.data("/admin/audit-logs", params={"user_id": account.user_id, "resource_id": entity})
    assert {**own, "user_id": account.user_id, "seal": shown["seal"]} == shown
    assert account.client.get("/admin/audit-logs").status_code == 403
    for bad in ({"outcome": "maybe"}, {"actor_id": "x"}, {"occurred_after": "yesterday"}, {"sort": "action"}):
        assert admin.get("/admin/audit-logs", params=bad).status_code == 422, bad
    assert account.client.get("/audit-logs", params={"user_id": account.user_id}).status_code == 422
