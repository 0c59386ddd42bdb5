"""Who may listen, and for how long: the same for sockets and for streams of events."""

from datetime import datetime, timedelta
from typing import Final, Protocol

from application.live.feed import Feed
from application.shared.permissions import Permission, is_allowed
from application.shared.principal import Principal, Trace
from domain.shared.errors import NotAuthenticated, NotPermitted

# A key may have no end; whoever listens with one shows it again after this time.
LONGEST: Final = timedelta(hours=24)


class AuthenticateSocket(Protocol):
    """Who a token, a key or a ticket stands for. Raises `NotAuthenticated`."""

    async def __call__(self, token: str, trace: Trace, /) -> Principal: ...


async def nobody(_token: str, _trace: Trace) -> Principal:
    """Where tickets are not taken."""
    raise NotAuthenticated


async def admitted(authenticate: AuthenticateSocket, token: str, trace: Trace, feed: Feed) -> Principal:
    """Who may listen. Raises `NotAuthenticated` and `NotPermitted`.

    What this returns has to join the feed before anything else is awaited: an end that was announced while
    the store looked for the key is seen here, one that comes later ends the reader.
    """
    before = feed.position
    principal = await authenticate(token, trace)
    if feed.has_ended(principal, before):
        raise NotAuthenticated
    if not is_allowed(principal, Permission.EVENTS_READ):
        raise NotPermitted("this key may not read events")
    return principal


def ends_at(principal: Principal, now: datetime) -> datetime:
    """Until when the principal may listen without showing credentials again."""
    longest = now + LONGEST
    return longest if principal.expires_at is None else min(principal.expires_at, longest)
