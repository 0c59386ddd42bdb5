"""Looking at sessions, changing the password, leaving for good, and what administrators do."""

import pytest

from adapters.memory.event_log import InMemoryEventLog
from application.identity.administer_user import ChangeUserCommand, DeleteUserCommand
from application.identity.change_password import ChangePasswordCommand
from application.identity.delete_account import DeleteAccountCommand
from application.identity.end_session import EndSessionCommand
from application.identity.list_sessions import ListSessionsCommand
from application.identity.queries import SessionView
from application.shared.messages import Message
from application.shared.pages import PageRequest
from application.shared.principal import Principal, Role
from domain.identity.errors import (
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidToken,
    OwnAccount,
    SessionNotFound,
    UserChanged,
    UserNotFound,
)
from domain.shared.errors import InvalidInput
from domain.shared.ids import SessionId, UserId
from tests.unit.application.identity.rig import PASSWORD, Rig

NEW_PASSWORD = "another horse battery"  # of nobody


async def sessions_of(rig: Rig, principal: Principal, limit: int = 50) -> list[SessionView]:
    page = PageRequest(sort="created_at", limit=limit)
    return list((await rig.list_sessions(ListSessionsCommand(principal=principal, page=page))).rows)


async def messages(rig: Rig) -> list[Message]:
    """Everything in the log, in order."""
    async with rig.system.outbox.lead() as lease:
        await lease.assign_positions(1000)
    batch = await anext(aiter(InMemoryEventLog(rig.system.store, "test").follow(0)))
    return list(batch)


async def an_admin(rig: Rig) -> Principal:
    await rig.registered("root@example.org", Role.ADMIN)
    return rig.principal(await rig.logged_in("root@example.org"))


async def test_shows_where_one_is_logged_in(rig: Rig) -> None:
    await rig.registered()
    await rig.registered("eve@example.org")
    here, there = await rig.logged_in(), await rig.logged_in()
    await rig.logged_in("eve@example.org")
    shown = await sessions_of(rig, rig.principal(here))
    assert [session.current for session in shown] == [True, False]
    assert (shown[0].user_agent, shown[0].address) == ("curl/8", "192.0.2.1")
    assert [s.current for s in await sessions_of(rig, rig.principal(there))] == [False, True]


async def test_shows_no_session_that_nothing_can_keep_alive(rig: Rig) -> None:
    await rig.registered()
    await rig.logged_in()
    rig.clock.pass_by(days=29)
    late = await rig.logged_in()
    assert len(await sessions_of(rig, rig.principal(late))) == 2
    rig.clock.pass_by(days=1)
    assert len(await sessions_of(rig, rig.principal(await rig.logged_in()))) == 2


async def test_ends_a_session_of_ones_own_and_nobody_elses(rig: Rig) -> None:
    await rig.registered()
    await rig.registered("eve@example.org")
    here, there, eve = await rig.logged_in(), await rig.logged_in(), await rig.logged_in("eve@example.org")
    other = rig.principal(there).session_id
    assert other is not None
    for principal, session_id in (
        (rig.principal(eve), other),
        (rig.principal(here), SessionId(Rig().system.settings.ids.new())),
    ):
        with pytest.raises(SessionNotFound):
            await rig.end_session(EndSessionCommand(principal=principal, session_id=session_id))
    await rig.end_session(EndSessionCommand(principal=rig.principal(here), session_id=other))
    assert rig.events()[-1] == "session.ended"
    with pytest.raises(InvalidToken):
        rig.principal(there)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(there)
    assert len(await sessions_of(rig, rig.principal(here))) == 1
    with pytest.raises(SessionNotFound):
        await rig.end_session(EndSessionCommand(principal=rig.principal(here), session_id=other))


async def test_another_password_ends_the_other_sessions(rig: Rig) -> None:
    await rig.registered()
    here, there = await rig.logged_in(), await rig.logged_in()
    await rig.change_password(
        ChangePasswordCommand(
            principal=rig.principal(here), current_password=PASSWORD, new_password=NEW_PASSWORD
        )
    )
    assert rig.events()[-2:] == ["user.password_changed", "session.ended"]
    assert rig.system.store.audit[-2].action == "user.password_changed"
    for secret in (PASSWORD, NEW_PASSWORD, "$2b$"):
        assert secret not in repr(rig.system.store.events)
    with pytest.raises(InvalidToken):
        rig.principal(there)
    assert rig.principal(await rig.refreshed(here)).session_id == rig.principal(here).session_id
    with pytest.raises(InvalidCredentials):
        await rig.logged_in()
    await rig.logged_in(password=NEW_PASSWORD)


@pytest.mark.parametrize(
    ("current", "new", "found"),
    [
        ("wrong", NEW_PASSWORD, ("/current_password", "wrong_password")),
        (PASSWORD, "short", ("/new_password", "too_short")),
        (PASSWORD, "password1234", ("/new_password", "too_common")),
        (PASSWORD, "ada.lovelace@example.org", ("/new_password", "same_as_email")),
    ],
)
async def test_refuses_a_change_of_password(rig: Rig, current: str, new: str, found: tuple[str, str]) -> None:
    email = "ada.lovelace@example.org"
    await rig.registered(email)
    here, there = await rig.logged_in(email), await rig.logged_in(email)
    command = ChangePasswordCommand(principal=rig.principal(here), current_password=current, new_password=new)
    with pytest.raises(InvalidInput) as refused:
        await rig.change_password(command)
    assert [(v.pointer, v.code) for v in refused.value.violations] == [found]
    assert current not in repr(command)
    rig.principal(there)
    await rig.logged_in(email)
    refusals = [entry for entry in rig.system.store.audit if entry.outcome == "failure"]
    assert [entry.action for entry in refusals] == ["user.confirmation_refused"] * (current != PASSWORD)


async def test_leaves_nothing_of_a_deleted_account_but_the_audit(rig: Rig) -> None:
    view = await rig.registered()
    eve = await rig.registered("eve@example.org")
    here, there = await rig.logged_in(), await rig.logged_in("eve@example.org")
    principal, other = rig.principal(here), rig.process()
    with pytest.raises(InvalidInput):
        await rig.delete_account(DeleteAccountCommand(principal=principal, password="wrong"))
    before = len(rig.system.store.audit)
    await rig.delete_account(DeleteAccountCommand(principal=principal, password=PASSWORD))
    left = [r.event for r in rig.system.store.events if r.event.user_id == view.id]
    assert [(event.type, event.data) for event in left] == [("user.deleted", {"id": str(view.id)})]
    assert len(rig.system.store.audit) == before + 1
    assert not [row for rows in rig.system.store.tables.values() for row in rows if str(view.id) in str(row)]
    with pytest.raises(InvalidToken):
        rig.principal(here)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(here)
    with pytest.raises(InvalidCredentials):
        await rig.logged_in()
    assert rig.principal(there).user_id == eve.id
    # Another process hears of it; a third one starts afterwards.
    assert other.principal(here)
    for message in await messages(rig):
        other.hear(message)
    third = rig.process()
    await third.catch_up()
    for process in (other, third):
        with pytest.raises(InvalidToken):
            process.principal(here)
        process.principal(there)
    await rig.registered()


async def test_positions_of_deleted_events_are_not_given_again(rig: Rig) -> None:
    await rig.registered()
    principal = rig.principal(await rig.logged_in())
    last = (await messages(rig))[-1].position
    await rig.delete_account(DeleteAccountCommand(principal=principal, password=PASSWORD))
    assert [message.position for message in await messages(rig)] == [last + 1]


async def test_an_administrator_changes_role_and_activity_in_one(rig: Rig) -> None:
    admin = await an_admin(rig)
    user_id = UserId((await rig.registered()).id)
    pair = await rig.logged_in()
    await rig.change_user(
        ChangeUserCommand(
            principal=admin, user_id=user_id, role=Role.MODERATOR, is_active=False, expected_version=1
        )
    )
    after = await rig.accounts.account(user_id)
    assert (after.role, after.is_active, after.version) == (Role.MODERATOR, False, 3)
    assert rig.events()[-3:] == ["user.role_changed", "session.ended", "user.deactivated"]
    for entry in rig.system.store.audit[-3:]:
        assert (entry.actor_id, entry.user_id) == (admin.user_id, user_id)
    with pytest.raises(InvalidToken):
        rig.principal(pair)
    with pytest.raises(UserChanged):
        await rig.change_user(
            ChangeUserCommand(principal=admin, user_id=user_id, is_active=True, expected_version=1)
        )
    count = len(rig.events())
    await rig.change_user(ChangeUserCommand(principal=admin, user_id=user_id, is_active=False))
    assert len(rig.events()) == count


async def test_an_administrator_deletes_an_account(rig: Rig) -> None:
    admin = await an_admin(rig)
    user_id = UserId((await rig.registered()).id)
    pair = await rig.logged_in()
    with pytest.raises(UserChanged):
        await rig.delete_user(DeleteUserCommand(principal=admin, user_id=user_id, expected_version=7))
    await rig.delete_user(DeleteUserCommand(principal=admin, user_id=user_id))
    entry = rig.system.store.audit[-1]
    assert (entry.action, entry.actor_id, entry.user_id) == ("user.deleted", admin.user_id, user_id)
    with pytest.raises(InvalidToken):
        rig.principal(pair)
    with pytest.raises(UserNotFound):
        await rig.delete_user(DeleteUserCommand(principal=admin, user_id=user_id))


async def test_administrators_cannot_shut_themselves_out(rig: Rig) -> None:
    admin = await an_admin(rig)
    for role, active in ((Role.USER, None), (None, False), (Role.USER, False)):
        command = ChangeUserCommand(principal=admin, user_id=admin.user_id, role=role, is_active=active)
        with pytest.raises(OwnAccount):
            await rig.change_user(command)
    with pytest.raises(OwnAccount):
        await rig.delete_user(DeleteUserCommand(principal=admin, user_id=admin.user_id))
    own = await rig.accounts.account(admin.user_id)
    assert (own.role, own.is_active, own.version) == (Role.ADMIN, True, 1)
    same = ChangeUserCommand(principal=admin, user_id=admin.user_id, role=Role.ADMIN, is_active=True)
    assert await rig.change_user(same) == own
