"""The keys tokens are signed with and checked against, each known by its `kid`."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
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

from domain.shared.errors import Unavailable

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
    """One key that signs; older or newer ones whose tokens are honoured. A rotation takes effect between two
    calls: whoever reads sees the keys before it or those after it, never some of both."""

    def __init__(self, current: SigningKey | None, others: Sequence[SigningKey] = ()) -> None:
        self._held = Held.of(current, others)
        self._on_unknown: Callable[[], None] = nobody_cares

    @property
    def current(self) -> SigningKey:
        """The key that signs. Raises `Unavailable` before there is one."""
        if self._held.current is None:
            raise Unavailable("there is no key to sign tokens with yet; try again")
        return self._held.current

    @property
    def all(self) -> Sequence[SigningKey]:
        """Every key whose tokens are honoured, or will be."""
        return list(self._held.by_kid.values())

    def find(self, kid: object) -> SigningKey | None:
        """The key of this id, if it is one of ours."""
        if not isinstance(kid, str):
            return None
        key = self._held.by_kid.get(kid)
        if key is None:
            self._on_unknown()
        return key

    def replace(self, current: SigningKey | None, others: Sequence[SigningKey]) -> None:
        """Takes these keys from now on."""
        self._held = Held.of(current, others)

    def when_unknown(self, call: Callable[[], None]) -> None:
        """Calls this for every token that names a key that is not here."""
        self._on_unknown = call


@dataclass(frozen=True, slots=True)
class Held:
    """The keys at one moment."""

    current: SigningKey | None
    by_kid: Mapping[str, SigningKey]

    @classmethod
    def of(cls, current: SigningKey | None, others: Sequence[SigningKey]) -> "Held":
        keys = [*others] if current is None else [current, *others]
        return cls(current, {key.kid: key for key in keys})


def nobody_cares() -> None:
    """What a ring does about unknown keys when its keys never change."""


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
