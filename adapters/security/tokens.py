"""JSON Web Tokens (RFC 9068): signs them, and believes only what this installation signed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact

from adapters.security.keys import KeyRing, SigningKey
from adapters.security.token_faults import fault_of
from application.identity.ports import OWN_CLIENT, TokenClaims, TokenIssuer, TokenReader, TokenUse
from application.shared.ports import Clock
from domain.identity.errors import InvalidToken
from domain.shared.ids import ApiKeyId, SessionId, UserId
from domain.shared.roles import Role
from domain.shared.scopes import Scope

LONGEST = 4096  # what is longer is nothing we made, and is not worth decoding
CLOCK_SKEW = 5  # seconds by which another machine's clock may be ahead of this one's


class JwtTokens(TokenIssuer, TokenReader):
    """Both directions, for one issuer and audience."""

    def __init__(self, keys: KeyRing, issuer: str, audience: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._rules = jwt.JWTClaimsRegistry(
            now=lambda: int(clock.now().timestamp()),
            leeway=CLOCK_SKEW,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
            role={"essential": True},
        )
        # What a `crit` header, a `jwk` or a `jku` asks for is not followed: only these are known.
        self._headers = JWSRegistry(algorithms=["HS256", "Ed25519"])

    def issue(self, use: TokenUse, claims: TokenClaims) -> str:
        key = self._keys.current
        said: dict[str, str | int] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(claims.user_id),
            "client_id": claims.client_id,
            "role": claims.role.value,
            "jti": str(claims.token_id),
            "iat": int(claims.issued_at.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
        }
        if claims.session_id is not None:
            said["sid"] = str(claims.session_id)
        if claims.scopes is not None:
            said["scope"] = " ".join(scope for scope in Scope if scope in claims.scopes)
        if claims.authenticated_at is not None:
            said["auth_time"] = int(claims.authenticated_at.timestamp())
        header = {"alg": key.algorithm, "typ": use.value, "kid": key.kid}
        return jwt.encode(header, said, key.key, algorithms=[key.algorithm])

    def read(self, use: TokenUse, token: str) -> TokenClaims:
        if len(token) > LONGEST or not token.isascii():
            raise InvalidToken
        try:
            key = self._key(use, token)
            decoded = jwt.decode(token, key.key, algorithms=[key.algorithm])
            self._rules.validate(decoded.claims)
            result = claims_of(decoded.claims)
        # What a stranger put together can fail in any of these ways, and all of them mean the same.
        except (JoseError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise InvalidToken(reason=fault_of(error)) from error
        if result.expires_at <= self._clock.now():
            raise InvalidToken(reason="expired_token", user_id=result.user_id)
        return result

    def _key(self, use: TokenUse, token: str) -> SigningKey:
        """The key the header names, once it says what a token for this use has to say."""
        header = extract_compact(token.encode("ascii"), registry=self._headers).headers()
        key = self._keys.find(header.get("kid"))
        if key is None:
            raise InvalidToken(reason="unknown_key")
        if header.get("alg") != key.algorithm:
            raise InvalidToken(reason="wrong_algorithm")
        if header.get("typ") != use.value:
            raise InvalidToken(reason="wrong_token_type")
        if "crit" in header:
            raise InvalidToken
        return key


def claims_of(said: Mapping[str, Any]) -> TokenClaims:
    """The claims of a payload whose signature holds. Raises `ValueError` or `TypeError`."""
    client, scope, session = said.get("client_id", OWN_CLIENT), said.get("scope"), said.get("sid")
    api_key = None if client == OWN_CLIENT else ApiKeyId(UUID(client))
    # A program's token that lost its scopes must not turn into a person's, which may do everything.
    if (session is None) is (api_key is None) or (scope is None) is not (api_key is None):
        raise ValueError("neither a session's token nor a key's")
    login = said.get("auth_time")
    return TokenClaims(
        user_id=UserId(UUID(said["sub"])),
        role=Role(said["role"]),
        session_id=None if session is None else SessionId(UUID(session)),
        token_id=UUID(said["jti"]),
        issued_at=datetime.fromtimestamp(said["iat"], UTC),
        expires_at=datetime.fromtimestamp(said["exp"], UTC),
        api_key_id=api_key,
        scopes=None if scope is None else frozenset(Scope(part) for part in scope.split()),
        authenticated_at=None if login is None else datetime.fromtimestamp(login, UTC),
    )
