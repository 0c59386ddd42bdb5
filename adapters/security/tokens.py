"""JSON Web Tokens (RFC 9068): signs them, and believes only what this installation signed."""

from datetime import UTC, datetime
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact

from adapters.security.keys import KeyRing, SigningKey
from application.identity.ports import TokenClaims, TokenIssuer, TokenReader, TokenUse
from application.shared.ports import Clock
from domain.identity.errors import InvalidToken
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role

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
            sid={"essential": True},
            role={"essential": True},
        )
        # What a `crit` header, a `jwk` or a `jku` asks for is not followed: only these are known.
        self._headers = JWSRegistry(algorithms=["HS256", "Ed25519"])

    def issue(self, use: TokenUse, claims: TokenClaims) -> str:
        key = self._keys.current
        return jwt.encode(
            {"alg": key.algorithm, "typ": use.value, "kid": key.kid},
            {
                "iss": self._issuer,
                "aud": self._audience,
                "sub": str(claims.user_id),
                "role": claims.role.value,
                "sid": str(claims.session_id),
                "jti": str(claims.token_id),
                "iat": int(claims.issued_at.timestamp()),
                "exp": int(claims.expires_at.timestamp()),
            },
            key.key,
            algorithms=[key.algorithm],
        )

    def read(self, use: TokenUse, token: str) -> TokenClaims:
        if len(token) > LONGEST or not token.isascii():
            raise InvalidToken
        try:
            key = self._key(use, token)
            decoded = jwt.decode(token, key.key, algorithms=[key.algorithm])
            self._rules.validate(decoded.claims)
            claims = decoded.claims
            result = TokenClaims(
                user_id=UserId(UUID(claims["sub"])),
                role=Role(claims["role"]),
                session_id=SessionId(UUID(claims["sid"])),
                token_id=UUID(claims["jti"]),
                issued_at=datetime.fromtimestamp(claims["iat"], UTC),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        # What a stranger put together can fail in any of these ways, and all of them mean the same.
        except (JoseError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise InvalidToken from error
        if result.expires_at <= self._clock.now():
            raise InvalidToken
        return result

    def _key(self, use: TokenUse, token: str) -> SigningKey:
        """The key the header names, once it says what a token for this use has to say."""
        header = extract_compact(token.encode("ascii"), registry=self._headers).headers()
        key = self._keys.find(header.get("kid"))
        if key is None or header.get("alg") != key.algorithm or header.get("typ") != use.value:
            raise InvalidToken
        if "crit" in header:
            raise InvalidToken
        return key
