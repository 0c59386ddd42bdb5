"""Who is counted under which name, what callers are told, and what a request costs that is counted."""

import re
from typing import Any
from uuid import UUID

import pytest

from adapters.limits.counter import StoredRateCounter
from adapters.limits.memory import BoundedMemoryStorage
from application.shared.principal import Principal, Role, Trace
from domain.shared.ids import ApiKeyId, UserId
from entrypoints.http.errors import TooManyRequests
from entrypoints.http.rate_limits import (
    ACCOUNT,
    ANONYMOUS,
    SOCKETS,
    STANDINGS,
    LimitClass,
    Quota,
    RateLimits,
    block_of,
    headers_of,
)

NAMES = ("default", "login", "registration", "confirmation", ANONYMOUS, ACCOUNT, SOCKETS)


class Watch:
    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


def person(number: int, key: int | None = None) -> Principal:
    return Principal(
        user_id=UserId(UUID(int=number)),
        role=Role.USER,
        trace=Trace(request_id="r"),
        scopes=None if key is None else frozenset(),
        api_key_id=None if key is None else ApiKeyId(UUID(int=key)),
    )


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def limits(watch: Watch) -> RateLimits:
    counter = StoredRateCounter(BoundedMemoryStorage(now=watch))
    return RateLimits(counter, {name: Quota(name, 3, 60) for name in NAMES}, now=watch)


async def refused_after(limits: RateLimits, principal: Principal) -> int:
    """How many requests of a caller are let in, of ten."""
    for number in range(10):
        try:
            await limits.caller(LimitClass.DEFAULT, {}, principal)
        except TooManyRequests:
            return number
    return 10


async def test_lets_in_as_many_as_the_quota_says_and_tells_when_there_are_more(
    limits: RateLimits, watch: Watch
) -> None:
    scopes: list[dict[str, Any]] = [{} for _ in range(4)]
    for scope in scopes[:3]:
        await limits.stranger(LimitClass.DEFAULT, scope, "192.0.2.1")
    with pytest.raises(TooManyRequests) as refusal:
        await limits.stranger(LimitClass.DEFAULT, scopes[3], "192.0.2.1")
    assert [scope[STANDINGS][0].remaining for scope in scopes] == [2, 1, 0, 0]
    assert refusal.value.policy == ANONYMOUS
    assert refusal.value.retry_after == scopes[3][STANDINGS][0].reset
    watch.seconds += refusal.value.retry_after
    await limits.stranger(LimitClass.DEFAULT, {}, "192.0.2.1")


async def test_windows_begin_at_moments_of_their_own(limits: RateLimits) -> None:
    resets = set()
    for number in range(20):
        scope: dict[str, Any] = {}
        await limits.stranger(LimitClass.DEFAULT, scope, f"192.0.2.{number}")
        resets.add(scope[STANDINGS][0].reset)
        assert 1 <= scope[STANDINGS][0].reset <= 60
    assert len(resets) > 5, "not everybody comes back at the same second"


async def test_counts_people_and_keys_each_by_themselves(limits: RateLimits) -> None:
    assert await refused_after(limits, person(1)) == 3
    assert await refused_after(limits, person(2)) == 3
    assert await refused_after(limits, person(1, key=1)) == 3
    assert await refused_after(limits, person(1, key=2)) == 3


async def test_an_address_with_a_whole_network_to_choose_from_is_one(limits: RateLimits) -> None:
    for number in range(3):
        await limits.stranger(LimitClass.LOGIN, {}, f"2001:db8:1:2::{number + 1:x}")
    with pytest.raises(TooManyRequests):
        await limits.stranger(LimitClass.LOGIN, {}, "2001:db8:1:2:ffff::1")
    await limits.stranger(LimitClass.LOGIN, {}, "2001:db8:1:3::1")


async def test_an_attempt_counts_for_the_account_wherever_it_comes_from(limits: RateLimits) -> None:
    for spelled in ("ada@example.org", " ADA@example.org", "Ada@Example.org "):
        await limits.account({}, spelled)
    with pytest.raises(TooManyRequests) as refusal:
        await limits.account({}, "ada@example.org")
    assert refusal.value.policy == ACCOUNT
    await limits.account({}, "grace@example.org")
    await limits.account({}, "\ud800" * 10_000)


async def test_no_email_address_is_kept_in_clear() -> None:
    seen = []

    class Spy(StoredRateCounter):
        async def add(self, key: str, seconds: int) -> int:
            seen.append(key)
            return await super().add(key, seconds)

    limits = RateLimits(Spy(BoundedMemoryStorage()), {ACCOUNT: Quota(ACCOUNT, 3, 60)})
    await limits.account({}, "ada@example.org")
    assert re.fullmatch(r"account:[0-9a-f]{32}:\d+", seen[0])


async def test_password_confirmation_has_a_limit_besides_the_general_one(limits: RateLimits) -> None:
    scope: dict[str, Any] = {}
    await limits.caller(LimitClass.CONFIRMATION, scope, person(1))
    assert [standing.quota.name for standing in scope[STANDINGS]] == ["default", "confirmation"]


async def test_exempt_operations_are_never_counted(limits: RateLimits) -> None:
    scope: dict[str, Any] = {}
    for _ in range(10):
        await limits.stranger(LimitClass.EXEMPT, scope, "192.0.2.1")
        await limits.caller(LimitClass.EXEMPT, scope, person(1))
    assert STANDINGS not in scope


async def test_headers_are_structured_fields(limits: RateLimits) -> None:
    scope: dict[str, Any] = {}
    await limits.caller(LimitClass.DEFAULT, scope, person(1))
    (policy, told), (limit, left) = headers_of(scope[STANDINGS])
    assert (policy, told, limit) == (b"ratelimit-policy", b'"default";q=3;w=60', b"ratelimit")
    assert re.fullmatch(rb'"default";r=2;t=([1-9]|[1-5]\d|60)', left)
    await limits.account(scope, "ada@example.org")
    (_, told), (_, left) = headers_of(scope[STANDINGS])
    assert told == b'"default";q=3;w=60, "account";q=3;w=60'
    assert re.fullmatch(rb'"default";r=2;t=\d+, "account";r=2;t=\d+', left)


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:2:3:4:5", "20010db800000001"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "0000000000000000"),
        (None, "unknown"),
        ("<local>", "<local>"),
        ("no:address", "unknown"),
    ],
)
def test_an_address_is_counted_by_its_block(address: str | None, block: str) -> None:
    assert block_of(address) == block
