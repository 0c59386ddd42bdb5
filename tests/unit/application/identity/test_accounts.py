"""Opening, changing and closing accounts."""

import pytest

from application.identity.log_out import LogOutCommand
from application.identity.register_user import RegisterUserCommand
from application.identity.set_user_active import SetUserActiveCommand
from application.identity.set_user_role import SetUserRoleCommand
from application.identity.update_profile import UpdateProfileCommand
from application.shared.principal import Role
from domain.identity.errors import (
    EmailTaken,
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidToken,
    UserChanged,
    UserNotFound,
)
from domain.identity.user import Registration
from domain.shared.errors import InvalidInput
from domain.shared.ids import UserId
from tests.unit.application.identity.rig import PASSWORD, TRACE, Rig


async def test_opens_an_account_and_says_so(rig: Rig) -> None:
    view = await rig.register(
        RegisterUserCommand(
            trace=TRACE,
            registration=Registration(email=" Ada@Example.org ", first_name="Ada", last_name=""),
            password=PASSWORD,
        )
    )
    assert (view.email, view.first_name, view.last_name) == ("ada@example.org", "Ada", None)
    assert (view.role, view.is_active) == (Role.USER, True)
    assert rig.events() == ["user.registered"]
    entry = rig.system.store.audit[0]
    assert (entry.action, entry.resource_id, entry.address) == ("user.registered", view.id, TRACE.address)


async def test_refuses_a_taken_address_in_any_spelling(rig: Rig) -> None:
    await rig.registered("ada@example.org")
    with pytest.raises(EmailTaken):
        await rig.registered("ADA@EXAMPLE.org")
    assert rig.events() == ["user.registered"]


async def test_names_everything_that_is_wrong_with_a_registration(rig: Rig) -> None:
    with pytest.raises(InvalidInput) as refused:
        await rig.register(
            RegisterUserCommand(trace=TRACE, registration=Registration(email="ada"), password="password1234")
        )
    found = {(violation.pointer, violation.code) for violation in refused.value.violations}
    assert found == {("/email", "not_an_email_address"), ("/password", "too_common")}


async def test_keeps_no_password_and_no_token_anywhere(rig: Rig) -> None:
    await rig.registered()
    pair = await rig.logged_in()
    kept = repr(rig.system.store)
    for secret in (PASSWORD, pair.access_token, pair.refresh_token):
        assert secret not in kept
    assert pair.access_token not in repr(pair)
    for recorded in rig.system.store.events:
        assert "$2b$" not in repr(recorded)


async def test_changes_a_profile(rig: Rig) -> None:
    await rig.registered()
    principal = rig.principal(await rig.logged_in())
    user = await rig.update_profile(UpdateProfileCommand(principal=principal, patch={"first_name": "Ada"}))
    assert (user.first_name, user.version) == ("Ada", 2)
    assert rig.events()[-1] == "user.updated"
    with pytest.raises(UserChanged):
        await rig.update_profile(
            UpdateProfileCommand(principal=principal, patch={"first_name": "A"}, expected_version=1)
        )
    again = await rig.update_profile(UpdateProfileCommand(principal=principal, patch={"first_name": "Ada"}))
    assert again.version == 2
    assert rig.events().count("user.updated") == 1


async def test_a_new_role_ends_the_sessions_of_the_old_one(rig: Rig) -> None:
    view = await rig.registered()
    pair = await rig.logged_in()
    command = SetUserRoleCommand(trace=TRACE, user_id=UserId(view.id), role=Role.ADMIN)
    assert (await rig.set_role(command)).role is Role.ADMIN
    assert rig.events()[-2:] == ["user.role_changed", "session.ended"]
    with pytest.raises(InvalidToken):
        rig.principal(pair)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(pair)
    assert rig.principal(await rig.logged_in()).role is Role.ADMIN
    before = len(rig.events())
    await rig.set_role(command)
    assert len(rig.events()) == before


async def test_a_closed_account_is_shut_out_at_once_until_it_is_opened(rig: Rig) -> None:
    view = await rig.registered()
    pair = await rig.logged_in()
    user_id = UserId(view.id)
    closed = await rig.set_active(SetUserActiveCommand(trace=TRACE, user_id=user_id, active=False))
    assert not closed.is_active
    assert rig.events()[-2:] == ["user.deactivated", "session.ended"]
    with pytest.raises(InvalidToken):
        rig.principal(pair)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(pair)
    with pytest.raises(InvalidCredentials):
        await rig.logged_in()
    await rig.set_active(SetUserActiveCommand(trace=TRACE, user_id=user_id, active=True))
    assert rig.principal(await rig.logged_in()).user_id == user_id


async def test_administers_nobody_who_is_not_there(rig: Rig) -> None:
    nobody = UserId(Rig().system.settings.ids.new())
    with pytest.raises(UserNotFound):
        await rig.set_role(SetUserRoleCommand(trace=TRACE, user_id=nobody, role=Role.ADMIN))
    with pytest.raises(UserNotFound):
        await rig.set_active(SetUserActiveCommand(trace=TRACE, user_id=nobody, active=False))


async def test_an_account_can_be_opened_with_a_role(rig: Rig) -> None:
    await rig.registered(role=Role.ADMIN)
    principal = rig.principal(await rig.logged_in())
    assert principal.role is Role.ADMIN
    assert await rig.log_out(LogOutCommand(principal=principal)) == 1
