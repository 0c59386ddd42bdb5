"""Changes the key that signs: the one published ahead takes over, and no honoured token stops being good."""

from collections.abc import Sequence
from datetime import timedelta

from application.identity.key_ports import KeyMaker, SigningKeyStore
from application.shared.ports import Clock, IdGenerator
from application.shared.principal import Trace
from domain.identity.errors import KeysChanged
from domain.identity.signing_key import (
    KeyAction,
    KeyChange,
    KeyState,
    StoredKey,
    first_keys,
    in_state,
    living,
    rotated,
)


class RotateSigningKeys:
    """`honoured_for` is how long the last token of a key may still be good after its retirement."""

    def __init__(
        self,
        store: SigningKeyStore,
        maker: KeyMaker,
        clock: Clock,
        ids: IdGenerator,
        *,
        honoured_for: timedelta,
    ) -> None:
        self._store = store
        self._maker = maker
        self._clock = clock
        self._ids = ids
        self._honoured_for = honoured_for

    async def __call__(self, trace: Trace, *, trust_none: bool = False) -> Sequence[StoredKey]:
        """The keys as they are now. With `trust_none`, all there were are dropped at once, the next one too,
        and everybody has to log in again: for keys that somebody else may know.

        Raises `KeysChanged` when another rotation came first, and `KeysSealedOtherwise`.
        """
        seen, now = await self._store.keys(), self._clock.now()
        current = in_state(seen, KeyState.CURRENT)
        if current is None or trust_none:
            keys = first_keys(self._maker.make(), self._maker.make(), now)
            action = KeyAction.CREATED if current is None else KeyAction.REVOKED
        else:
            action = KeyAction.ROTATED
            public = self._maker.public(current)
            keys = rotated(seen, public, self._maker.make(), now, self._honoured_for)
        change = KeyChange(id=self._ids.new(), action=action, occurred_at=now, request_id=trace.request_id)
        if not await self._store.replace(seen, keys, change):
            raise KeysChanged
        return keys


class EnsureSigningKeys:
    """Makes the first keys of an installation, and drops those that are over; called at every start."""

    def __init__(self, store: SigningKeyStore, maker: KeyMaker, clock: Clock, ids: IdGenerator) -> None:
        self._store = store
        self._maker = maker
        self._clock = clock
        self._ids = ids

    async def __call__(self, trace: Trace) -> None:
        """Of processes that do this at once, the first one does it for all."""
        seen, now = await self._store.keys(), self._clock.now()
        if in_state(seen, KeyState.CURRENT) is None:
            keys, action = first_keys(self._maker.make(), self._maker.make(), now), KeyAction.CREATED
        else:
            keys, action = living(seen, now), KeyAction.EXPIRED
        if len(keys) != len(seen):
            change = KeyChange(
                id=self._ids.new(), action=action, occurred_at=now, request_id=trace.request_id
            )
            await self._store.replace(seen, keys, change)
