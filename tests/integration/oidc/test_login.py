"""Logging in with a real provider: the way there and back, and every way that is barred."""

import asyncio
import base64
import hashlib
import secrets

import pytest

from tests.integration.oidc.browser import API, Browser, parameters, problem, swapped
from tests.servers.oidc_provider import OidcTestProvider

NOT_PENDING = (401, "not-authenticated")


@pytest.fixture
def ada(provider: OidcTestProvider) -> str:
    """Somebody whose address the provider has verified."""
    subject = f"ada-{secrets.token_hex(4)}"
    claims = {"email": f"{subject}@Example.org", "email_verified": True, "given_name": "Ada"}
    provider.has(subject, {**claims, "family_name": "Lovelace"})
    return subject


async def test_lists_the_providers(browser: Browser) -> None:
    reply = await browser.http.get(f"{API}/auth/oidc")
    assert reply.json()["data"] == [
        {"name": name, "login": f"{API}/auth/oidc/{name}/login"} for name in ("alias", "down", "test")
    ]


async def test_the_way_there_asks_for_a_code_with_pkce_state_and_nonce(
    browser: Browser, provider: OidcTestProvider
) -> None:
    first, second = parameters(await browser.sent_to()), parameters(await browser.sent_to())
    assert first["response_type"] == "code"
    assert first["client_id"] == "kgl"
    assert first["scope"] == "openid email profile"
    assert first["redirect_uri"] == "http://127.0.0.1:8000/api/v1/auth/oidc/test/callback"
    assert first["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]


async def test_the_first_login_opens_an_account(browser: Browser, ada: str) -> None:
    reply = await browser.log_in(ada)
    assert reply.status_code == 200
    assert set(reply.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert reply.headers["cache-control"] == "no-store"
    assert "Max-Age=0" in reply.headers["set-cookie"]
    shown = await browser.account(reply.json())
    assert (shown["email"], shown["role"]) == (f"{ada}@example.org", "user")
    assert (shown["first_name"], shown["last_name"]) == ("Ada", "Lovelace")
    linked = await browser.identities(reply.json())
    assert [(each["provider"], each["subject"]) for each in linked] == [("test", ada)]


async def test_the_second_login_finds_the_account_whatever_the_address_is_by_then(
    browser: Browser, provider: OidcTestProvider, ada: str
) -> None:
    first = await browser.account(await browser.logged_in(ada))
    provider.has(ada, {"email": "married@example.org", "email_verified": False})
    assert await browser.account(await browser.logged_in(ada)) == first


async def test_the_cookie_is_the_servers_alone(browser: Browser) -> None:
    reply = await browser.http.get(f"{API}/auth/oidc/test/login")
    name, _, rest = reply.headers["set-cookie"].partition("=")
    assert name == "kgl-login"
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= set(rest.split("; "))
    sent = parameters(reply.headers["location"])
    sealed = rest.partition(";")[0]
    plain = base64.urlsafe_b64decode(sealed + "==")
    assert sent["state"].encode() not in plain
    assert sent["nonce"].encode() not in plain


async def test_another_browser_cannot_finish_a_login(
    browser: Browser, other_browser: Browser, ada: str
) -> None:
    """Else an attacker could hand the victim a link that logs the victim in as the attacker."""
    back = browser.provider.log_in(await browser.sent_to(), ada)
    assert problem(await other_browser.come_back(back)) == NOT_PENDING
    await other_browser.sent_to()
    assert problem(await other_browser.come_back(back)) == NOT_PENDING
    assert (await browser.come_back(back)).status_code == 200


async def test_an_answer_is_good_once(browser: Browser, ada: str) -> None:
    url = await browser.sent_to()
    cookie = dict(browser.http.cookies)
    back = browser.provider.log_in(url, ada)
    assert (await browser.come_back(back)).status_code == 200
    assert not browser.http.cookies
    assert problem(await browser.come_back(back)) == NOT_PENDING
    browser.http.cookies.update(cookie)  # whoever kept it gets no further
    assert problem(await browser.come_back(back)) == NOT_PENDING
    browser.http.cookies.update(cookie)
    again = browser.provider.log_in(url, ada)  # a fresh code for the same attempt
    assert problem(await browser.come_back(again)) == NOT_PENDING


async def test_of_many_answers_at_once_one_is_taken(browser: Browser, ada: str) -> None:
    back = browser.provider.log_in(await browser.sent_to(), ada)
    replies = await asyncio.gather(*(browser.come_back(back) for _ in range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] + [401] * 7


async def test_the_state_has_to_be_the_one_that_was_sent(browser: Browser, ada: str) -> None:
    back = browser.provider.log_in(await browser.sent_to(), ada)
    missing = await browser.come_back(swapped(back, state=None))
    assert problem(missing) == (422, "invalid-input")
    assert missing.json()["errors"][0]["pointer"] == "/state"
    for wrong in ("", "x", secrets.token_urlsafe(32), "\N{SNOWMAN}"):
        assert problem(await browser.come_back(swapped(back, state=wrong))) == NOT_PENDING


async def test_a_login_belongs_to_its_provider(browser: Browser, ada: str) -> None:
    """Mix-up: the answer of one provider is not taken at another one's address."""
    back = browser.provider.log_in(await browser.sent_to(), ada)
    reply = await browser.http.get(back.replace("/oidc/test/", "/oidc/alias/"))
    assert problem(reply) == NOT_PENDING


@pytest.mark.parametrize("cookie", ["", "x", "A" * 40, "A" * 5000, "%00", "é"])
async def test_a_cookie_that_was_not_made_here_is_none(browser: Browser, ada: str, cookie: str) -> None:
    back = browser.provider.log_in(await browser.sent_to(), ada)
    browser.http.cookies.clear()
    reply = await browser.http.get(back, headers={b"Cookie": f"kgl-login={cookie}".encode("latin-1")})
    assert problem(reply) == NOT_PENDING


async def test_a_code_is_good_once(browser: Browser, ada: str) -> None:
    first = browser.provider.log_in(await browser.sent_to(), ada)
    assert (await browser.come_back(first)).status_code == 200
    await browser.sent_to()
    second = browser.provider.log_in(await browser.sent_to(), ada)
    reused = swapped(second, code=parameters(first)["code"])
    assert problem(await browser.come_back(reused)) == (401, "not-authenticated")


async def test_a_code_of_another_attempt_fails_at_the_provider(
    browser: Browser, other_browser: Browser, ada: str
) -> None:
    """Code injection: the provider holds the code to the challenge of the attempt it was made for."""
    stolen = browser.provider.log_in(await browser.sent_to(), ada)
    own = other_browser.provider.log_in(await other_browser.sent_to(), "mallory")
    reply = await other_browser.come_back(swapped(own, code=parameters(stolen)["code"]))
    assert problem(reply) == (401, "not-authenticated")


async def test_a_nonce_of_another_attempt_is_refused(browser: Browser, ada: str) -> None:
    url = swapped(await browser.sent_to(), nonce=secrets.token_urlsafe(32))
    reply = await browser.come_back(browser.provider.log_in(url, ada))
    assert problem(reply) == (401, "not-authenticated")
    assert "cannot be trusted" in reply.json()["detail"]


async def test_the_provider_holds_us_to_pkce(browser: Browser, ada: str) -> None:
    other = base64.urlsafe_b64encode(hashlib.sha256(b"x" * 43).digest()).decode().rstrip("=")
    url = swapped(await browser.sent_to(), code_challenge=other)
    reply = await browser.come_back(browser.provider.log_in(url, ada))
    assert problem(reply) == (401, "not-authenticated")
    assert "not let you in" in reply.json()["detail"]


async def test_whoever_says_no_at_the_provider_is_not_in(browser: Browser) -> None:
    url = await browser.sent_to()
    back = browser.provider.deny(url)
    assert parameters(back)["error"] == "access_denied"
    # This provider leaves the state out, which RFC 6749, 4.1.2.1 does not let it.
    reply = await browser.come_back(swapped(back, state=parameters(url)["state"]))
    assert problem(reply) == (401, "not-authenticated")
    assert "not let you in" in reply.json()["detail"]


async def test_an_answer_that_names_another_issuer_is_refused(browser: Browser, ada: str) -> None:
    back = browser.provider.log_in(await browser.sent_to(), ada)
    reply = await browser.come_back(swapped(back, iss="https://evil.example"))
    assert problem(reply) == (401, "not-authenticated")


async def test_an_answer_without_code_or_error_is_refused(browser: Browser) -> None:
    state = parameters(await browser.sent_to())["state"]
    reply = await browser.http.get(f"{API}/auth/oidc/test/callback", params={"state": state})
    assert problem(reply) == (401, "not-authenticated")


async def test_parameters_a_provider_adds_are_ignored(browser: Browser, ada: str) -> None:
    back = browser.provider.log_in(await browser.sent_to(), ada)
    reply = await browser.come_back(swapped(back, session_state="x", scope="openid", hd="example.org"))
    assert reply.status_code == 200


async def test_a_provider_that_is_down_is_no_failure_of_ours(browser: Browser) -> None:
    reply = await browser.http.get(f"{API}/auth/oidc/down/login")
    assert problem(reply) == (503, "unavailable")
    assert "provider" in reply.json()["detail"]
    assert "set-cookie" not in reply.headers


async def test_a_provider_that_calls_itself_otherwise_is_not_used(browser: Browser) -> None:
    """Reached under another name than its issuer's."""
    assert problem(await browser.http.get(f"{API}/auth/oidc/alias/login")) == (503, "unavailable")


async def test_an_unknown_provider_is_not_found(browser: Browser) -> None:
    for path in ("login", "callback", "callback?state=x&code=y"):
        reply = await browser.http.get(f"{API}/auth/oidc/nobody/{path}")
        assert problem(reply) == (404, "not-found")
