"""Forged, twisted and stolen tokens over HTTP: all are refused, none with a 5xx, and all are on record."""

import contextlib
import select
import socket
from collections.abc import Iterator

import pytest

from adapters.security.keys import new_ed25519_pem
from tests.e2e.api.client import Client, Contract
from tests.e2e.api.forging import ATTACKS, Forge
from tests.e2e.api.listening import Listener, listening
from tests.e2e.api.processes import Deployment, Process
from tests.e2e.api.world import administrator, eventually, new_account

ME = "GET /api/v1/auth/me"


@pytest.fixture(scope="module")
def pem() -> str:
    return new_ed25519_pem()


@pytest.fixture(scope="module")
def asymmetric(deployed: Deployment, pem: str) -> Iterator[Process]:
    """An API process whose tokens anybody can check: its public key is no secret."""
    process = deployed.serve(JWT_SECRET="", JWT_PRIVATE_KEY=pem)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as made:
        yield made


@pytest.fixture(scope="module")
def forge(asymmetric: Process, contract: Contract, pem: str, listener: Listener) -> Iterator[Forge]:
    client = Client(asymmetric.url, contract)
    yield Forge(pem, new_account(client), listener.url)
    client.close()


def refused(root: Client) -> int:
    """How many refusals of this operation are on record."""
    rows = root.data("/admin/audit-logs", params={"action": "access.refused", "limit": 200})
    return sum(row["occurrences"] for row in rows if row["operation"] == ME)


def test_what_is_forged_below_lacks_one_thing_each(forge: Forge) -> None:
    shown = forge.account.client.speaking(forge.token()).get("/auth/me")
    assert shown.status_code == 200
    assert shown.json()["data"]["id"] == forge.account.user_id


@pytest.mark.parametrize("attack", ATTACKS)
def test_refuses(attack: str, forge: Forge, listener: Listener) -> None:
    for token in ATTACKS[attack](forge):
        reply = forge.account.client.speaking(token).get("/auth/me")
        assert reply.status_code == 401, (token, reply.text)
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert forge.account.user_id not in reply.text
        assert token not in reply.text
    assert listener.connections == 0, "a header of a token is nothing to follow"


def test_every_forged_token_is_on_record(forge: Forge, nobody: Client) -> None:
    # Asked at the other process, where administrators are known by a secret.
    root = administrator(nobody)
    before = refused(root)
    tokens = [token for make in ATTACKS.values() for token in make(forge)]
    for token in tokens:
        forge.account.client.speaking(token).get("/auth/me")
    eventually(lambda: refused(root) >= before + len(tokens), "the refusals are on record")


def test_a_token_for_another_installation_is_no_good_here(nobody: Client, forge: Forge) -> None:
    assert nobody.speaking(forge.account.token).get("/auth/me").status_code == 401


def test_refuses_a_token_of_a_megabyte(asymmetric: Process) -> None:
    head = b"GET /api/v1/auth/me HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer "
    sent = 0
    with socket.create_connection(("127.0.0.1", asymmetric.port), timeout=20) as connection:
        connection.sendall(head)
        # Refused for its length, not read to its end: nobody has to send all of it to be told.
        with contextlib.suppress(ConnectionError):  # told, and hung up on before it was noticed
            while sent < 1_000_000 and not select.select([connection], [], [], 0)[0]:
                sent += connection.send(b"x" * 4096)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 431"), answer[:200]
    assert b"application/problem+json" in answer


def test_takes_no_token_from_the_address(forge: Forge, asymmetric: Process) -> None:
    account = forge.account
    for name in ("access_token", "token", "jwt", "api_key", "authorization"):
        for client, status in ((account.client.speaking(None), 401), (account.client, 422)):
            assert client.get("/auth/me", params={name: account.token}).status_code == status
    eventually(lambda: asymmetric.log_text().count('"/api/v1/auth/me"') > 0, "requests are logged")
    assert account.token not in asymmetric.log_text()


def test_takes_no_token_from_a_cookie_or_another_header(forge: Forge) -> None:
    stranger, token = forge.account.client.speaking(None), forge.account.token
    for headers in (
        {"Cookie": f"access_token={token}; session={token}; Authorization=Bearer {token}"},
        {"X-Access-Token": token},
        {"X-Forwarded-Authorization": f"Bearer {token}"},
        {"Proxy-Authorization": f"Bearer {token}"},
        {"X-User-Id": forge.account.user_id, "X-Role": "admin", "X-Remote-User": forge.account.email},
    ):
        assert stranger.get("/auth/me", headers=headers).status_code == 401
