"""Keeps this process's keys those of the installation: rotations elsewhere are taken over as it runs."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from application.identity.key_ports import KeyHolder, SigningKeyStore
from application.identity.ports import TokenVerifier
from application.shared.waiting import wait_for_event

# Told that the keys could not be read, and why; once, until they can be again.
Complain = Callable[[str], None]


class FollowSigningKeys:
    """Looks every `interval`, and sooner when a token names a key this process does not know, though never
    again within `patience`: a stranger who makes up keys costs the store one read in that time.
    """

    def __init__(
        self,
        store: SigningKeyStore,
        holder: KeyHolder,
        verifier: TokenVerifier,
        *,
        interval: timedelta = timedelta(seconds=2),
        patience: timedelta = timedelta(milliseconds=500),
    ) -> None:
        self._store = store
        self._holder = holder
        self._verifier = verifier
        self._interval = interval.total_seconds()
        self._patience = patience.total_seconds()
        self._hurry = asyncio.Event()
        self._tell: Callable[[], None] | None = None

    def hurry(self) -> None:
        """A token was signed with a key nobody here has heard of."""
        self._hurry.set()

    def when_dropped(self, tell: Callable[[], None]) -> None:
        """Calls this when a key is dropped before its time: its tokens may be in use on open connections."""
        self._tell = tell

    async def look(self) -> None:
        """Takes over the keys as they are now. Raises `Unavailable`."""
        if self._holder.hold(await self._store.keys()):
            # A verified token is remembered without its key: whoever drops one wants its tokens refused.
            self._verifier.clear()
            if self._tell is not None:
                self._tell()

    async def run(self, complain: Complain) -> None:
        """Follows until cancelled. What goes wrong leaves the keys as they are."""
        is_well = True
        while True:
            await asyncio.sleep(self._patience)
            await wait_for_event(self._hurry, self._interval - self._patience)
            self._hurry.clear()
            try:
                await self.look()
                is_well = True
            except Exception as error:
                # Whatever it was: a process that stopped following would refuse good tokens a rotation later.
                if is_well:
                    complain(str(error) or type(error).__name__)
                is_well = False
