"""The verifier checks a token once, and no longer than it is good."""

from datetime import timedelta
from uuid import UUID

import pytest

from adapters.security.keys import KeyRing, hs256_key
from adapters.security.tokens import JwtTokens
from adapters.security.verifier import CachingTokenVerifier
from application.identity.ports import TokenClaims, TokenUse
from domain.identity.errors import InvalidToken
from domain.shared.ids import SessionId
from tests.unit.adapters.security.claims import NOW, SECRET, SetClock, claims


class CountingReader(JwtTokens):
    reads = 0

    def read(self, use: TokenUse, token: str) -> TokenClaims:
        self.reads += 1
        return super().read(use, token)


@pytest.fixture
def reader(clock: SetClock) -> CountingReader:
    return CountingReader(KeyRing(hs256_key(SECRET)), "issuer", "audience", clock)


@pytest.fixture
def verifier(reader: CountingReader, clock: SetClock) -> CachingTokenVerifier:
    return CachingTokenVerifier(reader, clock, lifetime=timedelta(minutes=15), size=2)


def test_checks_a_signature_once(reader: CountingReader, verifier: CachingTokenVerifier) -> None:
    token = reader.issue(TokenUse.ACCESS, claims())
    assert verifier.verify(token) == verifier.verify(token) == claims()
    assert reader.reads == 1
    verifier.clear()
    verifier.verify(token)
    assert reader.reads == 2


def test_refuses_a_remembered_token_once_it_expired(
    reader: CountingReader, verifier: CachingTokenVerifier, clock: SetClock
) -> None:
    token = reader.issue(TokenUse.ACCESS, claims())
    verifier.verify(token)
    clock.time = NOW + timedelta(minutes=15)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            verifier.verify(token)


def test_remembers_no_more_than_it_may(reader: CountingReader, verifier: CachingTokenVerifier) -> None:
    one, two, three = (reader.issue(TokenUse.ACCESS, claims(session)) for session in (1, 2, 3))
    for token in (one, two, one, three, one):  # two is the least recently used when three comes
        verifier.verify(token)
    assert reader.reads == 3
    verifier.verify(two)
    assert reader.reads == 4


@pytest.mark.parametrize("seen", [True, False])
def test_refuses_every_token_of_an_ended_session(
    reader: CountingReader, verifier: CachingTokenVerifier, clock: SetClock, seen: bool
) -> None:
    ended, other = (reader.issue(TokenUse.ACCESS, claims(session)) for session in (2, 4))
    if seen:
        verifier.verify(ended)
    verifier.revoke(SessionId(UUID(int=2)))
    verifier.clear()
    clock.time = NOW + timedelta(minutes=14)
    verifier.revoke(SessionId(UUID(int=5)))
    with pytest.raises(InvalidToken):
        verifier.verify(ended)
    assert verifier.verify(other) == claims(4)


def test_refuses_every_token_of_a_deleted_account(
    reader: CountingReader, verifier: CachingTokenVerifier
) -> None:
    token = reader.issue(TokenUse.ACCESS, claims())
    verifier.verify(token)
    verifier.revoke_account(claims().user_id)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            verifier.verify(token)
