"""Tokens: what we signed is believed, everything else is refused."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.jwk import OctKey

from adapters.security.keys import BadKey, KeyRing, SigningKey, ed25519_key, hs256_key, new_ed25519_pem
from adapters.security.tokens import JwtTokens
from application.identity.ports import TokenUse
from domain.identity.errors import InvalidToken
from tests.unit.adapters.security.claims import NOW, PEM, SECRET, SetClock, claims


def parts(token: str) -> tuple[dict[str, object], dict[str, object]]:
    header, payload, _ = (part + "=" * (-len(part) % 4) for part in token.split("."))
    return json.loads(base64.urlsafe_b64decode(header)), json.loads(base64.urlsafe_b64decode(payload))


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_reads_what_it_wrote(tokens: JwtTokens) -> None:
    for use in TokenUse:
        assert tokens.read(use, tokens.issue(use, claims())) == claims()


def test_says_what_the_standard_asks_for(tokens: JwtTokens, key: SigningKey) -> None:
    header, payload = parts(tokens.issue(TokenUse.ACCESS, claims()))
    assert header == {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid}
    assert payload == {
        "iss": "issuer",
        "aud": "audience",
        "sub": str(UUID(int=1)),
        "client_id": "kgl",
        "role": "moderator",
        "sid": str(UUID(int=2)),
        "jti": str(UUID(int=3)),
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 900,
    }


def test_no_token_passes_for_the_other_kind(tokens: JwtTokens) -> None:
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.ACCESS, tokens.issue(TokenUse.REFRESH, claims()))
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.REFRESH, tokens.issue(TokenUse.ACCESS, claims()))


def test_refuses_an_expired_token(tokens: JwtTokens, clock: SetClock) -> None:
    token = tokens.issue(TokenUse.ACCESS, claims())
    clock.time = NOW + timedelta(minutes=15)
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.ACCESS, token)


def signed(key: SigningKey, header: dict[str, object], changes: dict[str, object]) -> str:
    _, payload = parts(
        JwtTokens(KeyRing(key), "issuer", "audience", SetClock()).issue(TokenUse.ACCESS, claims())
    )
    body = {name: value for name, value in (payload | changes).items() if value is not None}
    full = {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid} | header
    return jwt.encode(
        {name: value for name, value in full.items() if value is not None},
        body,
        key.key,
        algorithms=[key.algorithm],
        default_type=None,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody else"},
        {"aud": "somebody else"},
        {"aud": ["somebody", "else"]},
        {"nbf": int(NOW.timestamp()) + 60},
        {"iat": int(NOW.timestamp()) + 60},
        {"exp": "soon"},
        {"exp": 1e400},
        {"exp": 10**30},
        {"exp": True},
        {"role": "emperor"},
        {"role": 7},
        {"sub": "not an id"},
        {"sub": 7},
        {"sid": {}},
        *({name: None} for name in ("iss", "aud", "sub", "role", "sid", "jti", "iat", "exp")),
    ],
    ids=str,
)
def test_refuses_claims_that_are_not_ours(
    tokens: JwtTokens, key: SigningKey, changes: dict[str, object]
) -> None:
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.ACCESS, signed(key, {}, changes))


@pytest.mark.parametrize(
    "header", [{"kid": "unknown"}, {"kid": None}, {"kid": ["x"]}, {"typ": "JWT"}, {"typ": None}], ids=str
)
def test_refuses_headers_that_are_not_ours(
    tokens: JwtTokens, key: SigningKey, header: dict[str, object]
) -> None:
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.ACCESS, signed(key, header, {}) if header != {"kid": ["x"]} else forged(header))


def forged(header: dict[str, object]) -> str:
    payload = parts(
        JwtTokens(KeyRing(hs256_key(SECRET)), "issuer", "audience", SetClock()).issue(
            TokenUse.ACCESS, claims()
        )
    )[1]
    return f"{encoded({'alg': 'HS256', 'typ': 'at+jwt'} | header)}.{encoded(payload)}.{encoded('x')}"


def test_accepts_the_same_token_without_tricks(tokens: JwtTokens, key: SigningKey) -> None:
    assert tokens.read(TokenUse.ACCESS, signed(key, {}, {})) == claims()


def test_refuses_an_unsigned_token(tokens: JwtTokens, key: SigningKey) -> None:
    header, payload = parts(tokens.issue(TokenUse.ACCESS, claims()))
    for algorithm in ("none", "None", "NONE", None, ""):
        with pytest.raises(InvalidToken):
            tokens.read(TokenUse.ACCESS, f"{encoded(header | {'alg': algorithm})}.{encoded(payload)}.")


def test_refuses_the_public_key_used_as_a_secret(clock: SetClock) -> None:
    key = ed25519_key(PEM)
    tokens = JwtTokens(KeyRing(key), "issuer", "audience", clock)
    private = load_pem_private_key(PEM.encode(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _, payload = parts(tokens.issue(TokenUse.ACCESS, claims()))
    token = jwt.encode(
        {"alg": "HS256", "typ": "at+jwt", "kid": key.kid},
        payload,
        OctKey.import_key(base64.b64encode(public)),
        algorithms=["HS256"],
    )
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.ACCESS, token)


def test_refuses_a_key_the_token_brings_along(clock: SetClock) -> None:
    stranger = ed25519_key(new_ed25519_pem())
    tokens = JwtTokens(KeyRing(ed25519_key(PEM)), "issuer", "audience", clock)
    headers: list[dict[str, object]] = [
        {},
        {"jwk": stranger.key.as_dict(private=False)},
        {"kid": ed25519_key(PEM).kid},
    ]
    for header in headers:
        with pytest.raises(InvalidToken):
            tokens.read(TokenUse.ACCESS, signed(stranger, header, {}))


def test_refuses_a_changed_token(tokens: JwtTokens) -> None:
    token = tokens.issue(TokenUse.ACCESS, claims())
    _, payload = parts(token)
    tampered = encoded(payload | {"role": "admin"})
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.ACCESS, ".".join([token.split(".")[0], tampered, token.split(".")[2]]))
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.ACCESS, token[:-8] + "AAAAAAAA")


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "....", "é.é.é", "\ud800", "x" * 1_000_000, "e30.e30.", "W10.W10.W10", "\0"],
    ids=lambda token: repr(token[:8]),
)
def test_refuses_what_is_no_token(tokens: JwtTokens, token: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.read(TokenUse.ACCESS, token)


def test_honours_the_tokens_of_an_older_key(clock: SetClock) -> None:
    old, new = hs256_key(SECRET), ed25519_key(PEM)
    token = JwtTokens(KeyRing(old), "issuer", "audience", clock).issue(TokenUse.ACCESS, claims())
    after = JwtTokens(KeyRing(new, [old]), "issuer", "audience", clock)
    assert after.read(TokenUse.ACCESS, token) == claims()
    with pytest.raises(InvalidToken):
        JwtTokens(KeyRing(new), "issuer", "audience", clock).read(TokenUse.ACCESS, token)


def rsa_pem() -> str:
    key = generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "make",
    [
        lambda: hs256_key("x" * 31),
        lambda: ed25519_key(""),
        lambda: ed25519_key("not a key"),
        lambda: ed25519_key(rsa_pem()),
    ],
)
def test_refuses_keys_that_are_too_weak_or_of_another_kind(make: Callable[[], SigningKey]) -> None:
    with pytest.raises(BadKey):
        make()


def test_reads_a_key_whose_line_breaks_were_escaped_and_shows_nothing_of_it() -> None:
    key = ed25519_key(PEM.replace("\n", "\\n"))
    assert key.kid == ed25519_key(PEM).kid
    assert repr(key) == f"SigningKey({key.kid!r}, 'Ed25519')"
    assert isinstance(load_pem_private_key(PEM.encode(), None), Ed25519PrivateKey)
