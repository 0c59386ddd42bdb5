"""A process's own share of the signing keys, over a store it shares with others."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from adapters.memory.signing_keys import InMemorySigningKeyStore
from adapters.security.key_set import RingOfStoredKeys, RingOnShow, SealedKeyMaker
from adapters.security.keys import KeyRing
from adapters.security.sealing import new_key
from adapters.security.tokens import JwtTokens
from adapters.security.verifier import CachingTokenVerifier
from adapters.system.ids import Uuid7Generator
from application.identity.follow_signing_keys import FollowSigningKeys
from application.identity.ports import TokenClaims, TokenUse
from application.identity.rotate_signing_keys import EnsureSigningKeys, RotateSigningKeys
from application.shared.principal import Trace
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role
from tests.unit.application.identity.rig import SetClock

KEY = new_key()
MONTH = timedelta(days=30)
TRACE = Trace(request_id="a-request")


class Process:
    """What one API process has of its own, over a store it shares."""

    def __init__(
        self,
        store: InMemorySigningKeyStore,
        clock: SetClock,
        key: str = KEY,
        pace: tuple[timedelta, timedelta] = (timedelta(seconds=2), timedelta(seconds=1)),
    ) -> None:
        self.clock = clock
        self.ring = KeyRing(None)
        self.maker = SealedKeyMaker(key)
        self.tokens = JwtTokens(self.ring, "issuer", "audience", clock)
        self.verifier = CachingTokenVerifier(self.tokens, clock, lifetime=timedelta(minutes=15))
        ids = Uuid7Generator()
        self.ensure = partial(EnsureSigningKeys(store, self.maker, clock, ids), TRACE)
        self.rotate = partial(RotateSigningKeys(store, self.maker, clock, ids, honoured_for=MONTH), TRACE)
        holder = RingOfStoredKeys(self.ring, self.maker, clock)
        self.follow = FollowSigningKeys(store, holder, self.verifier, interval=pace[0], patience=pace[1])
        self.ring.when_unknown(self.follow.hurry)

    def token(self, minutes: float = 15) -> str:
        now = self.clock.now()
        return self.tokens.issue(
            TokenUse.ACCESS,
            TokenClaims(
                user_id=UserId(UUID(int=1)),
                role=Role.USER,
                session_id=SessionId(UUID(int=2)),
                token_id=UUID(int=3),
                issued_at=now,
                expires_at=now + timedelta(minutes=minutes),
            ),
        )

    @property
    def published(self) -> set[str]:
        return {key["kid"] for key in RingOnShow(self.ring).public()}


async def started(process: Process) -> Process:
    await process.ensure()
    await process.follow.look()
    return process
