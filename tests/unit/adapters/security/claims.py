"""What the tokens of these tests say, and when."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from adapters.security.keys import new_ed25519_pem
from application.identity.ports import TokenClaims
from application.shared.ports import Clock
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "a secret of more than thirty-two bytes"
PEM = new_ed25519_pem()


class SetClock(Clock):
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


def claims(session: int = 2) -> TokenClaims:
    return TokenClaims(
        user_id=UserId(UUID(int=1)),
        role=Role.MODERATOR,
        session_id=SessionId(UUID(int=session)),
        token_id=UUID(int=3),
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
    )
