"""A process hears of a rotation in time, and goes on when it cannot."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from adapters.memory.signing_keys import InMemorySigningKeyStore
from domain.identity.errors import InvalidToken
from domain.identity.signing_key import StoredKey
from domain.shared.errors import Unavailable
from tests.unit.application.identity.key_process import Process, started
from tests.unit.application.identity.rig import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


async def test_an_unknown_key_makes_a_process_look_at_once_but_not_for_every_token(clock: SetClock) -> None:
    class Counting(InMemorySigningKeyStore):
        looks = 0

        async def keys(self) -> Sequence[StoredKey]:
            self.looks += 1
            return await super().keys()

    store = Counting()
    pace = (timedelta(hours=1), timedelta(milliseconds=20))
    one, two = await started(Process(store, clock)), await started(Process(store, clock, pace=pace))
    following = asyncio.create_task(two.follow.run(pytest.fail))
    try:
        await one.rotate(trust_none=True)
        await one.follow.look()
        token, looks = one.token(), store.looks
        await soon(lambda: knows(two, token))
        assert 1 <= store.looks - looks <= 2, "however often it was asked"
    finally:
        following.cancel()


async def soon(holds: Callable[[], bool]) -> None:
    """Lets the loop run until this is so; fails after half a minute."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # what is followed tells nobody when it has looked
            await asyncio.sleep(0)


def knows(process: Process, token: str) -> bool:
    try:
        return bool(process.verifier.verify(token))
    except InvalidToken:
        return False


async def test_a_store_that_is_away_is_complained_of_once_and_asked_again(clock: SetClock) -> None:
    class Away(InMemorySigningKeyStore):
        is_away = False

        async def keys(self) -> Sequence[StoredKey]:
            if self.is_away:
                raise Unavailable("the database does not answer")
            return await super().keys()

    store, complaints = Away(), list[str]()
    pace = (timedelta(milliseconds=2), timedelta(milliseconds=1))
    one = await started(Process(store, clock, pace=pace))
    token = one.token()
    following = asyncio.create_task(one.follow.run(complaints.append))
    try:
        store.is_away = True
        await soon(lambda: bool(complaints))
        assert one.verifier.verify(token), "it goes on with the keys it has"
        store.is_away = False
        await one.rotate()
        await soon(lambda: len(one.published) == 3)
        assert complaints == ["the database does not answer"]
    finally:
        following.cancel()
