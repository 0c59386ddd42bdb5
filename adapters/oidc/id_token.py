"""Believes an ID token (OpenID Connect Core 1.0, 3.1.3.7), or says why not."""

import hmac
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, extract_compact

# By public key alone. With HMAC the client secret would be the key, and with `none` there is none.
ALGORITHMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "Ed25519": "OKP",
}
KINDS: Final = frozenset(ALGORITHMS.values())
LONGEST: Final = 64 * 1024
CLOCK_SKEW: Final = 60  # seconds by which the provider's clock may differ
SUBJECT_LENGTH: Final = 255

PublicKey = RSAKey | ECKey | OKPKey


class Disbelieved(Exception):
    """The token is not what it should be; the message says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the token of one login has to say."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: Sequence[str]


def public_keys(document: Mapping[str, Any]) -> list[PublicKey]:
    """The keys of a JWK Set that can sign; those that cannot be read are left out."""
    entries = document.get("keys")
    found: list[PublicKey] = []
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        try:
            if entry.get("kty") not in KINDS:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("error", SecurityWarning)  # as for RSA keys under 2048 bits
                key = JWKRegistry.import_key(entry)
        except (JoseError, SecurityWarning, ValueError, TypeError, KeyError, AttributeError):
            continue
        if isinstance(key, RSAKey | ECKey | OKPKey):
            found.append(key)
    return found


def header_of(token: str, algorithms: Sequence[str]) -> tuple[str, str | None]:
    """The algorithm and the key's id a token names; only ever to choose among known keys.

    Raises `Disbelieved`.
    """
    if len(token) > LONGEST or not token.isascii():
        raise Disbelieved("the ID token is too long or not ASCII")
    try:
        header = extract_compact(token.encode(), registry=JWSRegistry(algorithms=list(algorithms))).headers()
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Disbelieved("the ID token is not a signed JWT") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms or algorithm not in ALGORITHMS:
        raise Disbelieved("the ID token's algorithm is not one this provider signs with")
    if "crit" in header or not isinstance(kid, str | None):
        raise Disbelieved("the ID token's header asks for what is not known")
    return algorithm, kid


def fitting(keys: Iterable[PublicKey], algorithm: str, kid: str | None) -> list[PublicKey]:
    """The keys that may have signed."""
    return [
        key
        for key in keys
        if key.key_type == ALGORITHMS[algorithm]
        and (kid is None or key.kid == kid)
        and key.alg in (None, algorithm)
    ]


def believed(
    token: str, keys: Iterable[PublicKey], algorithm: str, expected: Expected, now: datetime
) -> Mapping[str, Any]:
    """The claims, once signature and content hold. Raises `Disbelieved`."""
    for key in keys:
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        # What a stranger put together can fail in any of these ways, and all of them mean the same.
        except (JoseError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            continue
        check(claims, expected, now.timestamp())
        return claims
    raise Disbelieved("the ID token is not signed with a key of the provider")


def check(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    """Raises `Disbelieved` unless the token is from this provider, for us, for this login, and fresh."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    subject, nonce = claims.get("sub"), claims.get("nonce")
    if claims.get("iss") != expected.issuer:
        raise Disbelieved("the ID token is another issuer's")
    if expected.client_id not in audiences:
        raise Disbelieved("the ID token is for somebody else")
    if party != expected.client_id and (party is not None or len(audiences) > 1):
        raise Disbelieved("the ID token was issued to somebody else")
    if not isinstance(subject, str) or not 1 <= len(subject) <= SUBJECT_LENGTH or not subject.isprintable():
        raise Disbelieved("the ID token names nobody")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise Disbelieved("the ID token is of another login")
    if moment(claims, "exp") <= now - CLOCK_SKEW:
        raise Disbelieved("the ID token has expired")
    if moment(claims, "iat") > now + CLOCK_SKEW:
        raise Disbelieved("the ID token is from the future")
    if "nbf" in claims and moment(claims, "nbf") > now + CLOCK_SKEW:
        raise Disbelieved("the ID token is not valid yet")


def moment(claims: Mapping[str, Any], name: str) -> float:
    """A time claim in seconds. Raises `Disbelieved`."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Disbelieved(f"the ID token has no {name}")
    try:
        return float(value)
    except OverflowError as error:
        raise Disbelieved(f"the ID token's {name} is no time") from error
