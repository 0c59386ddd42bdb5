"""A clock to turn, keys of both kinds, and tokens signed with them."""

import pytest

from adapters.security.keys import KeyRing, SigningKey, ed25519_key, hs256_key
from adapters.security.tokens import JwtTokens
from tests.unit.adapters.security.claims import PEM, SECRET, SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=["HS256", "Ed25519"])
def key(request: pytest.FixtureRequest) -> SigningKey:
    return hs256_key(SECRET) if request.param == "HS256" else ed25519_key(PEM)


@pytest.fixture
def tokens(key: SigningKey, clock: SetClock) -> JwtTokens:
    return JwtTokens(KeyRing(key), "issuer", "audience", clock)
