"""Changes the key that signs: the one published ahead takes over, and no honoured token stops being good."""

from collections.abc import Sequence
from datetime import timedelta

from application.identity.key_ports import KeyMaker, SigningKeyStore
from application.shared.ports import Clock
from domain.identity.errors import KeysChanged
from domain.identity.signing_key import KeyState, StoredKey, first_keys, in_state, living, rotated


class RotateSigningKeys:
    """`honoured_for` is how long the last token of a key may still be good after its retirement."""

    def __init__(
        self, store: SigningKeyStore, maker: KeyMaker, clock: Clock, *, honoured_for: timedelta
    ) -> None:
        self._store = store
        self._maker = maker
        self._clock = clock
        self._honoured_for = honoured_for

    async def __call__(self, *, trust_none: bool = False) -> Sequence[StoredKey]:
        """The keys as they are now. With `trust_none`, all there were are dropped at once, the next one too,
        and everybody has to log in again: for keys that somebody else may know.

        Raises `KeysChanged` when another rotation came first, and `KeysSealedOtherwise`.
        """
        seen, now = await self._store.keys(), self._clock.now()
        current = in_state(seen, KeyState.CURRENT)
        if current is None or trust_none:
            keys = first_keys(self._maker.make(), self._maker.make(), now)
        else:
            public = self._maker.public(current)
            keys = rotated(seen, public, self._maker.make(), now, self._honoured_for)
        if not await self._store.replace(seen, keys):
            raise KeysChanged
        return keys


class EnsureSigningKeys:
    """Makes the first keys of an installation, and drops those that are over; called at every start."""

    def __init__(self, store: SigningKeyStore, maker: KeyMaker, clock: Clock) -> None:
        self._store = store
        self._maker = maker
        self._clock = clock

    async def __call__(self) -> None:
        """Of processes that do this at once, the first one does it for all."""
        seen, now = await self._store.keys(), self._clock.now()
        if in_state(seen, KeyState.CURRENT) is None:
            keys = first_keys(self._maker.make(), self._maker.make(), now)
        else:
            keys = living(seen, now)
        if len(keys) != len(seen):
            await self._store.replace(seen, keys)
