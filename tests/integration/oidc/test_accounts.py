"""Whose account a provider's word leads to, and what becomes of one that somebody else may have opened."""

import asyncio
import secrets
from typing import Any

import pytest

from entrypoints.container import Container
from tests.integration.oidc.browser import API, Browser, problem
from tests.servers.oidc_provider import OidcTestProvider

PASSWORD = "correct horse battery"
OTHER = "another horse battery"


@pytest.fixture
def ada(provider: OidcTestProvider) -> str:
    subject = f"ada-{secrets.token_hex(4)}"
    provider.has(subject, {"email": f"{subject}@example.org", "email_verified": True})
    return subject


async def registered(browser: Browser, email: str) -> dict[str, Any]:
    body = {"email": email, "password": PASSWORD}
    reply = await browser.http.post(f"{API}/auth/register", json=body)
    assert reply.status_code == 201, reply.text
    return await with_password(browser, email)


async def with_password(browser: Browser, email: str, password: str = PASSWORD) -> dict[str, Any]:
    reply = await browser.http.post(f"{API}/auth/token", json={"email": email, "password": password})
    assert reply.status_code == 200, reply.text
    tokens: dict[str, Any] = reply.json()
    return tokens


async def audited(container: Container, user_id: str) -> list[tuple[str, str]]:
    """Action and outcome of the account's audit rows, in their order."""
    async with container.database().connection() as connection, connection.transaction():
        await connection.execute("select backend_operations.act_as($1)", user_id)
        rows = await connection.fetch(
            "select action, outcome from backend_operations.audit_logs where user_id = $1 order by id",
            user_id,
        )
    return [(row["action"], row["outcome"]) for row in rows]


async def test_a_verified_address_leads_to_the_account_that_has_it(browser: Browser, ada: str) -> None:
    before = await browser.account(await registered(browser, f"{ada.upper()}@Example.org"))
    tokens = await browser.logged_in(ada)
    assert (await browser.account(tokens))["id"] == before["id"]
    assert len(await browser.identities(tokens)) == 1


async def test_whoever_opened_the_account_in_advance_is_locked_out(
    browser: Browser, other_browser: Browser, container: Container, ada: str
) -> None:
    """Pre-hijacking: an attacker registers the victim's address and waits."""
    email = f"{ada}@example.org"
    attacker = await registered(other_browser, email)
    key = await other_browser.as_account(attacker, "GET", "/auth/me")
    assert key.status_code == 200
    victim = await browser.logged_in(ada)
    assert (await other_browser.as_account(attacker, "GET", "/auth/me")).status_code == 401
    refresh = {"refresh_token": attacker["refresh_token"]}
    assert (await other_browser.http.post(f"{API}/auth/refresh", json=refresh)).status_code == 401
    login = {"email": email, "password": PASSWORD}
    assert (await other_browser.http.post(f"{API}/auth/token", json=login)).status_code == 401
    first = {"new_password": OTHER}
    taken = await other_browser.as_account(attacker, "POST", "/auth/me/password", first)
    assert taken.status_code == 401
    actions = await audited(container, (await browser.account(victim))["id"])
    assert ("user.password_removed", "success") in actions
    assert ("identity.linked", "success") in actions
    assert ("session.ended", "success") in actions
    assert ("session.refused", "failure") in actions


async def test_a_proven_address_keeps_its_password_when_another_identity_comes(
    browser: Browser, provider: OidcTestProvider, ada: str
) -> None:
    email = f"{ada}@example.org"
    tokens = await browser.logged_in(ada)
    reply = await browser.as_account(tokens, "POST", "/auth/me/password", {"new_password": PASSWORD})
    assert reply.status_code == 204, reply.text
    provider.has(f"{ada}-2", {"email": email, "email_verified": True})
    second = await browser.logged_in(f"{ada}-2")
    assert len(await browser.identities(second)) == 2
    assert (await browser.account(await with_password(browser, email)))["email"] == email
    assert (await browser.account(tokens))["email"] == email, "sessions go on, too"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email_verified": True},
        {"email": "EMAIL"},
        {"email": "EMAIL", "email_verified": False},
        {"email": "EMAIL", "email_verified": "true"},
        {"email": "EMAIL", "email_verified": 1},
        {"email": "not an address", "email_verified": True},
        {"email": ["EMAIL"], "email_verified": True},
    ],
)
async def test_an_unverified_address_neither_links_nor_opens(
    browser: Browser, provider: OidcTestProvider, claims: dict[str, object]
) -> None:
    known, unknown = f"known-{secrets.token_hex(4)}", f"unknown-{secrets.token_hex(4)}"
    tokens = await registered(browser, f"{known}@example.org")
    for subject in (known, unknown):
        email = f"{subject}@example.org"
        said = {
            name: email if value == "EMAIL" else [email] if value == ["EMAIL"] else value
            for name, value in claims.items()
        }
        provider.has(subject, said)
        assert problem(await browser.log_in(subject)) == (403, "not-permitted")
    assert await browser.identities(tokens) == []
    assert (await browser.account(await with_password(browser, f"{known}@example.org")))["is_active"]
    free = {"email": f"{unknown}@example.org", "password": PASSWORD}
    assert (await browser.http.post(f"{API}/auth/register", json=free)).status_code == 201


async def test_a_closed_account_is_refused_and_that_is_on_record(
    browser: Browser, container: Container, ada: str
) -> None:
    shown = await browser.account(await browser.logged_in(ada))
    await close(container, shown["id"])
    assert problem(await browser.log_in(ada)) == (403, "not-permitted")
    assert (await audited(container, shown["id"]))[-1] == ("session.refused", "failure")


async def test_a_closed_account_is_not_linked(browser: Browser, container: Container, ada: str) -> None:
    shown = await browser.account(await registered(browser, f"{ada}@example.org"))
    await close(container, shown["id"])
    assert problem(await browser.log_in(ada)) == (403, "not-permitted")
    actions = {action for action, _ in await audited(container, shown["id"])}
    assert "identity.linked" not in actions
    assert "user.password_removed" not in actions


async def close(container: Container, user_id: str) -> None:
    async with container.database().connection() as connection, connection.transaction():
        await connection.execute("select backend_operations.act_as($1)", user_id)
        await connection.execute("update backend_auth.users set is_active = false where id = $1", user_id)


async def test_an_account_without_a_password_has_no_password_that_works(browser: Browser, ada: str) -> None:
    await browser.logged_in(ada)
    for password in ("", PASSWORD, "None", "null"):
        body = {"email": f"{ada}@example.org", "password": password}
        assert problem(await browser.http.post(f"{API}/auth/token", json=body)) == (401, "not-authenticated")


async def test_a_first_password_is_set_by_a_fresh_login(browser: Browser, ada: str) -> None:
    tokens = await browser.logged_in(ada)
    body = {"current_password": PASSWORD, "new_password": OTHER}
    wrong = await browser.as_account(tokens, "POST", "/auth/me/password", body)
    assert wrong.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/current_password",
        "code": "wrong_password",
        "detail": "",
    }
    first = await browser.as_account(tokens, "POST", "/auth/me/password", {"new_password": PASSWORD})
    assert first.status_code == 204
    await with_password(browser, f"{ada}@example.org")
    second = await browser.as_account(tokens, "POST", "/auth/me/password", {"new_password": OTHER})
    assert second.json()["errors"][0]["code"] == "required", "now there is one to ask for"


async def test_an_account_without_a_password_is_deleted_by_a_fresh_login(browser: Browser, ada: str) -> None:
    tokens = await browser.logged_in(ada)
    shown = await browser.account(tokens)
    assert (await browser.as_account(tokens, "DELETE", "/auth/me", {})).status_code == 204
    assert (await browser.account(await browser.logged_in(ada)))["id"] != shown["id"]


async def test_the_last_way_in_is_not_unlinked(browser: Browser, container: Container, ada: str) -> None:
    tokens = await browser.logged_in(ada)
    (identity,) = await browser.identities(tokens)
    path = f"/auth/me/identities/{identity['id']}"
    assert problem(await browser.as_account(tokens, "DELETE", path)) == (409, "conflict")
    await browser.as_account(tokens, "POST", "/auth/me/password", {"new_password": PASSWORD})
    assert (await browser.as_account(tokens, "DELETE", path)).status_code == 204
    assert await browser.identities(tokens) == []
    assert problem(await browser.as_account(tokens, "DELETE", path)) == (404, "not-found")
    shown = await browser.account(tokens)
    assert (await audited(container, shown["id"]))[-1] == ("identity.unlinked", "success")


async def test_nobody_sees_or_unlinks_anybody_elses_identity(
    browser: Browser, other_browser: Browser, provider: OidcTestProvider, ada: str
) -> None:
    tokens = await browser.logged_in(ada)
    (identity,) = await browser.identities(tokens)
    provider.has("eve", {"email": f"eve-{ada}@example.org", "email_verified": True})
    eve = await other_browser.logged_in("eve")
    assert identity["id"] not in [each["id"] for each in await other_browser.identities(eve)]
    path = f"/auth/me/identities/{identity['id']}"
    assert problem(await other_browser.as_account(eve, "DELETE", path)) == (404, "not-found")


async def test_two_browsers_that_come_first_at_once_get_one_account(
    browser: Browser, other_browser: Browser, ada: str
) -> None:
    backs = [(each, each.provider.log_in(await each.sent_to(), ada)) for each in (browser, other_browser)]
    replies = await asyncio.gather(*(each.come_back(back) for each, back in backs))
    assert [reply.status_code for reply in replies] == [200, 200]
    accounts = [await browser.account(reply.json()) for reply in replies]
    assert accounts[0]["id"] == accounts[1]["id"]
