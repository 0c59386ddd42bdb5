"""What is sent to a provider, what is believed of its replies, and how often it is asked."""

import asyncio
import base64
import hashlib
import warnings
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from joserfc.jwk import RSAKey

from adapters.oidc.config import ProviderConfig
from application.identity.oidc_ports import Answer
from domain.identity.errors import LoginDenied, ProviderUnavailable, UntrustedIdentity
from tests.unit.adapters.oidc.stand_in import (
    ANSWER,
    CONFIG,
    EC,
    ISSUER,
    PENDING,
    RSA,
    StandIn,
    claims,
    page,
    signed,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # weak on purpose
    WEAK = RSAKey.generate_key(1024, {"kid": "rsa"})


def refuse() -> httpx.Response:
    raise httpx.ConnectError("nobody there")


def slow() -> httpx.Response:
    raise httpx.ReadTimeout("nothing yet")


async def test_sends_the_browser_where_the_provider_says_with_what_belongs_to_the_login() -> None:
    url = urlsplit(await StandIn().provider().authorization_url(PENDING))
    sent = {name: values[0] for name, values in parse_qs(url.query).items()}
    digest = hashlib.sha256(PENDING.code_verifier.encode()).digest()
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{ISSUER}/authorize"
    assert sent == {
        "tenant": "1",
        "response_type": "code",
        "client_id": "kgl",
        "redirect_uri": "https://kgl.example/cb",
        "scope": "openid email profile",
        "state": PENDING.state,
        "nonce": PENDING.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize(
    ("offered", "secret", "authorization", "form"),
    [
        (None, "a-secret", "Basic " + base64.b64encode(b"kgl:a-secret").decode(), set()),
        (["client_secret_post", "client_secret_basic"], "a-secret", "Basic", set()),
        (["client_secret_post"], "a-secret", None, {"client_id", "client_secret"}),
        (None, "", None, {"client_id"}),
    ],
)
async def test_redeems_the_code_with_the_verifier_as_the_client_it_is(
    offered: list[str] | None, secret: str, authorization: str | None, form: set[str]
) -> None:
    stand_in = StandIn()
    if offered is not None:
        stand_in.metadata["token_endpoint_auth_methods_supported"] = offered
    config = msgspec.structs.replace(CONFIG, client_secret=secret)
    await stand_in.provider(config).assertion(ANSWER, PENDING)
    (sent,) = stand_in.forms
    assert sent["code"] == ["the-code"]
    assert sent["code_verifier"] == [PENDING.code_verifier]
    assert sent["grant_type"] == ["authorization_code"]
    assert sent["redirect_uri"] == ["https://kgl.example/cb"]
    assert set(sent) - {"code", "code_verifier", "grant_type", "redirect_uri"} == form
    header = stand_in.headers[stand_in.asked.index("/token")].get("Authorization")
    assert header is None if authorization is None else str(header).startswith(authorization)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"issuer": ISSUER + "/"},
        {"issuer": None},
        {"authorization_endpoint": "http://login.example.org/authorize"},
        {"token_endpoint": "http://login.example.org/token"},
        {"token_endpoint": "https://user:pw@login.example.org/token"},
        {"token_endpoint": "https://[::1/token"},
        {"token_endpoint": 7},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"userinfo_endpoint": "gopher://x"},
        {"code_challenge_methods_supported": ["plain"]},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
        {"id_token_signing_alg_values_supported": "RS256"},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    ],
)
async def test_a_provider_that_cannot_be_used_is_not(changes: dict[str, object]) -> None:
    stand_in = StandIn()
    stand_in.metadata |= changes
    with pytest.raises(ProviderUnavailable):
        await stand_in.provider().authorization_url(PENDING)


FAILURES = [
    refuse,
    slow,
    page(500, {}),
    page(404, "gone"),
    page(302, {}),
    page(200, "<html>"),
    page(200, []),
    page(200, "[" * 100_000),
    page(200, "x" * 600_000),
]


@pytest.mark.parametrize("reply", FAILURES)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token"])
async def test_a_provider_that_fails_is_unavailable(path: str, reply: Callable[[], httpx.Response]) -> None:
    stand_in = StandIn()
    stand_in.documents[path] = reply
    with pytest.raises(ProviderUnavailable):
        await stand_in.provider().assertion(ANSWER, PENDING)


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "access_denied"])
async def test_a_code_the_provider_refuses_lets_nobody_in(error: str) -> None:
    stand_in = StandIn()
    stand_in.documents["/token"] = page(400, {"error": error})
    with pytest.raises(LoginDenied):
        await stand_in.provider().assertion(ANSWER, PENDING)


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "server_error", 7])
async def test_what_the_settings_are_wrong_about_is_not_the_callers_fault(error: object) -> None:
    stand_in = StandIn()
    stand_in.documents["/token"] = page(401, {"error": error})
    with pytest.raises(ProviderUnavailable):
        await stand_in.provider().assertion(ANSWER, PENDING)


async def test_an_answer_has_to_name_the_issuer_of_a_provider_that_says_so() -> None:
    """RFC 9207, against mix-up attacks; the code is not sent anywhere then."""
    stand_in = StandIn()
    stand_in.metadata["authorization_response_iss_parameter_supported"] = True
    provider = stand_in.provider()
    wrong = (None, "", "https://evil.example", ISSUER + "/")
    for issuer in wrong:
        for code, error in (("the-code", None), (None, "access_denied")):
            with pytest.raises(UntrustedIdentity):
                await provider.assertion(Answer(state="s", code=code, error=error, issuer=issuer), PENDING)
    assert stand_in.forms == []
    named = Answer(state="s", code="the-code", issuer=ISSUER)
    assert (await provider.assertion(named, PENDING)).subject == "ada"


async def test_asks_for_the_document_and_the_keys_once_however_many_log_in() -> None:
    stand_in = StandIn()
    provider = stand_in.provider()
    await asyncio.gather(*(provider.assertion(ANSWER, PENDING) for _ in range(20)))
    assert stand_in.asked.count("/.well-known/openid-configuration") == 1
    assert stand_in.asked.count("/jwks") == 1
    stand_in.clock.time += timedelta(hours=1)
    stand_in.id_token = signed(claims(exp=int(stand_in.clock.time.timestamp()) + 60))
    await provider.assertion(ANSWER, PENDING)
    assert stand_in.asked.count("/.well-known/openid-configuration") == 2
    assert stand_in.asked.count("/jwks") == 2


async def test_finds_a_key_that_is_newer_and_does_not_look_for_ever() -> None:
    stand_in = StandIn()
    provider = stand_in.provider()
    await provider.assertion(ANSWER, PENDING)
    fresh = RSAKey.generate_key(2048, {"kid": "fresh"})
    stand_in.id_token = signed(claims(), fresh)
    for _ in range(5):
        with pytest.raises(UntrustedIdentity):
            await provider.assertion(ANSWER, PENDING)
    assert stand_in.asked.count("/jwks") == 1
    stand_in.clock.time += timedelta(seconds=30)
    stand_in.keys = [EC, fresh]
    assert (await provider.assertion(ANSWER, PENDING)).subject == "ada"
    assert stand_in.asked.count("/jwks") == 2


async def test_a_provider_that_is_down_is_not_asked_by_everybody() -> None:
    stand_in = StandIn()
    working = stand_in.documents["/.well-known/openid-configuration"]
    stand_in.documents["/.well-known/openid-configuration"] = refuse
    provider = stand_in.provider()
    for _ in range(20):
        with pytest.raises(ProviderUnavailable):
            await provider.authorization_url(PENDING)
    assert len(stand_in.asked) == 1
    stand_in.documents["/.well-known/openid-configuration"] = working
    stand_in.clock.time += timedelta(seconds=5)
    await provider.authorization_url(PENDING)


async def test_takes_the_address_from_the_users_information_where_the_token_has_none() -> None:
    stand_in = StandIn()
    stand_in.id_token = signed(claims(email=None, email_verified=None))
    said = {"sub": "ada", "email": "ada@example.org", "email_verified": True, "given_name": "Ada"}
    stand_in.documents["/userinfo"] = page(200, said)
    found = await stand_in.provider().assertion(ANSWER, PENDING)
    assert (found.email, found.email_verified, found.first_name) == ("ada@example.org", True, "Ada")
    assert stand_in.headers[-1]["Authorization"] == "Bearer at"
    stand_in.documents["/userinfo"] = page(200, {**said, "sub": "eve"})
    with pytest.raises(UntrustedIdentity):
        await stand_in.provider().assertion(ANSWER, PENDING)


async def test_keys_that_cannot_be_read_are_passed_over() -> None:
    stand_in = StandIn()
    odd: list[object] = [7, {}, {"kty": "XX"}, {"kty": "RSA", "n": "?"}, {"kty": "oct", "k": "AAAA"}]
    odd += [{"kty": ["RSA"]}, WEAK.as_dict(private=False)]
    odd.append({**RSA.as_dict(private=False), "use": "enc"})
    stand_in.documents["/jwks"] = page(200, {"keys": [*odd, RSA.as_dict(private=False)]})
    assert (await stand_in.provider().assertion(ANSWER, PENDING)).subject == "ada"
    stand_in.documents["/jwks"] = page(200, {"keys": odd})
    with pytest.raises(UntrustedIdentity):
        await stand_in.provider().assertion(ANSWER, PENDING)


def test_no_secret_is_printed() -> None:
    config = ProviderConfig(issuer=ISSUER, client_id="kgl", client_secret="hush-hush")
    assert "hush-hush" not in f"{config} {config!r}"
    for secret in (PENDING.state, PENDING.nonce, PENDING.code_verifier, "the-code"):
        assert secret not in f"{PENDING!r} {ANSWER!r}"
