"""Whatever access is refused is in the audit log, under seals, even when the process ends at once."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from adapters.security.keys import KeyRing, hs256_key
from adapters.security.tokens import JwtTokens
from adapters.system.clock import SystemClock
from application.identity.ports import TokenClaims, TokenUse
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role
from tests.e2e.api.client import Client, Contract
from tests.e2e.api.processes import JWT_SECRET, Deployment, Process
from tests.e2e.api.world import PASSWORD, Account, administrator, eventually, log_in, new_account

NAME = "knowledge-graph-lab"
NOBODY = "00000000-0000-0000-0000-000000000000"
READ = "GET /api/v1/entities"
TOKEN, REFRESH, SOCKET = "POST /api/v1/auth/token", "POST /api/v1/auth/refresh", "GET /api/v1/ws"


@dataclass(frozen=True, slots=True)
class Refused:
    """A process of the test's own, so that nobody else is counted with us, and when it began."""

    process: Process
    nobody: Client
    began: datetime


@pytest.fixture
def refused(deployed: Deployment, contract: Contract) -> Iterator[Refused]:
    process = deployed.serve()
    client = Client(process.url, contract)
    yield Refused(process, client, datetime.now(UTC))
    client.close()
    process.stop()


def rows(root: Client, since: datetime, **wanted: Any) -> list[dict[str, Any]]:
    """The rows of refused access, the newest first."""
    params = {"action": "access.refused", "occurred_after": since.isoformat(), "limit": 200, **wanted}
    found: list[dict[str, Any]] = root.data("/admin/audit-logs", params=params)
    return found


def told(found: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """How often, by operation and reason."""
    counted: Counter[tuple[str, str]] = Counter()
    for row in found:
        counted[row["operation"], row["reason"]] += row["occurrences"]
    return counted


def tokens_for(audience: str = NAME, secret: str = JWT_SECRET, issuer: str = NAME) -> JwtTokens:
    return JwtTokens(KeyRing(hs256_key(secret)), issuer, audience, SystemClock())


def claims_of(account: Account, age: float = 0) -> TokenClaims:
    issued = datetime.now(UTC) - timedelta(seconds=age)
    return TokenClaims(
        user_id=UserId(uuid4()),
        role=Role.USER,
        session_id=SessionId(uuid4()),
        token_id=uuid4(),
        issued_at=issued,
        expires_at=issued + timedelta(seconds=60),
    )


def bad_tokens(account: Account) -> dict[str, str]:
    """Tokens by what is wrong with them, as the audit log calls it."""
    mine, old, issue = claims_of(account), claims_of(account, 3600), tokens_for().issue
    head, body, signature = account.token.split(".")
    early = replace(mine, issued_at=mine.issued_at + timedelta(hours=1))
    return {
        "invalid_token": "garbage",
        "bad_signature": f"{head}.{body}.{'A' * len(signature)}",
        "unknown_key": tokens_for(secret="another-secret-of-more-than-32-bytes").issue(TokenUse.ACCESS, mine),
        "wrong_audience": tokens_for(audience="elsewhere").issue(TokenUse.ACCESS, mine),
        "wrong_issuer": tokens_for(issuer="elsewhere").issue(TokenUse.ACCESS, mine),
        "expired_token": issue(TokenUse.ACCESS, old),
        "token_not_yet_valid": issue(TokenUse.ACCESS, early),
        "wrong_token_type": issue(TokenUse.REFRESH, mine),
    }


def socket_refuses(process: Process, message: dict[str, Any]) -> int | None:
    """The code a socket is closed with after this message."""
    address = process.url.replace("http", "ws") + "/api/v1/ws"
    with connect(address, proxy=None) as socket:
        socket.send(json.dumps(message))
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        return socket.close_code


def refuse_strangers(refused: Refused, account: Account) -> Counter[tuple[str, str]]:
    """Does what nobody known may do; what the log must say about it."""
    nobody = refused.nobody
    expected: Counter[tuple[str, str]] = Counter()
    assert nobody.get("/entities").status_code == 401
    expected[READ, "no_token"] += 1
    for reason, token in bad_tokens(account).items():
        for _ in range(2):
            assert nobody.speaking(token).get("/entities").status_code == 401, reason
            expected[READ, reason] += 1
    unknown = {"email": "nobody-has-this@example.org", "password": PASSWORD}
    assert nobody.post("/auth/token", json=unknown).status_code == 401
    form = {"grant_type": "password", "username": unknown["email"], "password": PASSWORD}
    assert nobody.post("/auth/token", data=form).json()["error"] == "invalid_grant"
    expected[TOKEN, "unknown_user"] += 2
    assert nobody.post("/auth/refresh", json={"refresh_token": "garbage"}).status_code == 401
    expected[REFRESH, "invalid_token"] += 1
    chosen = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD, "role": "admin"}
    assert nobody.post("/auth/register", json=chosen).status_code == 422
    expected["POST /api/v1/auth/register", "forbidden_field"] += 1
    assert socket_refuses(refused.process, {"type": "subscribe", "topics": ["#"]}) == 4401
    expected[SOCKET, "no_token"] += 1
    assert socket_refuses(refused.process, {"type": "authenticate", "token": "garbage"}) == 4401
    expected[SOCKET, "invalid_token"] += 1
    with pytest.raises(InvalidStatus):
        connect(
            refused.process.url.replace("http", "ws") + "/api/v1/ws",
            origin=Origin("https://evil.test"),
            proxy=None,
        )
    expected[SOCKET, "foreign_origin"] += 1
    too_long = {"Authorization": "Bearer " + "x" * 100_000}
    assert nobody.http.get("/api/v1/entities", headers=too_long).status_code == 431
    expected["*", "head_too_large"] += 1
    return expected


def refuse_account(account: Account) -> Counter[tuple[str, str]]:
    """Does what an account may not do; what its log must say about it."""
    client, nobody = account.client, account.client.speaking(None)
    expected: Counter[tuple[str, str]] = Counter()
    for _ in range(3):
        assert client.get("/admin/users").status_code == 403
    expected["GET /api/v1/admin/users", "not_permitted"] += 3
    for _ in range(2):
        assert client.get(f"/entities/{uuid4()}").status_code == 404
    expected["GET /api/v1/entities/{entity_id}", "not_found"] += 2
    assert client("PATCH", "/auth/me", json={"role": "admin"}).status_code == 422
    expected["PATCH /api/v1/auth/me", "forbidden_field"] += 1
    other = log_in(nobody, account.email)
    ended = nobody.speaking(other["access_token"])
    assert ended.post("/auth/logout").status_code == 204
    assert ended.get("/auth/me").status_code == 401
    expected["GET /api/v1/auth/me", "session_ended"] += 1
    assert nobody.post("/auth/refresh", json={"refresh_token": other["refresh_token"]}).status_code == 401
    expected[REFRESH, "ended_refresh_token"] += 1
    return expected


def test_every_refusal_is_on_record_even_when_the_process_ends_at_once(
    refused: Refused, nobody: Client
) -> None:
    account = new_account(refused.nobody)
    of_strangers = refuse_strangers(refused, account)
    of_account = refuse_account(account)
    assert refused.process.stop() == 0
    root = administrator(nobody)
    strangers = rows(root, refused.began, user_id=NOBODY)
    assert told(strangers) == of_strangers
    mine = rows(root, refused.began, user_id=account.user_id)
    assert told(mine) == of_account
    for row in (*strangers, *mine):
        address = None if row["reason"] == "head_too_large" else "127.0.0.1"
        assert (row["outcome"], row["address"]) == ("failure", address)
        assert row["request_id"]
        assert row["actor_id"] == row["resource_id"] == row["user_id"]
        assert (row["last_occurred_at"] is None) is (row["occurrences"] == 1)
    reader = nobody.speaking(account.token)
    own = reader.data("/audit-logs", params={"action": "access.refused", "limit": 200})
    assert [each["id"] for each in own] == [each["id"] for each in mine]
    stranger = new_account(nobody)
    assert stranger.client.data("/audit-logs", params={"action": "access.refused"}) == []


def test_a_wrong_password_is_the_accounts_own_and_counted_once(refused: Refused, nobody: Client) -> None:
    account = new_account(refused.nobody)
    wrong = {"email": account.email, "password": PASSWORD + "-no"}
    assert refused.nobody.post("/auth/token", json=wrong).status_code == 401
    assert refused.process.stop() == 0
    reader = nobody.speaking(account.token)
    [row] = reader.data("/audit-logs", params={"outcome": "failure"})
    assert (row["action"], row["reason"], row["occurrences"]) == ("session.refused", "wrong_password", 1)
    assert rows(administrator(nobody), refused.began) == []


def test_a_flood_becomes_few_rows_that_count_all_of_it_and_are_sealed(
    refused: Refused, nobody: Client
) -> None:
    for _ in range(300):
        assert refused.nobody.get("/entities").status_code == 401
    assert refused.process.stop() == 0
    root = administrator(nobody)
    found = rows(root, refused.began, user_id=NOBODY)
    assert told(found) == {(READ, "no_token"): 300}
    assert len(found) < 10
    assert [row["occurred_at"] for row in found] == sorted((r["occurred_at"] for r in found), reverse=True)

    def sealed() -> bool:
        return all(row["seal"] for row in rows(root, refused.began, user_id=NOBODY))

    eventually(sealed, "the rows are under a seal")
