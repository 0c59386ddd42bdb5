"""Credentials are checked, sealed, replaced, forgotten, and moved from key to key."""

import httpx
import pytest

from adapters.security.sealing import new_key
from application.credentials.delete_credential import DeleteCredentialCommand
from domain.credentials.credential import Provider
from domain.credentials.errors import (
    CredentialChanged,
    CredentialNotFound,
    CredentialRefusedByProvider,
    CredentialsKeyMissing,
    CredentialUnreadable,
    ProviderUnavailable,
)
from domain.shared.errors import InvalidInput
from tests.unit.application.credentials.rig import TOKEN, Rig, somebody

OPENAI, HUGGINGFACE = Provider.OPENAI, Provider.HUGGINGFACE


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_asks_the_provider_and_keeps_what_it_accepts(rig: Rig) -> None:
    ada = somebody()
    stored = await rig.stored(ada.user_id)
    assert stored.created
    assert stored.credential.masked == "sk-...WXYZ"
    assert [(str(each.url), each.headers["Authorization"]) for each in rig.asked] == [
        ("https://openai.test/v1/models", f"Bearer {TOKEN}")
    ]
    assert (await rig.vault.reveal(ada.user_id, OPENAI)).reveal() == TOKEN
    assert rig.audited() == [("credential.stored", "success")]
    assert TOKEN not in repr(rig.system.store)


async def test_asks_each_provider_at_its_own_address(rig: Rig) -> None:
    await rig.stored(somebody().user_id, "hf_0123456789abcdefWXYZ", HUGGINGFACE)
    assert [str(each.url) for each in rig.asked] == ["https://hf.test/api/whoami-v2"]


@pytest.mark.parametrize("status", [401, 403])
async def test_keeps_nothing_the_provider_refuses_and_audits_the_attempt(rig: Rig, status: int) -> None:
    ada = somebody()
    before = (await rig.stored(ada.user_id)).credential
    rig.answer = httpx.Response(status, json={"error": TOKEN})
    with pytest.raises(CredentialRefusedByProvider) as refused:
        await rig.stored(ada.user_id, "sk-bad-0123456789abcdef")
    assert [(each.pointer, each.code) for each in refused.value.violations] == [
        ("/token", "refused_by_provider")
    ]
    assert await rig.credentials.find(ada.user_id, OPENAI) == before
    assert rig.audited()[1:] == [("credential.refused", "failure")]
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={}),
        httpx.Response(503),
        httpx.Response(429, json={}),
        httpx.Response(404, json={}),
        httpx.Response(302, headers={"Location": "https://evil.test/"}),
        httpx.Response(307, headers={"Location": "https://openai.test/v1/models/"}),
        httpx.Response(200, html="<p>Log in to our Wi-Fi"),
        httpx.Response(204),
    ],
    ids=lambda answer: str(answer.status_code),
)
async def test_keeps_nothing_that_could_not_be_checked(rig: Rig, answer: httpx.Response) -> None:
    ada = somebody()
    rig.answer = answer
    with pytest.raises(ProviderUnavailable, match=r"openai could not be asked .* nothing was stored"):
        await rig.stored(ada.user_id)
    assert len(rig.asked) == 1, "no redirect is followed"
    assert await rig.credentials.all(ada.user_id) == []
    assert rig.events() == []


async def test_asks_nobody_about_what_cannot_be_a_token(rig: Rig) -> None:
    for token in ("", "short", "two words of it", "x" * 1001):
        with pytest.raises(InvalidInput):
            await rig.stored(somebody().user_id, token)
    assert rig.asked == []


async def test_asks_nobody_about_what_could_not_be_kept() -> None:
    rig = Rig(keys="")
    with pytest.raises(CredentialsKeyMissing, match="CREDENTIALS_KEY"):
        await rig.stored(somebody().user_id)
    assert rig.asked == []


async def test_replaces_and_asks_nobody_when_it_has_changed(rig: Rig) -> None:
    ada = somebody()
    first = (await rig.stored(ada.user_id)).credential
    second = await rig.stored(ada.user_id, "sk-good-another-one-ABCD", expected_version=first.version)
    assert not second.created
    assert second.credential.version > first.version
    assert second.credential.created_at == first.created_at < second.credential.updated_at
    asked = len(rig.asked)
    with pytest.raises(CredentialChanged):
        await rig.stored(ada.user_id, expected_version=first.version)
    with pytest.raises(CredentialChanged):
        await rig.stored(somebody().user_id, expected_version=first.version)
    assert len(rig.asked) == asked


async def test_an_old_version_does_not_fit_what_was_stored_after_a_deletion(rig: Rig) -> None:
    ada = somebody()
    first = (await rig.stored(ada.user_id)).credential
    await rig.delete(DeleteCredentialCommand(principal=ada, provider=OPENAI))
    with pytest.raises(CredentialNotFound):
        await rig.vault.reveal(ada.user_id, OPENAI)
    again = await rig.stored(ada.user_id)
    assert again.created
    assert again.credential.version > first.version
    with pytest.raises(CredentialChanged):
        await rig.delete(
            DeleteCredentialCommand(principal=ada, provider=OPENAI, expected_version=first.version)
        )
    assert rig.events() == ["credential.stored", "credential.deleted", "credential.stored"]


async def test_seals_anew_on_use_under_the_key_that_came_in_front(rig: Rig) -> None:
    ada, key = somebody(), new_key()
    before = (await rig.stored(ada.user_id)).credential
    both = rig.restarted(f"{key},{rig.keys}")
    assert (await both.vault.reveal(ada.user_id, OPENAI)).reveal() == TOKEN
    alone = rig.restarted(key)
    assert (await alone.vault.reveal(ada.user_id, OPENAI)).reveal() == TOKEN
    after = await alone.credentials.find(ada.user_id, OPENAI)
    assert after is not None
    assert (after.version, after.updated_at) == (before.version, before.updated_at)
    with pytest.raises(CredentialUnreadable):
        await rig.vault.reveal(ada.user_id, OPENAI)


async def test_seals_everybodys_anew_and_says_what_is_left(rig: Rig) -> None:
    users, key, lost = [somebody() for _ in range(5)], new_key(), Rig()
    for user in users:
        await rig.stored(user.user_id)
    await lost.restarted(lost.keys).stored(users[0].user_id)
    elsewhere = rig.restarted(lost.keys)
    await elsewhere.stored(users[0].user_id, "hf_0123456789abcdefWXYZ", HUGGINGFACE)
    both = rig.restarted(f"{key},{rig.keys}")
    found = await both.reseal()
    assert (found.key_id, found.resealed, found.unreadable) == (both.sealer.key_id, 5, 1)
    assert (found.current, dict(found.others)) == (5, {elsewhere.sealer.key_id: 1})
    again = await both.reseal()
    assert (again.resealed, again.current) == (0, 5)
    for user in users:
        assert (await rig.restarted(key).vault.reveal(user.user_id, OPENAI)).reveal() == TOKEN


async def test_reseals_more_than_one_batch(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.credentials.reseal_credentials.BATCH", 2)
    for _ in range(5):
        await rig.stored(somebody().user_id)
    found = await rig.restarted(f"{new_key()},{rig.keys}").reseal()
    assert (found.resealed, found.current, dict(found.others)) == (5, 5, {})


async def test_reseals_nothing_without_a_key(rig: Rig) -> None:
    with pytest.raises(CredentialsKeyMissing):
        await rig.restarted("").reseal()
