"""Gives a program an access token for its API key: the client credentials grant (RFC 6749, 4.4)."""

from dataclasses import dataclass, field

from application.identity.authenticate_program import AuthenticateProgram
from application.identity.ports import TokenClaims, TokenIssuer, TokenUse
from application.identity.token_pairs import Lifetimes
from application.shared.ports import Clock, IdGenerator
from domain.identity.api_key import narrowed
from domain.identity.api_key_errors import ScopeNotGranted
from domain.shared.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantClientTokenCommand:
    """Without `scopes` the token has those of the key."""

    client_id: str
    client_secret: str = field(repr=False)
    scopes: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    """`expires_in` is in seconds. There is no refresh token: the client has its key (RFC 6749, 4.4.3)."""

    access_token: str = field(repr=False)
    expires_in: int
    scopes: frozenset[Scope]


class GrantClientToken:
    """Raises `InvalidClient` and `ScopeNotGranted`. The token dies with its key."""

    def __init__(
        self,
        *,
        programs: AuthenticateProgram,
        issuer: TokenIssuer,
        lifetimes: Lifetimes,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._programs = programs
        self._issuer = issuer
        self._lifetimes = lifetimes
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: GrantClientTokenCommand) -> ClientToken:
        holder = await self._programs.client(command.client_id, command.client_secret)
        scopes = narrowed(holder.key.scopes, command.scopes)
        if scopes is None:
            raise ScopeNotGranted
        now = self._clock.now()
        expires_at = now + self._lifetimes.access
        if holder.key.expires_at is not None:
            expires_at = min(expires_at, holder.key.expires_at)
        claims = TokenClaims(
            user_id=holder.key.user_id,
            role=holder.role,
            session_id=None,
            token_id=self._ids.new(),
            issued_at=now,
            expires_at=expires_at,
            api_key_id=holder.key.id,
            scopes=scopes,
        )
        token = self._issuer.issue(TokenUse.ACCESS, claims)
        return ClientToken(
            access_token=token, expires_in=int((expires_at - now).total_seconds()), scopes=scopes
        )
