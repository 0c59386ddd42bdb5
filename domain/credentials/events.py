"""What is announced of credentials; no event carries one, sealed or not."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar

from domain.credentials.credential import Credential, Provider
from domain.shared.events import DomainEvent
from domain.shared.ids import UserId
from domain.shared.json import JsonObject, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialStored(DomainEvent):
    type: ClassVar[str] = "credential.stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDeleted(DomainEvent):
    type: ClassVar[str] = "credential.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRefused(DomainEvent):
    """The provider did not accept it; `subject` is the account. Who tries stolen keys here leaves a trace."""

    type: ClassVar[str] = "credential.refused"
    outcome: ClassVar[str] = "failure"

    @property
    def audit_reason(self) -> str | None:
        return "refused_by_provider"


CredentialEvent = TypeVar("CredentialEvent", CredentialStored, CredentialDeleted)


def credential_event(kind: type[CredentialEvent], credential: Credential, now: datetime) -> CredentialEvent:
    """The event of what happened to a credential."""
    return kind(
        user_id=credential.user_id, subject=credential.id, occurred_at=now, data=credential_data(credential)
    )


def credential_refused(user_id: UserId, provider: Provider, now: datetime) -> CredentialRefused:
    """A credential that was tried in vain."""
    return CredentialRefused(
        user_id=user_id, subject=user_id, occurred_at=now, data={"provider": provider.value}
    )


def credential_data(credential: Credential) -> JsonObject:
    """The credential in JSON values, as it is shown."""
    return {
        "provider": credential.provider.value,
        "masked": credential.masked,
        "checked_at": rfc3339(credential.checked_at),
        "created_at": rfc3339(credential.created_at),
        "updated_at": rfc3339(credential.updated_at),
    }
