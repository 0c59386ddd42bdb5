"""What the keys that sign tokens need of a store and of cryptography."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.identity.signing_key import KeyChange, NewKey, StoredKey


class SigningKeyStore(Protocol):
    """The one set of keys that all processes of an installation share."""

    async def keys(self) -> Sequence[StoredKey]:
        """All of them, by the time they were made, then by `kid`."""
        ...

    async def replace(self, seen: Sequence[StoredKey], keys: Sequence[StoredKey], change: KeyChange) -> bool:
        """Stores `keys` in place of those that were `seen`, and the change in the audit log as nobody's row;
        False, and nothing is stored, when another process changed the set meanwhile. At most one key is
        current and one is next."""
        ...


class KeyMaker(Protocol):
    """Makes keys, and seals them so that the store cannot read them."""

    def make(self) -> NewKey:
        """A fresh key."""
        ...

    def public(self, key: StoredKey) -> bytes:
        """The key without its private part, sealed. Raises `KeysSealedOtherwise`."""
        ...


class KeyHolder(Protocol):
    """The keys this process signs with and honours, as far as it knows."""

    def hold(self, keys: Sequence[StoredKey]) -> bool:
        """Takes over these keys from now on. Whether one is not honoured any more before its time.

        Raises `KeysSealedOtherwise`, and goes on with the keys it had.
        """
        ...


class PublishedKeys(Protocol):
    """What anybody may know of the keys this process honours."""

    def public(self) -> Sequence[Mapping[str, str]]:
        """Each as a JWK (RFC 7517), without a private part; a shared secret is not among them."""
        ...
