"""The keys tokens are signed with and checked against, each known by its `kid`."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc.jwk import OctKey, OKPKey

Algorithm: TypeAlias = Literal["HS256", "Ed25519"]
SHORTEST_SECRET = 32  # RFC 7518, 3.2


class BadKey(ValueError):
    """The key cannot be used; the message says why and holds nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key with the one algorithm it is used for: a token never chooses (RFC 8725, 3.1)."""

    kid: str
    algorithm: Algorithm
    key: OctKey | OKPKey

    def __repr__(self) -> str:
        return f"SigningKey({self.kid!r}, {self.algorithm!r})"


class KeyRing:
    """One key that signs; older or newer ones whose tokens are honoured."""

    def __init__(self, current: SigningKey, others: Sequence[SigningKey] = ()) -> None:
        self.current = current
        self._by_kid: Mapping[str, SigningKey] = {key.kid: key for key in (*others, current)}

    def find(self, kid: object) -> SigningKey | None:
        """The key of this id, if it is one of ours."""
        return self._by_kid.get(kid) if isinstance(kid, str) else None


def hs256_key(secret: str) -> SigningKey:
    """A key both sides share. Raises `BadKey` when it is shorter than the digest it protects."""
    raw = secret.encode()
    if len(raw) < SHORTEST_SECRET:
        raise BadKey(f"the secret must be at least {SHORTEST_SECRET} bytes long")
    # A digest under the secret itself, because a plain thumbprint would help to guess it.
    kid = hmac.digest(raw, b"kid", hashlib.sha256).hex()[:16]
    return SigningKey(kid=kid, algorithm="HS256", key=OctKey.import_key(raw))


def ed25519_key(pem: str) -> SigningKey:
    """A private key in PEM (PKCS #8); its id is the thumbprint of RFC 7638. Raises `BadKey`."""
    try:
        private = load_pem_private_key(pem.strip().replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError) as error:
        raise BadKey("the private key is not an unencrypted PEM (PKCS #8)") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise BadKey("the private key is not an Ed25519 key")
    key = OKPKey.import_key(private)
    return SigningKey(kid=key.thumbprint(), algorithm="Ed25519", key=key)


def new_ed25519_pem() -> str:
    """A fresh private key, for an installation that was given none."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
