"""An account's standing at somebody else's login: who a provider says came in, and to whom that belongs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.identity.email import email_address
from domain.identity.user import NAME_LENGTH, Registration
from domain.shared.checks import Checks
from domain.shared.ids import ExternalIdentityId, UserId

SUBJECT_LENGTH: Final = 255  # OpenID Connect Core 1.0, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What a provider has signed about whoever logged in there. `issuer` and `subject` together name a person
    for good; an e-mail address does not, and says nothing at all unless `email_verified`."""

    provider: str
    issuer: str
    subject: str
    email: str | None = None
    email_verified: bool = False
    first_name: str | None = None
    last_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentity:
    """A person of a provider, linked to one account. `email` is the address that was vouched for when they
    were linked; times are UTC."""

    user_id: UserId
    id: ExternalIdentityId
    provider: str
    issuer: str
    subject: str
    email: str
    created_at: datetime
    last_used_at: datetime


def vouched_email(assertion: Assertion) -> str | None:
    """The address the provider vouches for, as it is kept; None when it vouches for none."""
    if not assertion.email_verified or assertion.email is None:
        return None
    return email_address(assertion.email)


def registration_of(assertion: Assertion, email: str) -> Registration:
    """Who wants an account. A name that cannot be kept is left out: it is no reason to turn anybody away."""
    return Registration(
        email=email, first_name=_name(assertion.first_name), last_name=_name(assertion.last_name)
    )


def new_identity(
    identity_id: ExternalIdentityId, user_id: UserId, assertion: Assertion, email: str, now: datetime
) -> ExternalIdentity:
    """The link of an account to whoever has just logged in at the provider."""
    return ExternalIdentity(
        user_id=user_id,
        id=identity_id,
        provider=assertion.provider,
        issuer=assertion.issuer,
        subject=assertion.subject,
        email=email,
        created_at=now,
        last_used_at=now,
    )


def _name(raw: str | None) -> str | None:
    checks = Checks()
    name = checks.optional_text("", raw, longest=NAME_LENGTH)
    return None if checks.violations else name
