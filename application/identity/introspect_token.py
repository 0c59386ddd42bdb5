"""Says whether a token is good right now, and what it says (RFC 7662), to whom it concerns."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from application.identity.ports import IdentityUnitOfWork, TokenClaims, TokenReader, TokenUse, TokenVerifier
from application.identity.token_pairs import token_hash
from application.shared.permissions import Permission, is_allowed
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal, Trace
from domain.identity.errors import InvalidToken
from domain.identity.session import Verdict, judged
from domain.shared.errors import NotAuthenticated


class KeysTokens(Protocol):
    """Knows whether the API key behind a program's token still opens anything."""

    def token(self, claims: TokenClaims, trace: Trace) -> Awaitable[Principal]:
        """Whom the token stands for. Raises `NotAuthenticated`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrospectTokenCommand:
    principal: Principal
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """A token that is good."""

    use: TokenUse
    claims: TokenClaims


class IntrospectToken:
    """None for a token that is not good, and for one of somebody else, which looks the same: only
    administrators learn about those. A look changes nothing: a refresh token stays unused."""

    def __init__(
        self,
        *,
        start_work: StartWork[IdentityUnitOfWork],
        reader: TokenReader,
        verifier: TokenVerifier,
        programs: KeysTokens,
        clock: Clock,
    ) -> None:
        self._start_work = start_work
        self._reader = reader
        self._verifier = verifier
        self._programs = programs
        self._clock = clock

    async def __call__(self, command: IntrospectTokenCommand) -> Introspection | None:
        caller = command.principal
        found = self._found(command.token)
        if found is None:
            return None
        concerned = found.claims.user_id == caller.user_id
        if not concerned and not is_allowed(caller, Permission.USERS_ADMINISTER):
            return None
        return found if await self._is_good(found, command) else None

    def _found(self, token: str) -> Introspection | None:
        try:
            return Introspection(use=TokenUse.ACCESS, claims=self._verifier.verify(token))
        except InvalidToken:
            pass
        try:
            return Introspection(use=TokenUse.REFRESH, claims=self._reader.read(TokenUse.REFRESH, token))
        except InvalidToken:
            return None

    async def _is_good(self, found: Introspection, command: IntrospectTokenCommand) -> bool:
        claims, trace = found.claims, command.principal.trace
        if found.use is TokenUse.REFRESH:
            return await self._renews(claims, command)
        if claims.api_key_id is None:
            return True
        try:
            await self._programs.token(claims, trace)
        except NotAuthenticated:
            return False
        return True

    async def _renews(self, claims: TokenClaims, command: IntrospectTokenCommand) -> bool:
        owner = Principal(
            user_id=claims.user_id,
            role=claims.role,
            trace=command.principal.trace,
            actor_id=command.principal.user_id,
        )
        now = self._clock.now()
        async with self._start_work(owner) as work:
            presented = await work.sessions.presented(claims.user_id, token_hash(command.token))
        # What was used before counts as a replay only when it is used again, not when it is looked at.
        return presented is not None and judged(presented, now, now, timedelta(0)) is Verdict.RENEW
