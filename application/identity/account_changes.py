"""What follows when an account gets another role or is closed or opened: events, and the end of sessions."""

from collections.abc import Sequence
from datetime import datetime

from application.identity.ports import IdentityUnitOfWork
from domain.identity.events import UserActivated, UserDeactivated, UserRoleChanged, session_ended, user_event
from domain.identity.session import EndReason, Session
from domain.identity.user import User, with_activity, with_role
from domain.shared.roles import Role


async def change_role(
    work: IdentityUnitOfWork, user: User, role: Role, now: datetime
) -> tuple[User, Sequence[Session]]:
    """The account with the role, and the sessions that ended with its old one. Nothing new is no change."""
    after = with_role(user, role, now)
    if after is user:
        return user, ()
    await work.users.save(after)
    work.record(user_event(UserRoleChanged, after))
    return after, await _end_all(work, after, EndReason.ROLE_CHANGED, now)


async def change_activity(
    work: IdentityUnitOfWork, user: User, active: bool, now: datetime
) -> tuple[User, Sequence[Session]]:
    """The account opened or closed, and the sessions that ended with it. Nothing new is no change."""
    after = with_activity(user, active, now)
    if after is user:
        return user, ()
    await work.users.save(after)
    if active:
        work.record(user_event(UserActivated, after))
        return after, ()
    work.record(user_event(UserDeactivated, after))
    return after, await _end_all(work, after, EndReason.DEACTIVATED, now)


async def _end_all(
    work: IdentityUnitOfWork, user: User, reason: EndReason, now: datetime
) -> Sequence[Session]:
    ended = await work.sessions.end_all(user.id, now)
    for session in ended:
        work.record(session_ended(session, reason, now))
    return ended
