"""The signing keys of an installation that lives in one process."""

from collections.abc import Sequence

from application.identity.key_ports import SigningKeyStore
from domain.identity.signing_key import StoredKey


class InMemorySigningKeyStore(SigningKeyStore):
    """The keys by `kid`."""

    def __init__(self) -> None:
        self._keys: dict[str, StoredKey] = {}

    async def keys(self) -> Sequence[StoredKey]:
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.kid))

    async def replace(self, seen: Sequence[StoredKey], keys: Sequence[StoredKey]) -> bool:
        if {(key.kid, key.state) for key in seen} != {(key.kid, key.state) for key in self._keys.values()}:
            return False
        self._keys = {key.kid: key for key in keys}
        return True
