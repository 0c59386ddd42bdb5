"""Limits on a running server: who is refused, what they are told, and whom nothing of it touches."""

import asyncio
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import websockets

from tests.e2e.api.client import PROBLEM, Client, Contract
from tests.e2e.api.processes import Deployment, Process
from tests.servers.process import ServerUnavailable
from tests.servers.redis import PrivateRedis, private_redis

PASSWORD = "correct horse battery staple"
# So long that no window ends during a test.
GENEROUS = "100000/12hour"
LIMITS = {
    "RATE_LIMITS": "on",
    "RATE_LIMIT": GENEROUS,
    "RATE_LIMIT_ANONYMOUS": GENEROUS,
    "RATE_LIMIT_LOGIN": GENEROUS,
    "RATE_LIMIT_ACCOUNT": GENEROUS,
    "RATE_LIMIT_REGISTRATION": GENEROUS,
    "RATE_LIMIT_CONFIRMATION": GENEROUS,
    "RATE_LIMIT_SOCKETS": GENEROUS,
}


@contextmanager
def limited(deployed: Deployment, contract: Contract, **limits: str) -> Iterator[Client]:
    """A client of a process of its own, that counts by itself."""
    process = deployed.serve(**{**LIMITS, **limits})
    client = Client(process.url, contract)
    try:
        yield client
    finally:
        client.close()
        process.stop()


def url_of(client: Client) -> str:
    """Where its server is."""
    return str(client.http.base_url).rstrip("/")


def registered(client: Client, **headers: str) -> dict[str, str]:
    """A new account's e-mail address and password."""
    account = {"email": f"{secrets.token_hex(8)}@example.org", "password": PASSWORD}
    assert client.post("/auth/register", json=account, headers=headers).status_code == 201
    return account


def bearer(client: Client, account: dict[str, str]) -> dict[str, str]:
    """Its headers."""
    reply = client.post("/auth/token", json=account)
    assert reply.status_code == 200
    return {"Authorization": f"Bearer {reply.json()['access_token']}"}


def check_refusal(reply: httpx.Response, policy: str) -> None:
    assert reply.status_code == 429
    assert reply.headers["content-type"] == PROBLEM
    problem = reply.json()
    assert problem["type"] == "/api/v1/problems/quota-exceeded"
    assert problem["violated-policies"] == [policy]
    left = re.search(rf'"{policy}";r=0;t=(\d+)', reply.headers["ratelimit"])
    assert left, reply.headers["ratelimit"]
    assert int(reply.headers["retry-after"]) >= int(left[1]) >= 1
    assert f'"{policy}";q=' in reply.headers["ratelimit-policy"]


def test_every_reply_tells_what_is_left_and_then_how_long_to_wait(
    deployed: Deployment, contract: Contract
) -> None:
    with limited(deployed, contract, RATE_LIMIT="5/12hour") as client:
        headers = bearer(client, registered(client))
        replies = [client.get("/entities", headers=headers) for _ in range(6)]
        assert [reply.status_code for reply in replies] == [200] * 5 + [429]
        for number, reply in enumerate(replies[:5]):
            assert reply.headers["ratelimit-policy"] == '"default";q=5;w=43200'
            assert re.fullmatch(rf'"default";r={4 - number};t=\d+', reply.headers["ratelimit"])
        check_refusal(replies[5], "default")
        assert client.get("/entities", headers=bearer(client, registered(client))).status_code == 200
        page = httpx.get(url_of(client) + replies[5].json()["type"], timeout=20, trust_env=False)
        assert page.status_code == 200
        assert "Retry-After" in page.text
        for path in ("/health", "/health/live", "/health/ready"):
            for _ in range(10):
                reply = httpx.get(url_of(client) + path, timeout=20, trust_env=False)
                assert reply.status_code == 200
                assert "ratelimit" not in reply.headers


def test_guessing_tokens_is_counted_by_address(deployed: Deployment, contract: Contract) -> None:
    with limited(deployed, contract, RATE_LIMIT_ANONYMOUS="3/12hour") as client:
        headers = bearer(client, registered(client))
        guesses = [client.get("/entities", headers={"Authorization": "Bearer guess"}) for _ in range(4)]
        assert [reply.status_code for reply in guesses] == [401, 401, 401, 429]
        check_refusal(guesses[3], "anonymous")
        assert client.get("/entities", headers=headers).status_code == 200, "who has a token is let in"


def test_logins_are_limited_by_address_and_by_account(deployed: Deployment, contract: Contract) -> None:
    trusted = {
        "TRUSTED_PROXIES": "127.0.0.1",
        "RATE_LIMIT_LOGIN": "4/12hour",
        "RATE_LIMIT_ACCOUNT": "6/12hour",
    }
    with limited(deployed, contract, **trusted) as client:
        account = registered(client)

        def attempt(address: str, email: str) -> httpx.Response:
            body = {"email": email, "password": "not the one"}
            return client.post("/auth/token", json=body, headers={"X-Forwarded-For": address})

        one = [attempt("192.0.2.1", f"{number}@example.org") for number in range(5)]
        assert [reply.status_code for reply in one] == [401] * 4 + [429]
        check_refusal(one[4], "login")
        forged = attempt("198.51.100.9, 192.0.2.1", "5@example.org")
        check_refusal(forged, "login")
        many = [attempt(f"192.0.2.{number}", account["email"].upper()) for number in range(10, 17)]
        assert [reply.status_code for reply in many] == [401] * 6 + [429]
        check_refusal(many[6], "account")
        form = {"grant_type": "password", "username": account["email"], "password": PASSWORD}
        check_refusal(
            client.post("/auth/token", data=form, headers={"X-Forwarded-For": "192.0.2.99"}), "account"
        )


def test_registrations_and_passwords_have_limits_of_their_own(
    deployed: Deployment, contract: Contract
) -> None:
    limits = {"RATE_LIMIT_REGISTRATION": "2/12hour", "RATE_LIMIT_CONFIRMATION": "2/12hour"}
    with limited(deployed, contract, **limits) as client:
        headers = bearer(client, registered(client))
        registered(client)
        third = {"email": f"{secrets.token_hex(8)}@example.org", "password": PASSWORD}
        check_refusal(client.post("/auth/register", json=third), "registration")
        body = {"current_password": "not the one", "new_password": "another good password"}
        for _ in range(2):
            assert client.post("/auth/me/password", json=body, headers=headers).status_code == 422
        check_refusal(client.post("/auth/me/password", json=body, headers=headers), "confirmation")
        last = client("DELETE", "/auth/me", json={"password": PASSWORD}, headers=headers)
        check_refusal(last, "confirmation")
        assert client.get("/auth/me", headers=headers).status_code == 200


def test_handshakes_are_limited_by_address(deployed: Deployment, contract: Contract) -> None:
    async def handshakes(url: str) -> list[int]:
        statuses, waits = [], []
        for _ in range(4):
            try:
                async with websockets.connect(url, proxy=None):
                    statuses.append(101)
            except websockets.InvalidStatus as error:
                statuses.append(error.response.status_code)
                waits.append(int(error.response.headers["Retry-After"]))
        assert all(wait >= 1 for wait in waits)
        return statuses

    with limited(deployed, contract, RATE_LIMIT_SOCKETS="3/12hour") as client:
        url = url_of(client).replace("http://", "ws://") + "/api/v1/ws"
        assert asyncio.run(handshakes(url)) == [101, 101, 101, 429]


def test_a_flood_of_logins_is_refused_before_it_costs_anything(
    deployed: Deployment, contract: Contract
) -> None:
    """With the limits, nothing reaches the hashing; without, all but a short line is turned away."""

    async def flood(url: str, count: int) -> list[int]:
        async with httpx.AsyncClient(
            base_url=url, timeout=300, trust_env=False, limits=httpx.Limits(max_connections=100)
        ) as client:

            async def attempt() -> int:
                body = {"email": f"{secrets.token_hex(8)}@example.org", "password": "not the one"}
                return (await client.post("/api/v1/auth/token", json=body)).status_code

            return list(await asyncio.gather(*(attempt() for _ in range(count))))

    with limited(deployed, contract, RATE_LIMIT_LOGIN="5/12hour", BCRYPT_COST="10") as client:
        answers = asyncio.run(flood(url_of(client), 100))
        assert sorted(answers) == [401] * 5 + [429] * 95
    with limited(deployed, contract, RATE_LIMITS="off", BCRYPT_COST="12") as client:
        answers = asyncio.run(flood(url_of(client), 100))
        assert set(answers) == {401, 503}, "some were hashed, and nobody waits behind an endless line"
        assert "ratelimit" not in client.get("/entities").headers


@pytest.fixture
def redis() -> Iterator[PrivateRedis]:
    """A server that is this test's alone."""
    try:
        with private_redis() as server:
            yield server
    except ServerUnavailable as error:
        pytest.fail(str(error), pytrace=False)


def said(process: Process, event: str) -> int:
    return sum(line.get("event") == event for line in process.log_lines())


def test_processes_share_their_counts_and_survive_their_redis(
    deployed: Deployment, contract: Contract, redis: PrivateRedis
) -> None:
    environment = {**LIMITS, "REDIS_URL": redis.url, "RATE_LIMIT": "6/12hour"}
    processes = [deployed.serve(**environment) for _ in range(2)]
    one, another = (Client(process.url, contract) for process in processes)
    headers = bearer(one, registered(one))
    shared = [client.get("/entities", headers=headers).status_code for client in (one, another) * 4]
    assert shared == [200] * 6 + [429] * 2
    redis.kill()
    alone = [another.get("/entities", headers=headers).status_code for _ in range(7)]
    assert alone == [200] * 6 + [429], "each by itself, and nothing fails"
    assert said(processes[1], "rate_limit_store_lost") == 1
    redis.start()
    processes[1].wait_until(lambda: said(processes[1], "rate_limit_store_back") == 1)
    assert another.get("/entities", headers=headers).status_code == 200, "the new Redis counts from the start"
    for client, process in zip((one, another), processes, strict=True):
        client.close()
        process.stop()
