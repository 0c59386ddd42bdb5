"""Keys from their making to their end, and what they are good for meanwhile."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from application.identity.create_api_key import CreateApiKeyCommand, CreatedApiKey
from application.identity.grant_client_token import GrantClientTokenCommand
from application.identity.issue_socket_ticket import IssueSocketTicketCommand
from application.identity.revoke_api_key import RevokeApiKeyCommand
from application.identity.set_user_active import SetUserActiveCommand
from application.identity.set_user_role import SetUserRoleCommand
from application.shared.permissions import Permission, is_allowed
from application.shared.principal import Principal, Role
from domain.identity.api_key import WantedKey
from domain.identity.api_key_errors import (
    ApiKeyNotFound,
    InvalidApiKey,
    InvalidClient,
    InvalidTicket,
    ScopeNotGranted,
    TooManyApiKeys,
)
from domain.identity.errors import InvalidToken
from domain.shared.ids import ApiKeyId, UserId
from domain.shared.scopes import Scope
from tests.unit.application.identity.rig import TRACE, Rig


async def person(rig: Rig, role: Role = Role.USER) -> Principal:
    await rig.registered(role=role)
    return rig.principal(await rig.logged_in())


async def new_key(
    rig: Rig, principal: Principal, *scopes: Scope, expires_in: int | None = None
) -> CreatedApiKey:
    wanted = WantedKey(name="ci", scopes=scopes or (Scope.READ,), expires_in=expires_in)
    return await rig.create_api_key(CreateApiKeyCommand(principal=principal, wanted=wanted))


async def bearer(rig: Rig, token: str) -> Principal:
    return await rig.authentication.socket(token, TRACE)


async def revoke(rig: Rig, principal: Principal, key: CreatedApiKey) -> None:
    await rig.revoke_api_key(RevokeApiKeyCommand(principal=principal, key_id=ApiKeyId(key.view.id)))


async def test_a_key_acts_for_its_account_within_its_scopes(rig: Rig) -> None:
    ada = await person(rig)
    key = await new_key(rig, ada, Scope.READ, expires_in=3600)
    found = await bearer(rig, key.text.reveal())
    assert (found.user_id, found.role, found.session_id) == (ada.user_id, Role.USER, None)
    assert (found.api_key_id, found.scopes) == (key.view.id, frozenset({Scope.READ}))
    assert found.expires_at == key.view.expires_at
    assert is_allowed(found, Permission.GRAPH_READ)
    assert not is_allowed(found, Permission.GRAPH_WRITE)
    assert not is_allowed(found, Permission.ACCOUNT_SECURE)


async def test_a_secret_is_in_no_event_row_or_repr(rig: Rig) -> None:
    key = await new_key(rig, await person(rig))
    secret = key.text.reveal().rpartition("_")[2]
    store = rig.system.store
    assert secret not in repr((key, store.events, store.audit, store.tables))
    assert rig.events()[-1] == "api_key.created"


async def test_a_person_is_still_verified_without_waiting(rig: Rig) -> None:
    ada = await person(rig)
    assert ada.expires_at == rig.clock.time + rig.lifetimes.access
    assert (ada.scopes, ada.api_key_id) == (None, None)


@pytest.mark.parametrize("end", ["revoked", "expired", "closed", "deleted"])
async def test_what_ends_a_key_ends_its_tokens_and_tickets(rig: Rig, end: str) -> None:
    ada = await person(rig)
    key = await new_key(rig, ada, expires_in=60)
    elsewhere = rig.process()
    credentials = GrantClientTokenCommand(client_id=key.view.prefix, client_secret=key.text.reveal())
    token = (await rig.grant_client_token(credentials)).access_token
    ticket = await rig.issue_ticket(IssueSocketTicketCommand(principal=await bearer(rig, key.text.reveal())))
    assert (await bearer(elsewhere, token)).api_key_id == key.view.id
    if end == "revoked":
        await revoke(rig, ada, key)
    elif end == "expired":
        rig.clock.pass_by(seconds=60)
    elif end == "closed":
        await rig.set_active(SetUserActiveCommand(trace=TRACE, user_id=ada.user_id, active=False))
    else:
        async with rig.system.start_work(ada) as work:
            await work.users.delete(ada.user_id)
            await work.commit()
    for process in (rig, elsewhere):
        with pytest.raises(InvalidApiKey):
            await bearer(process, key.text.reveal())
        with pytest.raises(InvalidToken):
            await bearer(process, token)
        with pytest.raises(InvalidClient):
            await process.grant_client_token(credentials)
    with pytest.raises(InvalidTicket):
        await elsewhere.authentication.ticket(ticket.ticket, TRACE)


async def test_says_for_the_audit_whose_key_it_was_and_why_it_is_refused(rig: Rig) -> None:
    ada = await person(rig)
    key = await new_key(rig, ada)
    await revoke(rig, ada, key)
    with pytest.raises(InvalidApiKey) as refused:
        await bearer(rig, key.text.reveal())
    assert (refused.value.reason, refused.value.user_id) == ("revoked_api_key", ada.user_id)
    assert str(ada.user_id) not in refused.value.detail


async def test_a_lost_role_takes_effect_on_a_key_at_once(rig: Rig) -> None:
    root = await person(rig, Role.ADMIN)
    key = await new_key(rig, root, Scope.ADMIN)
    token = await rig.grant_client_token(
        GrantClientTokenCommand(client_id=str(key.view.id), client_secret=key.text.reveal())
    )
    used = (key.text.reveal(), token.access_token)
    for text in used:
        assert is_allowed(await bearer(rig, text), Permission.USERS_ADMINISTER)
    await rig.set_role(SetUserRoleCommand(trace=TRACE, user_id=root.user_id, role=Role.USER))
    for text in used:
        found = await bearer(rig.process(), text)
        assert not is_allowed(found, Permission.USERS_ADMINISTER)
        assert is_allowed(found, Permission.GRAPH_WRITE)


async def test_a_key_is_revoked_once_and_by_its_owner_only(rig: Rig) -> None:
    ada = await person(rig)
    key = await new_key(rig, ada)
    await rig.registered("eve@example.org")
    eve = rig.principal(await rig.logged_in("eve@example.org"))
    with pytest.raises(ApiKeyNotFound):
        await revoke(rig, eve, key)
    await revoke(rig, ada, key)
    assert rig.events()[-1] == "api_key.revoked"
    with pytest.raises(ApiKeyNotFound):
        await revoke(rig, ada, key)


async def test_an_account_has_a_hundred_keys_at_most(rig: Rig) -> None:
    ada = await person(rig)
    keys = [await new_key(rig, ada) for _ in range(100)]
    with pytest.raises(TooManyApiKeys):
        await new_key(rig, ada)
    await revoke(rig, ada, keys[0])
    await new_key(rig, ada)


@pytest.mark.parametrize("name", ["id", "prefix"])
@pytest.mark.parametrize("whole", [True, False])
async def test_a_client_gets_a_token_for_its_key(rig: Rig, name: str, whole: bool) -> None:
    ada = await person(rig)
    key = await new_key(rig, ada, Scope.WRITE)
    client_id = str(key.view.id) if name == "id" else key.view.prefix
    secret = key.text.reveal() if whole else key.text.reveal().rpartition("_")[2]
    granted = await rig.grant_client_token(GrantClientTokenCommand(client_id=client_id, client_secret=secret))
    assert (granted.scopes, granted.expires_in) == (frozenset({Scope.WRITE}), 900)
    found = await bearer(rig, granted.access_token)
    assert (found.user_id, found.scopes, found.api_key_id) == (
        ada.user_id,
        frozenset({Scope.WRITE}),
        key.view.id,
    )


async def test_a_token_is_narrowed_and_never_widened(rig: Rig) -> None:
    key = await new_key(rig, await person(rig), Scope.WRITE, expires_in=60)
    command = GrantClientTokenCommand(
        client_id=key.view.prefix, client_secret=key.text.reveal(), scopes=frozenset({Scope.READ})
    )
    granted = await rig.grant_client_token(command)
    assert granted.expires_in == 60, "no token outlives its key"
    assert (await bearer(rig, granted.access_token)).scopes == frozenset({Scope.READ})
    with pytest.raises(ScopeNotGranted):
        await rig.grant_client_token(replace(command, scopes=frozenset({Scope.ADMIN})))


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [
        ("", ""),
        ("x", "y"),
        (str(UUID(int=0)), "y"),
        ("prefix", ""),
        ("prefix", "x"),
        ("id", "x"),
        ("prefix", "other"),
    ],
)
async def test_refuses_unknown_clients_and_wrong_secrets(rig: Rig, client_id: str, secret: str) -> None:
    ada = await person(rig)
    key, other = await new_key(rig, ada), await new_key(rig, ada)
    named = {"prefix": key.view.prefix, "id": str(key.view.id)}.get(client_id, client_id)
    shown = other.text.reveal() if secret == "other" else secret
    with pytest.raises(InvalidClient):
        await rig.grant_client_token(GrantClientTokenCommand(client_id=named, client_secret=shown))


async def test_a_token_of_no_key_there_is_opens_nothing(rig: Rig) -> None:
    key = await new_key(rig, await person(rig))
    granted = await rig.grant_client_token(
        GrantClientTokenCommand(client_id=key.view.prefix, client_secret=key.text.reveal())
    )
    claims = rig.verifier.verify(granted.access_token)
    for wrong in (replace(claims, api_key_id=ApiKeyId(uuid4())), replace(claims, user_id=UserId(uuid4()))):
        with pytest.raises(InvalidToken):
            await rig.programs.token(wrong, TRACE)


async def test_a_ticket_stands_for_who_asked_once_and_for_seconds(rig: Rig) -> None:
    ada = await person(rig)
    first = await rig.issue_ticket(IssueSocketTicketCommand(principal=ada))
    second = await rig.issue_ticket(IssueSocketTicketCommand(principal=ada))
    assert first.ticket not in repr((first, rig.system.store.tables))
    assert await rig.process().authentication.ticket(first.ticket, TRACE) == ada
    rig.clock.pass_by(seconds=30)
    for used in (first.ticket, second.ticket, "unknown", "é", ""):
        with pytest.raises(InvalidTicket):
            await rig.authentication.ticket(used, TRACE)


async def test_a_keys_ticket_has_the_scopes_of_the_key(rig: Rig) -> None:
    key = await new_key(rig, await person(rig), Scope.READ)
    program = await bearer(rig, key.text.reveal())
    ticket = await rig.issue_ticket(IssueSocketTicketCommand(principal=program))
    assert await rig.authentication.ticket(ticket.ticket, TRACE) == program
