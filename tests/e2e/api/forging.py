"""Tokens as an attacker would make them: every part is free, and by default nothing is wrong with any."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from adapters.security.keys import ed25519_key
from tests.e2e.api.world import Account

NAME: Final = "knowledge-graph-lab"
Sign = Callable[[bytes], bytes]


def encoded(raw: bytes) -> str:
    """base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(part: str) -> dict[str, Any]:
    """A part of a token, read."""
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def by_secret(secret: bytes) -> Sign:
    """Signs as HS256 does."""
    return lambda signed: hmac.digest(secret, signed, hashlib.sha256)


def public_jwk(private: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JWK."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": encoded(raw)}


@dataclass(frozen=True, slots=True)
class Forge:
    """Makes tokens for one account of an API that signs with this Ed25519 key. `listener` is a URL that the
    attacker watches."""

    pem: str
    account: Account
    listener: str

    @property
    def private(self) -> Ed25519PrivateKey:
        key = load_pem_private_key(self.pem.encode(), None)
        assert isinstance(key, Ed25519PrivateKey)
        return key

    @property
    def kid(self) -> str:
        return ed25519_key(self.pem).kid

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Good claims with these changed; None takes one away."""
        now = int(time.time())
        good = {
            "iss": NAME,
            "aud": NAME,
            "sub": self.account.user_id,
            "client_id": "kgl",
            "role": "user",
            "sid": str(uuid4()),
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(
        self,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        sign: Sign | None = None,
    ) -> str:
        """A token that differs in the header, in the claims, or in who signs it."""
        whole = {"alg": "Ed25519", "typ": "at+jwt", "kid": self.kid, **(header or {})}
        kept = {name: value for name, value in whole.items() if value is not None}
        parts = [json.dumps(part).encode() for part in (kept, self.claims(**(claims or {})))]
        signed = ".".join(map(encoded, parts))
        return f"{signed}.{encoded((sign or self.private.sign)(signed.encode()))}"

    def with_own_signature(self, **changes: Any) -> str:
        """The account's own token with its claims changed and its signature kept."""
        header, payload, signature = self.account.token.split(".")
        changed = json.dumps({**decoded(payload), **changes}).encode()
        return f"{header}.{encoded(changed)}.{signature}"


OTHER: Final = Ed25519PrivateKey.generate()


def tokens_with_the_public_key(forge: Forge) -> list[str]:
    """HS256 under everything a public key can be written as (RFC 8725, 2.1)."""
    public = forge.private.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(public_jwk(forge.private)).encode()
    secrets = (raw, pem, pem.strip(), der, jwk, encoded(raw).encode(), forge.kid.encode(), b"")
    return [forge.token({"alg": "HS256"}, {"role": "admin"}, by_secret(secret)) for secret in secrets]


ATTACKS: Final[Mapping[str, Callable[[Forge], list[str]]]] = {
    "alg none": lambda f: [
        f.token({"alg": alg}, {"role": "admin"}, lambda _: b"")
        for alg in ("none", "None", "NONE", "nOnE", "")
    ],
    "no alg": lambda f: [f.token({"alg": None}, {"role": "admin"}, lambda _: b"")],
    "signed with the public key": tokens_with_the_public_key,
    "another algorithm": lambda f: [f.token({"alg": alg}) for alg in ("EdDSA", "RS256", "ES256", "HS512")],
    "unknown kid": lambda f: [
        f.token({"kid": kid}) for kid in ("unknown", "", "../../../dev/null", "' or '1'='1", None)
    ],
    "kid of another type": lambda f: [f.token({"kid": kid}) for kid in (["x"], {"x": 1}, 7, True)],
    "jwk in the header": lambda f: [
        f.token({"jwk": public_jwk(OTHER), **kid}, {"role": "admin"}, OTHER.sign)
        for kid in ({}, {"kid": None}, {"kid": "mine"})
    ],
    "jku in the header": lambda f: [
        f.token({"jku": f.listener, **kid}, {"role": "admin"}, OTHER.sign) for kid in ({}, {"kid": "mine"})
    ],
    "x5u in the header": lambda f: [
        f.token({"x5u": f.listener, **kid}, {"role": "admin"}, OTHER.sign) for kid in ({}, {"kid": "mine"})
    ],
    "x5c in the header": lambda f: [f.token({"x5c": ["AAAA"]}, {"role": "admin"}, OTHER.sign)],
    "crit": lambda f: [
        f.token({"crit": ["exp"], "exp": 1}),
        f.token({"crit": ["b64"], "b64": False}),
        f.token({"crit": []}),
        f.token({"crit": ["x-unknown"], "x-unknown": 1}),
    ],
    "another key": lambda f: [f.token(sign=OTHER.sign)],
    "signature cut off": lambda f: [f.token(sign=lambda _: b""), f.token(sign=lambda _: bytes(64))],
    "claims exchanged": lambda f: [
        f.with_own_signature(role="admin"),
        f.with_own_signature(sub=str(uuid4())),
        f.with_own_signature(exp=2**40),
        f.with_own_signature(scope="admin"),
    ],
    "wrong iss": lambda f: [f.token(claims={"iss": iss}) for iss in ("evil", NAME + "/", [NAME], None)],
    "wrong aud": lambda f: [f.token(claims={"aud": aud}) for aud in ("evil", ["evil"], [], None)],
    "wrong typ": lambda f: [f.token({"typ": typ}) for typ in ("JWT", "rt+jwt", "jwt", None, ["at+jwt"])],
    "expired": lambda f: [f.token(claims={"exp": int(time.time()) - 1}), f.token(claims={"exp": 0})],
    "never expires": lambda f: [f.token(claims={"exp": exp}) for exp in (None, "never", -1, True)],
    "not yet valid": lambda f: [
        f.token(claims={"nbf": int(time.time()) + 3600}),
        f.token(claims={"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200}),
    ],
    "refresh token as access": lambda f: [f.account.refresh_token],
    "a role there is not": lambda f: [f.token(claims={"role": r}) for r in ("root", ["admin"], None, 1)],
    "a key's token without its scopes": lambda f: [
        f.token(claims={"client_id": str(uuid4()), "sid": None}),
        f.token(claims={"sid": None}),
        f.token(claims={"scope": "admin"}),
    ],
    "a key there is not": lambda f: [
        f.token(claims={"client_id": str(uuid4()), "sid": None, "scope": "admin", "role": "admin"}),
        "kgl_" + "A" * 43,
    ],
    "other serialisations": lambda f: [
        "....",
        f.token() + ".x",
        encoded(json.dumps({"payload": "x", "signatures": []}).encode()),
        f.token().replace(".", ".."),
    ],
    "too long": lambda f: [f.token(claims={"padding": "x" * 5000})],
}
