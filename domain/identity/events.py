"""What identity announces; no event carries a password, a token or a hash of either."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar

from domain.identity.session import EndReason, Session
from domain.identity.user import User
from domain.shared.events import DomainEvent
from domain.shared.ids import UserId
from domain.shared.json import JsonObject, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(DomainEvent):
    type: ClassVar[str] = "user.registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdated(DomainEvent):
    type: ClassVar[str] = "user.updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRoleChanged(DomainEvent):
    type: ClassVar[str] = "user.role_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserActivated(DomainEvent):
    type: ClassVar[str] = "user.activated"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeactivated(DomainEvent):
    type: ClassVar[str] = "user.deactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPasswordChanged(DomainEvent):
    type: ClassVar[str] = "user.password_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserConfirmationRefused(DomainEvent):
    """Somebody who was logged in could not confirm with the password."""

    type: ClassVar[str] = "user.confirmation_refused"
    outcome: ClassVar[str] = "failure"

    @property
    def audit_reason(self) -> str | None:
        return stated_reason(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted(DomainEvent):
    """The last event of an account, and the only one that stays; `data` has nothing but the id."""

    type: ClassVar[str] = "user.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(DomainEvent):
    type: ClassVar[str] = "session.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRefreshed(DomainEvent):
    type: ClassVar[str] = "session.refreshed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRefused(DomainEvent):
    """Somebody named this account and could not log in; `subject` is the account."""

    type: ClassVar[str] = "session.refused"
    outcome: ClassVar[str] = "failure"

    @property
    def audit_reason(self) -> str | None:
        return stated_reason(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(DomainEvent):
    """`data` says why, beside the session."""

    type: ClassVar[str] = "session.ended"

    @property
    def audit_reason(self) -> str | None:
        return stated_reason(self.data)


UserEvent = TypeVar(
    "UserEvent",
    UserRegistered,
    UserUpdated,
    UserRoleChanged,
    UserActivated,
    UserDeactivated,
    UserPasswordChanged,
)
SessionEvent = TypeVar("SessionEvent", SessionStarted, SessionRefreshed)


def user_event(kind: type[UserEvent], user: User) -> UserEvent:
    """The event of the account's last change."""
    return kind(user_id=user.id, subject=user.id, occurred_at=user.updated_at, data=user_data(user))


def session_event(kind: type[SessionEvent], session: Session) -> SessionEvent:
    """The event of the session's last use."""
    return kind(
        user_id=session.user_id,
        subject=session.id,
        occurred_at=session.last_used_at,
        data=session_data(session),
    )


def session_ended(session: Session, reason: EndReason, now: datetime) -> SessionEnded:
    """A session is over before its time."""
    data = {**session_data(session), "reason": reason.value}
    return SessionEnded(user_id=session.user_id, subject=session.id, occurred_at=now, data=data)


def session_refused(user_id: UserId, reason: str, now: datetime) -> SessionRefused:
    """A login that failed."""
    return SessionRefused(user_id=user_id, subject=user_id, occurred_at=now, data={"reason": reason})


def confirmation_refused(user_id: UserId, now: datetime) -> UserConfirmationRefused:
    """A wrong password where the right one was asked for once more."""
    data: JsonObject = {"reason": "wrong_password"}
    return UserConfirmationRefused(user_id=user_id, subject=user_id, occurred_at=now, data=data)


def user_deleted(user_id: UserId, now: datetime) -> UserDeleted:
    """An account and everything of it is gone."""
    return UserDeleted(user_id=user_id, subject=user_id, occurred_at=now, data={"id": str(user_id)})


def stated_reason(data: JsonObject) -> str | None:
    """The word these events give under `reason`."""
    reason = data.get("reason")
    return reason if isinstance(reason, str) else None


def user_data(user: User) -> JsonObject:
    """The account in JSON values."""
    return {
        "id": str(user.id),
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role.value,
        "is_active": user.is_active,
        "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at),
    }


def session_data(session: Session) -> JsonObject:
    """The session in JSON values."""
    return {
        "id": str(session.id),
        "user_agent": session.user_agent,
        "address": session.address,
        "created_at": rfc3339(session.created_at),
        "last_used_at": rfc3339(session.last_used_at),
        "expires_at": rfc3339(session.expires_at),
    }
