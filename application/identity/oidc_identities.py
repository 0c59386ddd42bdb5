"""Shows the caller which providers' identities lead to the account, and takes one away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.identity.oidc_ports import ExternalIdentityQueries, OidcUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.identity.errors import IdentityNotFound, LastWayIn
from domain.identity.external_identity import ExternalIdentity
from domain.identity.external_identity_events import identity_unlinked
from domain.shared.ids import ExternalIdentityId


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityView:
    """A linked identity as the API shows it. Times are UTC."""

    id: UUID
    provider: str
    issuer: str
    subject: str
    email: str
    created_at: datetime
    last_used_at: datetime


def identity_view(identity: ExternalIdentity) -> IdentityView:
    """What of an identity is shown."""
    return IdentityView(
        id=identity.id,
        provider=identity.provider,
        issuer=identity.issuer,
        subject=identity.subject,
        email=identity.email,
        created_at=identity.created_at,
        last_used_at=identity.last_used_at,
    )


class ListIdentities:
    """There are as many as providers at most, or a few: all of them are one page."""

    def __init__(self, identities: ExternalIdentityQueries) -> None:
        self._identities = identities

    async def __call__(self, principal: Principal) -> Sequence[IdentityView]:
        return [identity_view(each) for each in await self._identities.identities(principal.user_id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkIdentityCommand:
    principal: Principal
    identity_id: ExternalIdentityId


class UnlinkIdentity:
    """Sessions go on. Raises `IdentityNotFound`, `LastWayIn`, `UserNotFound`."""

    def __init__(self, start_work: StartWork[OidcUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: UnlinkIdentityCommand) -> None:
        user_id = command.principal.user_id
        async with self._start_work(command.principal) as work:
            # The account first: of two identities taken away at the same time, the second must see the first.
            await work.users.get(user_id)
            linked = await work.external_identities.of_user(user_id)
            found = next((each for each in linked if each.id == command.identity_id), None)
            if found is None:
                raise IdentityNotFound
            if len(linked) == 1 and not await work.users.has_password(user_id):
                raise LastWayIn
            await work.external_identities.remove(user_id, command.identity_id)
            work.record(identity_unlinked(found, self._clock.now()))
            await work.commit()
