"""What is announced of logins with a provider; no event carries a token, a code or a secret."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from domain.identity.events import SessionStarted, session_event, stated_reason, user_data
from domain.identity.external_identity import ExternalIdentity
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.events import DomainEvent
from domain.shared.json import JsonObject, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLinked(DomainEvent):
    """An account can be logged in to with a provider from now on."""

    type: ClassVar[str] = "identity.linked"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityUnlinked(DomainEvent):
    type: ClassVar[str] = "identity.unlinked"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPasswordRemoved(DomainEvent):
    """The account has no password any more; `data` says why, beside the account."""

    type: ClassVar[str] = "user.password_removed"

    @property
    def audit_reason(self) -> str | None:
        return stated_reason(self.data)


def identity_linked(identity: ExternalIdentity) -> IdentityLinked:
    """The link as it was made."""
    return IdentityLinked(
        user_id=identity.user_id,
        subject=identity.id,
        occurred_at=identity.created_at,
        data=identity_data(identity),
    )


def identity_unlinked(identity: ExternalIdentity, now: datetime) -> IdentityUnlinked:
    """The link as it was when it was taken away."""
    return IdentityUnlinked(
        user_id=identity.user_id, subject=identity.id, occurred_at=now, data=identity_data(identity)
    )


def password_removed(user: User) -> UserPasswordRemoved:
    """The owner of the address came in by a provider: whoever set the password need not be the same."""
    data: JsonObject = {**user_data(user), "reason": "identity_linked"}
    return UserPasswordRemoved(user_id=user.id, subject=user.id, occurred_at=user.updated_at, data=data)


def session_started_with(session: Session, provider: str) -> SessionStarted:
    """A session that a provider vouched for."""
    event = session_event(SessionStarted, session)
    return replace(event, data={**event.data, "provider": provider})


def identity_data(identity: ExternalIdentity) -> JsonObject:
    """The link in JSON values."""
    return {
        "id": str(identity.id),
        "provider": identity.provider,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "email": identity.email,
        "created_at": rfc3339(identity.created_at),
        "last_used_at": rfc3339(identity.last_used_at),
    }
