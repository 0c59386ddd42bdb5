"""The check of credentials against servers that behave, refuse, redirect, fail and hang."""

import contextlib
import logging
import time
from collections.abc import Iterator

import pytest

from adapters.providers.credential_check import HttpCredentialCheck, ProviderAddresses
from domain.credentials.credential import Provider
from domain.credentials.errors import CredentialRefusedByProvider, ProviderUnavailable
from domain.shared.secret import Secret
from tests.servers.process import closed_port
from tests.servers.providers import ProviderServer, provider_server

TOKENS = {Provider.OPENAI: "sk-good", Provider.HUGGINGFACE: "hf_good"}
BOTH = pytest.mark.parametrize("provider", list(Provider))


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def elsewhere() -> Iterator[ProviderServer]:
    with provider_server() as server:
        yield server


@pytest.fixture
def server(elsewhere: ProviderServer) -> Iterator[ProviderServer]:
    with provider_server(f"http://localhost:{elsewhere.server_port}") as server:
        yield server


def check_at(openai: str, huggingface: str, patience: float = 30.0) -> HttpCredentialCheck:
    return HttpCredentialCheck(ProviderAddresses(openai=openai, huggingface=huggingface, patience=patience))


@BOTH
async def test_accepts_what_the_provider_accepts(server: ProviderServer, provider: Provider) -> None:
    for slash in ("", "/"):
        await check_at(server.openai + slash, server.url + slash)(provider, Secret(TOKENS[provider]))
    assert len(set(server.asked)) == 1


@BOTH
@pytest.mark.parametrize("token", ["sk-wrong", "hf_wrong", "forbidden"])
async def test_refuses_what_the_provider_refuses(
    server: ProviderServer, provider: Provider, token: str
) -> None:
    secret = Secret(token if token != "forbidden" else f"{TOKENS[provider]}-forbidden")
    with pytest.raises(CredentialRefusedByProvider):
        await check_at(server.openai, server.url)(provider, secret)


@BOTH
@pytest.mark.parametrize("mood", ["busy", "broken", "away", "portal", "drop"])
async def test_stands_back_when_the_provider_says_neither(
    server: ProviderServer, provider: Provider, mood: str
) -> None:
    token = f"{TOKENS[provider]}-{mood}"
    with pytest.raises(ProviderUnavailable) as refused:
        await check_at(server.openai, server.url)(provider, Secret(token))
    assert token not in str(refused.value)


@BOTH
async def test_sends_the_token_nowhere_else(
    server: ProviderServer, elsewhere: ProviderServer, provider: Provider
) -> None:
    with pytest.raises(ProviderUnavailable, match="status 302"):
        await check_at(server.openai, server.url)(provider, Secret(f"{TOKENS[provider]}-elsewhere"))
    assert elsewhere.asked == []


async def test_does_not_wait_for_ever(server: ProviderServer) -> None:
    begun = time.monotonic()
    with pytest.raises(ProviderUnavailable, match=r"within 0\.3 s"):
        await check_at(server.openai, server.url, 0.3)(Provider.OPENAI, Secret("sk-good-hang"))
    assert time.monotonic() - begun < 20, "it would have hung for 30 s"


async def test_says_when_nobody_is_there(server: ProviderServer) -> None:
    with closed_port() as port:
        nobody = f"http://127.0.0.1:{port}"
        with pytest.raises(ProviderUnavailable, match="ConnectError"):
            await check_at(nobody, nobody)(Provider.OPENAI, Secret("sk-good"))


async def test_logs_no_token(server: ProviderServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for mood in ("", "-broken", "-elsewhere", "-drop", "-forbidden"):
        with contextlib.suppress(ProviderUnavailable, CredentialRefusedByProvider):
            await check_at(server.openai, server.url)(Provider.OPENAI, Secret(f"sk-good{mood}-tell-nobody"))
    assert caplog.records
    assert "tell-nobody" not in caplog.text
