"""Keys are made once, rotated without a token lost, and followed by every process."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from adapters.memory.signing_keys import InMemorySigningKeyStore
from adapters.security.key_set import RingOfStoredKeys, RingOnShow, SealedKeyMaker
from adapters.security.keys import KeyRing
from adapters.security.sealing import new_key
from application.identity.ports import TokenUse
from domain.identity.errors import InvalidToken, KeysChanged, KeysSealedOtherwise
from domain.identity.signing_key import KeyChange, KeyState, StoredKey, first_keys
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId
from tests.unit.application.identity.key_process import KEY, Process, started
from tests.unit.application.identity.rig import SetClock


@pytest.fixture
def store() -> InMemorySigningKeyStore:
    return InMemorySigningKeyStore()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def start(store: InMemorySigningKeyStore, clock: SetClock) -> Callable[[], Process]:
    return lambda: Process(store, clock)


async def test_the_first_start_makes_two_keys_and_the_second_none(start: Callable[[], Process]) -> None:
    one, two = await started(start()), await started(start())
    assert one.published == two.published
    assert len(one.published) == 2
    assert two.verifier.verify(one.token()).user_id == UserId(UUID(int=1))


async def test_starts_at_once_agree(start: Callable[[], Process]) -> None:
    processes = await asyncio.gather(*(started(start()) for _ in range(10)))
    assert len(processes[0].published) == 2
    assert all(process.published == processes[0].published for process in processes)


async def test_a_store_that_was_filled_in_between_is_believed(clock: SetClock) -> None:
    class Overtaken(InMemorySigningKeyStore):
        async def replace(
            self, seen: Sequence[StoredKey], keys: Sequence[StoredKey], change: KeyChange
        ) -> bool:
            maker = SealedKeyMaker(KEY)
            await super().replace([], first_keys(maker.make(), maker.make(), clock.now()), change)
            return await super().replace(seen, keys, change)

    store = Overtaken()
    one = await started(Process(store, clock))
    assert one.published == {key.kid for key in await store.keys()}


async def test_before_it_has_keys_a_process_signs_nothing(start: Callable[[], Process]) -> None:
    with pytest.raises(Unavailable):
        start().token()


async def test_a_rotation_is_no_surprise_to_who_knew_the_next_key(start: Callable[[], Process]) -> None:
    one, two = await started(start()), await started(start())
    before = one.token()
    await one.rotate()
    await one.follow.look()
    assert two.verifier.verify(one.token()), "published before it signed"
    assert two.verifier.verify(before)
    assert one.verifier.verify(before)
    await two.follow.look()
    assert one.published == two.published
    assert len(two.published) == 3


async def test_a_retired_key_keeps_nothing_private(
    start: Callable[[], Process], store: InMemorySigningKeyStore
) -> None:
    one = await started(start())
    await one.rotate()
    [retired] = [key for key in await store.keys() if key.state is KeyState.RETIRED]
    assert one.maker.opened(retired).key.is_private is False


async def test_a_retired_key_is_forgotten_when_its_last_token_has_expired(
    start: Callable[[], Process], clock: SetClock, store: InMemorySigningKeyStore
) -> None:
    one = await started(start())
    old = one.token(minutes=60 * 24 * 30)
    await one.rotate()
    await one.follow.look()
    clock.pass_by(days=29)
    assert one.tokens.read(TokenUse.ACCESS, old)
    clock.pass_by(days=1)
    await one.follow.look()
    assert len(one.published) == 2
    with pytest.raises(InvalidToken):
        one.tokens.read(TokenUse.ACCESS, old)
    assert len(await store.keys()) == 3
    await one.ensure()
    assert len(await store.keys()) == 2


async def test_keys_nobody_trusts_any_more_take_their_tokens_along(start: Callable[[], Process]) -> None:
    one = await started(start())
    token = one.token()
    one.verifier.verify(token)
    told: list[bool] = []
    one.follow.when_dropped(lambda: told.append(True))
    await one.rotate(trust_none=True)
    await one.follow.look()
    assert told == [True], "so that open connections end"
    with pytest.raises(InvalidToken):
        one.verifier.verify(token)
    assert one.verifier.verify(one.token())


async def test_a_rotation_and_a_keys_age_forget_no_verified_token(
    start: Callable[[], Process], clock: SetClock
) -> None:
    one = await started(start())
    one.follow.when_dropped(lambda: pytest.fail("nobody's connection has to end"))
    one.verifier.verify(one.token(minutes=60 * 24 * 40))
    await one.rotate()
    await one.follow.look()
    clock.pass_by(days=31)
    await one.follow.look()
    assert len(one.published) == 2, "the retired one is gone for its age"
    assert one.verifier._verified, "nothing has to be checked again"


async def test_of_two_rotations_at_once_one_is_refused(clock: SetClock) -> None:
    class Slow(InMemorySigningKeyStore):
        async def replace(
            self, seen: Sequence[StoredKey], keys: Sequence[StoredKey], change: KeyChange
        ) -> bool:
            await asyncio.sleep(0)
            return await super().replace(seen, keys, change)

    one = await started(Process(Slow(), clock))
    outcomes = await asyncio.gather(one.rotate(), one.rotate(), return_exceptions=True)
    assert [isinstance(outcome, KeysChanged) for outcome in outcomes].count(True) == 1


@pytest.mark.parametrize("key", ["", new_key()], ids=["none", "another"])
async def test_keys_sealed_otherwise_are_neither_opened_nor_replaced(
    start: Callable[[], Process], store: InMemorySigningKeyStore, clock: SetClock, key: str
) -> None:
    await started(start())
    before = await store.keys()
    stranger = Process(store, clock, key)
    await stranger.ensure()
    for attempt in (stranger.follow.look, stranger.rotate):
        with pytest.raises(KeysSealedOtherwise):
            await attempt()
    assert await store.keys() == before


async def test_a_lost_credentials_key_costs_the_keys_and_no_more(
    start: Callable[[], Process], store: InMemorySigningKeyStore, clock: SetClock
) -> None:
    await started(start())
    other = Process(store, clock, new_key())
    await other.rotate(trust_none=True)
    await other.follow.look()
    assert other.verifier.verify(other.token())


async def test_a_new_credentials_key_before_the_old_one_opens_what_there_is(
    start: Callable[[], Process], store: InMemorySigningKeyStore, clock: SetClock
) -> None:
    one = await started(start())
    both = await started(Process(store, clock, f"{new_key()},{KEY}"))
    assert both.verifier.verify(one.token())
    await both.rotate()


async def test_a_key_cannot_be_put_in_another_ones_place(
    start: Callable[[], Process], store: InMemorySigningKeyStore
) -> None:
    one = await started(start())
    current, following = await store.keys()
    if current.state is not KeyState.CURRENT:
        current, following = following, current
    swapped = StoredKey(
        kid=current.kid,
        state=KeyState.CURRENT,
        sealed=following.sealed,
        created_at=current.created_at,
        activated_at=current.activated_at,
    )
    with pytest.raises(KeysSealedOtherwise):
        one.maker.opened(swapped)


def test_what_is_published_has_no_private_part(clock: SetClock) -> None:
    maker = SealedKeyMaker(KEY)
    ring = KeyRing(None)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    RingOfStoredKeys(ring, maker, clock).hold(first_keys(maker.make(), maker.make(), now))
    for key in RingOnShow(ring).public():
        assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("OKP", "Ed25519", "sig", "Ed25519")


async def test_every_change_is_in_the_audit_log(
    start: Callable[[], Process], clock: SetClock, store: InMemorySigningKeyStore
) -> None:
    one = await started(start())
    await started(start())
    await one.rotate()
    clock.pass_by(days=30)
    await one.ensure()
    await one.rotate(trust_none=True)
    words = ["created", "rotated", "expired", "revoked"]
    assert [row.action for row in store.audit] == [f"signing_keys.{word}" for word in words]
    assert {row.request_id for row in store.audit} == {"a-request"}
