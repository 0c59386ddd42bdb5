"""Says whom a program's key, a token it got, or a ticket stands for: asked of the store on every request."""

from datetime import datetime
from uuid import UUID

from application.identity.api_key_queries import BearerQueries
from application.identity.create_api_key import secret_hash
from application.identity.ports import TokenClaims
from application.shared.ports import Clock
from application.shared.principal import Principal, Trace
from domain.identity.api_key import KeyHolder, objection
from domain.identity.api_key_errors import InvalidApiKey, InvalidClient, InvalidTicket
from domain.identity.api_key_text import joined, parsed
from domain.identity.errors import InvalidToken
from domain.shared.errors import NotAuthenticated
from domain.shared.ids import ApiKeyId
from domain.shared.scopes import Scope


class AuthenticateProgram:
    """One look-up each, never a remembered answer: a revoked key, a closed account and a lost role take
    effect with the commit, in every process."""

    def __init__(self, credentials: BearerQueries, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock

    async def key(self, text: str, trace: Trace) -> Principal:
        """Who sent this key. Raises `InvalidApiKey`, for what cannot be one without a look-up."""
        parts, now = parsed(text), self._clock.now()
        if parts is None:
            raise InvalidApiKey
        holder = await self._credentials.by_prefix(parts.prefix, secret_hash(parts.secret), now)
        holder = standing(holder, now, InvalidApiKey)
        return principal_of_key(holder, holder.key.scopes, holder.key.expires_at, trace)

    async def token(self, claims: TokenClaims, trace: Trace) -> Principal:
        """Who sent this token that a key got; its claims are verified. Raises `InvalidToken`."""
        if claims.api_key_id is None or claims.scopes is None:
            raise InvalidToken
        now = self._clock.now()
        holder = await self._credentials.by_id(claims.api_key_id, None, now)
        if holder is not None and holder.key.user_id != claims.user_id:
            raise InvalidToken
        return principal_of_key(standing(holder, now, InvalidToken), claims.scopes, claims.expires_at, trace)

    async def client(self, client_id: str, client_secret: str) -> KeyHolder:
        """The key a client names by its id or prefix. The secret is the key's last part, or all of it.

        Raises `InvalidClient`.
        """
        now = self._clock.now()
        whole = parsed(client_secret)
        secret = whole.secret if whole else client_secret
        key_id = _key_id(client_id)
        if key_id is not None:
            holder = await self._credentials.by_id(key_id, secret_hash(secret), now)
        elif joined(client_id, secret) is not None:
            holder = await self._credentials.by_prefix(client_id, secret_hash(secret), now)
        else:
            raise InvalidClient
        return standing(holder, now, InvalidClient)

    async def ticket(self, text: str, trace: Trace) -> Principal:
        """Whom a ticket stands for; it is used up. Raises `InvalidTicket`."""
        now = self._clock.now()
        # A ticket is ASCII: what is not was never given out.
        taken = await self._credentials.take_ticket(secret_hash(text), now) if text.isascii() else None
        if taken is None:
            raise InvalidTicket
        ticket = taken.ticket
        if not taken.stands or ticket.expires_at <= now or (ticket.ends_at and ticket.ends_at <= now):
            raise InvalidTicket(user_id=ticket.user_id)
        return Principal(
            user_id=ticket.user_id,
            role=taken.role,
            trace=trace,
            session_id=ticket.session_id,
            api_key_id=ticket.api_key_id,
            scopes=ticket.scopes,
            expires_at=ticket.ends_at,
        )


def standing(holder: KeyHolder | None, now: datetime, refusal: type[NotAuthenticated]) -> KeyHolder:
    """The holder, if the key opens anything now; callers are not told why when it does not."""
    if holder is None:
        raise refusal
    if reason := objection(holder, now):
        raise refusal(reason=reason, user_id=holder.key.user_id)
    return holder


def principal_of_key(
    holder: KeyHolder, scopes: frozenset[Scope], expires_at: datetime | None, trace: Trace
) -> Principal:
    """Who acts when this key is used for these scopes."""
    return Principal(
        user_id=holder.key.user_id,
        role=holder.role,
        trace=trace,
        api_key_id=holder.key.id,
        scopes=scopes,
        expires_at=expires_at,
    )


def _key_id(text: str) -> ApiKeyId | None:
    try:
        return ApiKeyId(UUID(text))
    except ValueError:
        return None
