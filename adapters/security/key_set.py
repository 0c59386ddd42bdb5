"""Signing keys that are kept sealed: made here, opened here, and never shown to the store."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc.jwk import OKPKey

from adapters.security.keys import KeyRing, SigningKey
from adapters.security.sealing import CannotOpen, Sealer
from application.identity.key_ports import KeyHolder, KeyMaker, PublishedKeys
from application.shared.ports import Clock
from domain.identity.errors import KeysSealedOtherwise
from domain.identity.signing_key import KeyState, NewKey, StoredKey, living

PRIVATE: Final = b"private"
PUBLIC: Final = b"public"
# A key is dropped for its age by whichever process sees that first; its last token has expired by then.
CLOCKS_DIFFER: Final = timedelta(seconds=30)


class SealedKeyMaker(KeyMaker):
    """Ed25519 keys, each sealed for its own id and kind: one cannot be put in another one's place. Without a
    `CREDENTIALS_KEY` none can be made or opened."""

    def __init__(self, credentials_key: str) -> None:
        self._sealer = Sealer.of(credentials_key) if credentials_key else None

    def make(self) -> NewKey:
        private = Ed25519PrivateKey.generate()
        kid = OKPKey.import_key(private).thumbprint()  # RFC 7638
        raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return NewKey(kid=kid, sealed=self._seal(raw, place(kid, PRIVATE)))

    def public(self, key: StoredKey) -> bytes:
        raw = self._private(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return self._seal(raw, place(key.kid, PUBLIC))

    def opened(self, key: StoredKey) -> SigningKey:
        """The key as tokens are signed with it, or checked against it. Raises `KeysSealedOtherwise`."""
        if key.state is not KeyState.RETIRED:
            return SigningKey(kid=key.kid, algorithm="Ed25519", key=OKPKey.import_key(self._private(key)))
        public = Ed25519PublicKey.from_public_bytes(self._open(key, PUBLIC))
        return SigningKey(kid=key.kid, algorithm="Ed25519", key=OKPKey.import_key(public))

    def _private(self, key: StoredKey) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._open(key, PRIVATE))

    def _seal(self, raw: bytes, where: bytes) -> bytes:
        if self._sealer is None:
            raise KeysSealedOtherwise
        return self._sealer.seal(raw, where)

    def _open(self, key: StoredKey, kind: bytes) -> bytes:
        if self._sealer is None:
            raise KeysSealedOtherwise
        try:
            return self._sealer.open(key.sealed, place(key.kid, kind))
        except CannotOpen as error:
            raise KeysSealedOtherwise from error


class RingOfStoredKeys(KeyHolder):
    """Hands what the store holds to the ring that tokens are signed and checked with."""

    def __init__(self, ring: KeyRing, maker: SealedKeyMaker, clock: Clock) -> None:
        self._ring = ring
        self._maker = maker
        self._clock = clock
        self._opened: Mapping[tuple[str, KeyState], SigningKey] = {}
        self._held: Sequence[StoredKey] = ()

    def hold(self, keys: Sequence[StoredKey]) -> bool:
        now = self._clock.now()
        good = living(keys, now)
        # Called every other second: what has been opened before is not opened again.
        opened = {
            (key.kid, key.state): self._opened.get((key.kid, key.state)) or self._maker.opened(key)
            for key in good
        }
        current = next((key for (_, state), key in opened.items() if state is KeyState.CURRENT), None)
        kept = {key.kid for key in good}
        dropped = [key for key in self._held if key.kid not in kept and key.is_good(now + CLOCKS_DIFFER)]
        self._opened, self._held = opened, good
        self._ring.replace(current, [key for key in opened.values() if key is not current])
        return bool(dropped)


def place(kid: str, kind: bytes) -> bytes:
    """Where a sealed key belongs."""
    return b"signing key/" + kind + b"/" + kid.encode()


class RingOnShow(PublishedKeys):
    """The keys of a ring; what is shown is named here, so that nothing else ever is."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def public(self) -> Sequence[Mapping[str, str]]:
        shown = []
        for key in self._ring.all:
            if isinstance(key.key, OKPKey):
                jwk = key.key.as_dict(private=False)
                known = {name: str(jwk[name]) for name in ("kty", "crv", "x")}
                shown.append({**known, "kid": key.kid, "use": "sig", "alg": key.algorithm})
        return shown
