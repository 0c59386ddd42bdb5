"""Logins with a provider over the store in memory: time, whose account it is, and what is put on record."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from adapters.memory.external_identities import InMemoryExternalIdentityQueries, InMemorySpentLogins
from adapters.oidc.providers import OidcProviders
from adapters.oidc.web import Web
from adapters.security.login_seal import SealedLogins
from adapters.security.sealing import Sealer, new_key
from adapters.system.ids import Uuid7Generator
from application.identity.change_password import ChangePasswordCommand
from application.identity.create_api_key import CreateApiKeyCommand
from application.identity.delete_account import DeleteAccountCommand
from application.identity.oidc_accounts import OidcAccounts
from application.identity.oidc_begin_login import BeginOidcLogin, BeginOidcLoginCommand, BegunLogin
from application.identity.oidc_complete_login import CompleteOidcLogin, CompleteOidcLoginCommand
from application.identity.oidc_identities import UnlinkIdentity, UnlinkIdentityCommand
from application.identity.oidc_ports import Answer
from application.identity.set_user_active import SetUserActiveCommand
from application.identity.token_pairs import TokenPair, TokenPairs
from application.shared.principal import Principal
from domain.identity.api_key import WantedKey
from domain.identity.errors import (
    AccountInactive,
    EmailNotVerified,
    InvalidCredentials,
    InvalidToken,
    LastWayIn,
    LoginNotPending,
    LoginTooOld,
    ProviderNotFound,
    ProviderUnavailable,
)
from domain.identity.external_identity import Assertion
from domain.shared.errors import InvalidInput
from domain.shared.scopes import Scope
from tests.unit.adapters.oidc.stand_in import CONFIG, ISSUER, StandIn, claims, signed
from tests.unit.application.identity.rig import PASSWORD, TRACE, Rig

ADA = Assertion(
    provider="test",
    issuer=ISSUER,
    subject="ada",
    email="Ada@Example.org",
    email_verified=True,
    first_name=" Ada ",
    last_name="x" * 101,
)


class OidcRig:
    """The use cases of these logins beside the rig's."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        system, clock, ids = rig.system, rig.clock, Uuid7Generator()
        self.wire = StandIn()
        self.wire.clock = clock  # type: ignore[assignment]  # both tell the time that was set
        self.identities = InMemoryExternalIdentityQueries(system.store)
        self.accounts = OidcAccounts(
            start_work=system.start_work,
            accounts=rig.accounts,
            identities=self.identities,
            pairs=TokenPairs(rig.tokens, ids, rig.lifetimes),
            verifier=rig.verifier,
            clock=clock,
            ids=ids,
        )
        web = Web(transport=httpx.MockTransport(self.wire._reply))
        providers = OidcProviders({"test": CONFIG, "other": CONFIG}, "https://kgl.example/", clock, web)
        seal = SealedLogins(Sealer.of(new_key()))
        self.begin = BeginOidcLogin(providers, seal, clock)
        spent = InMemorySpentLogins(system.store)
        self.complete = CompleteOidcLogin(providers, seal, spent, self.accounts, clock)
        self.unlink = UnlinkIdentity(system.start_work, clock)

    async def log_in(self, assertion: Assertion = ADA) -> TokenPair:
        return await self.accounts.log_in(assertion, TRACE, "curl/8")

    def principal(self, pair: TokenPair) -> Principal:
        found = self.rig.authenticate(pair.access_token, TRACE)
        assert isinstance(found, Principal)
        return found

    async def begun(self) -> tuple[BegunLogin, Answer]:
        """A login, and the answer the provider gives to it."""
        begun = await self.begin(BeginOidcLoginCommand(provider="test"))
        sent = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
        now = int(self.rig.clock.now().timestamp())
        self.wire.id_token = signed(claims(nonce=sent["nonce"], iat=now, exp=now + 300))
        return begun, Answer(state=sent["state"], code="the-code")

    async def finish(self, begun: BegunLogin, answer: Answer, provider: str = "test") -> TokenPair:
        return await self.complete(
            CompleteOidcLoginCommand(trace=TRACE, provider=provider, answer=answer, sealed=begun.sealed)
        )


@pytest.fixture
def oidc(rig: Rig) -> OidcRig:
    return OidcRig(rig)


async def test_a_login_comes_back_within_ten_minutes(oidc: OidcRig) -> None:
    begun, answer = await oidc.begun()
    oidc.rig.clock.pass_by(minutes=9, seconds=59)
    now = int(oidc.rig.clock.now().timestamp())
    sent = parse_qs(urlsplit(begun.url).query)["nonce"][0]
    oidc.wire.id_token = signed(claims(nonce=sent, iat=now, exp=now + 300))
    await oidc.finish(begun, answer)
    late, answer = await oidc.begun()
    oidc.rig.clock.pass_by(minutes=10)
    with pytest.raises(LoginNotPending):
        await oidc.finish(late, answer)


async def test_a_login_is_for_one_provider_and_one_answer(oidc: OidcRig) -> None:
    begun, answer = await oidc.begun()
    with pytest.raises(LoginNotPending):
        await oidc.finish(begun, answer, "other")
    with pytest.raises(ProviderNotFound):
        await oidc.finish(begun, answer, "nobody")
    with pytest.raises(LoginNotPending):
        await oidc.finish(begun, Answer(state="x" * 43, code="the-code"))
    await oidc.finish(begun, answer)
    with pytest.raises(LoginNotPending):
        await oidc.finish(begun, answer)


async def test_nothing_is_kept_of_a_login_that_has_only_begun(oidc: OidcRig) -> None:
    await oidc.begun()
    assert not any(oidc.rig.system.store.tables.values())


async def test_a_provider_that_fails_uses_the_answer_up(oidc: OidcRig) -> None:
    begun, answer = await oidc.begun()
    token = oidc.wire.documents["/token"]
    oidc.wire.documents["/token"] = lambda: httpx.Response(502)
    with pytest.raises(ProviderUnavailable):
        await oidc.finish(begun, answer)
    oidc.wire.documents["/token"] = token
    with pytest.raises(LoginNotPending):
        await oidc.finish(begun, answer)
    await oidc.finish(*await oidc.begun())


async def test_opens_an_account_and_says_so(oidc: OidcRig) -> None:
    pair = await oidc.log_in()
    user = await oidc.rig.accounts.account(oidc.principal(pair).user_id)
    assert (user.email, user.first_name, user.last_name) == ("ada@example.org", "Ada", None)
    assert oidc.rig.events() == ["user.registered", "identity.linked", "session.started"]
    started = oidc.rig.system.store.events[-1].event
    assert started.data["provider"] == "test"
    await oidc.log_in()
    assert oidc.rig.events()[3:] == ["session.started"]
    assert {entry.outcome for entry in oidc.rig.system.store.audit} == {"success"}


async def test_the_first_proof_of_an_address_takes_the_account_over(oidc: OidcRig) -> None:
    rig = oidc.rig
    await rig.registered("ada@example.org")
    squatter = await rig.logged_in()
    principal = rig.principal(squatter)
    await rig.create_api_key(
        CreateApiKeyCommand(principal=principal, wanted=WantedKey(name="mine", scopes=[Scope.READ]))
    )
    pair = await oidc.log_in()
    assert oidc.principal(pair).user_id == principal.user_id
    with pytest.raises(InvalidToken):
        rig.authenticate(squatter.access_token, TRACE)
    with pytest.raises(InvalidCredentials):
        await rig.logged_in()
    taken = rig.events()[-6:]
    assert taken == [
        "user.password_removed",
        "session.ended",
        "api_key.revoked",
        "identity.linked",
        "session.started",
        "session.refused",
    ]
    rig.authenticate(pair.access_token, TRACE)


async def test_an_address_that_is_proven_already_is_left_in_peace(oidc: OidcRig) -> None:
    first = await oidc.log_in()
    change = ChangePasswordCommand(
        principal=oidc.principal(first), current_password=None, new_password=PASSWORD
    )
    await oidc.rig.change_password(change)
    second = Assertion(
        provider="test", issuer=ISSUER, subject="ada-2", email="ada@example.org", email_verified=True
    )
    await oidc.log_in(second)
    oidc.rig.authenticate(first.access_token, TRACE)
    await oidc.rig.logged_in()


async def test_an_unverified_address_is_no_address(oidc: OidcRig) -> None:
    await oidc.rig.registered("ada@example.org")
    before = oidc.rig.events()
    for email, verified in (("ada@example.org", False), (None, True), ("nonsense", True)):
        stranger = Assertion(
            provider="test", issuer=ISSUER, subject="ada", email=email, email_verified=verified
        )
        with pytest.raises(EmailNotVerified):
            await oidc.log_in(stranger)
    assert oidc.rig.events() == before


async def test_a_linked_account_needs_no_address_any_more(oidc: OidcRig) -> None:
    first = oidc.principal(await oidc.log_in())
    again = oidc.principal(await oidc.log_in(Assertion(provider="test", issuer=ISSUER, subject="ada")))
    assert again.user_id == first.user_id


async def test_a_closed_account_is_refused_on_record(oidc: OidcRig) -> None:
    user_id = oidc.principal(await oidc.log_in()).user_id
    closed = SetUserActiveCommand(trace=TRACE, user_id=user_id, active=False)
    await oidc.rig.set_active(closed)
    with pytest.raises(AccountInactive) as refusal:
        await oidc.log_in()
    assert refusal.value.on_record
    assert oidc.rig.events()[-1] == "session.refused"


async def test_without_a_password_a_fresh_login_confirms(oidc: OidcRig) -> None:
    pair = await oidc.log_in()
    principal = oidc.principal(pair)
    first = ChangePasswordCommand(principal=principal, current_password=None, new_password=PASSWORD)
    oidc.rig.clock.pass_by(minutes=5, seconds=1)
    with pytest.raises(LoginTooOld):
        await oidc.rig.change_password(first)
    with pytest.raises(LoginTooOld):
        await oidc.rig.delete_account(DeleteAccountCommand(principal=principal, password=None))
    fresh = oidc.principal(await oidc.log_in())
    oidc.rig.clock.pass_by(minutes=5)
    change = ChangePasswordCommand(principal=fresh, current_password=None, new_password=PASSWORD)
    await oidc.rig.change_password(change)
    with pytest.raises(InvalidInput):  # now there is one to ask for
        await oidc.rig.delete_account(DeleteAccountCommand(principal=fresh, password=None))


async def test_a_session_that_was_ended_elsewhere_confirms_nothing(oidc: OidcRig) -> None:
    principal = oidc.principal(await oidc.log_in())
    assert principal.session_id is not None
    async with oidc.rig.system.start_work(principal) as work:
        await work.sessions.end(principal.user_id, principal.session_id, oidc.rig.clock.now())
        await work.commit()
    with pytest.raises(LoginTooOld):
        await oidc.rig.delete_account(DeleteAccountCommand(principal=principal, password=None))


async def test_the_last_way_in_stays(oidc: OidcRig) -> None:
    principal = oidc.principal(await oidc.log_in())
    second = Assertion(
        provider="test", issuer=ISSUER, subject="ada-2", email="ada@example.org", email_verified=True
    )
    await oidc.log_in(second)
    first, other = await oidc.identities.identities(principal.user_id)
    await oidc.unlink(UnlinkIdentityCommand(principal=principal, identity_id=first.id))
    with pytest.raises(LastWayIn):
        await oidc.unlink(UnlinkIdentityCommand(principal=principal, identity_id=other.id))
    assert oidc.rig.events()[-1] == "identity.unlinked"
    oidc.rig.clock.pass_by(minutes=1)
    await oidc.rig.change_password(
        ChangePasswordCommand(principal=principal, current_password=None, new_password=PASSWORD)
    )
    await oidc.unlink(UnlinkIdentityCommand(principal=principal, identity_id=other.id))
    assert await oidc.identities.identities(principal.user_id) == []
