"""What becomes of a refresh token that is presented."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.identity.session import Presented, RefreshToken, Session, Verdict, judged, shown_user_agent
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OVERLAP = timedelta(milliseconds=250)
MOMENT = timedelta(microseconds=1)

USER, SESSION = UserId(UUID(int=1)), SessionId(UUID(int=2))
FRESH = Presented(
    token=RefreshToken(
        user_id=USER,
        id=UUID(int=3),
        session_id=SESSION,
        token_hash=b"x" * 32,
        issued_at=NOW - DAY,
        expires_at=NOW + DAY,
    ),
    session=Session(
        user_id=USER,
        id=SESSION,
        user_agent=None,
        address=None,
        created_at=NOW - DAY,
        last_used_at=NOW - DAY,
        expires_at=NOW + 2 * DAY,
    ),
    role=Role.USER,
    is_active=True,
)


def used(at: datetime, expires_at: datetime = FRESH.token.expires_at) -> Presented:
    return replace(FRESH, token=replace(FRESH.token, used_at=at, expires_at=expires_at))


@pytest.mark.parametrize(
    ("presented", "verdict"),
    [
        (FRESH, Verdict.RENEW),
        (replace(FRESH, token=replace(FRESH.token, expires_at=NOW)), Verdict.REFUSE),
        (replace(FRESH, session=replace(FRESH.session, expires_at=NOW)), Verdict.REFUSE),
        (replace(FRESH, session=replace(FRESH.session, revoked_at=NOW - DAY)), Verdict.REFUSE),
        (replace(FRESH, is_active=False), Verdict.REFUSE),
        (used(NOW - DAY), Verdict.REPLAY),
        (used(NOW - OVERLAP - MOMENT), Verdict.REPLAY),
        (used(NOW - OVERLAP), Verdict.REFUSE),
        (used(NOW + MOMENT), Verdict.REFUSE),
        (used(NOW - DAY, expires_at=NOW - MOMENT), Verdict.REPLAY),
    ],
)
def test_judges_a_presented_token(presented: Presented, verdict: Verdict) -> None:
    assert judged(presented, NOW, NOW, OVERLAP) is verdict


def test_a_user_agent_is_kept_printable_and_short() -> None:
    assert shown_user_agent(None) is None
    assert shown_user_agent("\x1b") is None
    assert shown_user_agent("curl/8\x1b[31m\n" + "x" * 500) == ("curl/8[31m" + "x" * 500)[:300]
