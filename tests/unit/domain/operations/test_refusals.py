"""A flood of refusals is counted in few tallies, and none of it is left out of the sum."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.operations.refusals import MANY, Counted, Kind, Tallies, source_of
from domain.shared.ids import UserId

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA = UserId(UUID(int=7))
HERE = "192.0.2.1"


def kind(reason: str = "no_token", source: str | None = HERE, operation: str = "GET /") -> Kind:
    return Kind(reason, operation, None, source)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def taken(tallies: Tallies, now: datetime, *, everything: bool = False) -> list[Counted]:
    return list(tallies.take(now, everything=everything))


def test_tells_the_first_at_once_and_those_that_follow_when_the_window_ends() -> None:
    tallies = Tallies(window=timedelta(seconds=10))
    tallies.add(kind(), HERE, "r1", NOW)
    [first] = taken(tallies, after(1))
    assert (first.count, first.first_at, first.last_at, first.request_id) == (1, NOW, NOW, "r1")
    for second in range(2, 9):
        tallies.add(kind(), HERE, f"r{second}", after(second))
    assert taken(tallies, after(10)) == []
    [rest] = taken(tallies, after(11))
    assert (rest.count, rest.first_at, rest.last_at) == (7, after(2), after(8))
    assert (rest.address, rest.request_id) == (HERE, "r2")


def test_forgets_a_kind_that_stays_away() -> None:
    tallies = Tallies(window=timedelta(seconds=10))
    tallies.add(kind(), HERE, "r", NOW)
    assert len(taken(tallies, NOW)) == 1
    assert len(tallies) == 1
    assert taken(tallies, after(10)) == []
    assert len(tallies) == 0
    tallies.add(kind(), HERE, "r", after(11))
    assert len(taken(tallies, after(11))) == 1


@pytest.mark.parametrize(
    "other",
    [
        Kind("wrong_audience", "GET /", None, HERE),
        Kind("no_token", "POST /", None, HERE),
        Kind("no_token", "GET /", ADA, HERE),
        Kind("no_token", "GET /", None, "192.0.2.2"),
    ],
)
def test_tells_different_kinds_apart(other: Kind) -> None:
    tallies = Tallies()
    tallies.add(kind(), HERE, "a", NOW)
    tallies.add(other, other.source, "b", NOW)
    assert [(each.kind, each.count) for each in taken(tallies, NOW)] == [(kind(), 1), (other, 1)]


def test_everything_at_the_end_does_not_wait_for_its_window() -> None:
    tallies = Tallies()
    tallies.add(kind(), HERE, "a", NOW)
    taken(tallies, NOW)
    tallies.add(kind(), HERE, "b", after(1))
    assert [each.count for each in taken(tallies, after(1), everything=True)] == [1]


def test_one_source_cannot_use_up_the_room_of_others() -> None:
    tallies = Tallies(kinds=100, per_source=10)
    for number in range(500):
        tallies.add(kind(operation=f"GET /{number}"), HERE, "r", NOW)
    tallies.add(kind(source="192.0.2.2"), "192.0.2.2", "r", NOW)
    found = taken(tallies, NOW)
    assert len(found) == 12
    assert sum(each.count for each in found) == 501
    [many] = [each for each in found if each.kind.reason == MANY]
    assert (many.count, many.kind.source, many.address) == (490, HERE, HERE)
    assert found[-1].kind == kind(source="192.0.2.2")


def test_memory_is_bounded_and_every_refusal_counted_whoever_comes() -> None:
    tallies = Tallies(kinds=50, per_source=10)
    for number in range(5_000):
        address = f"198.51.{number // 250}.{number % 250}"
        tallies.add(kind(source=address), address, "r", NOW)
    assert len(tallies) == 51
    found = taken(tallies, NOW)
    assert sum(each.count for each in found) == 5_000
    [many] = [each for each in found if each.kind.reason == MANY]
    assert (many.kind.source, many.address, many.count) == (None, None, 4_950)
    taken(tallies, after(60))
    assert len(tallies) == 0
    tallies.add(kind(), HERE, "r", after(61))
    assert taken(tallies, after(61))[0].kind == kind()


def test_several_addresses_of_one_network_are_told_as_the_network() -> None:
    tallies, network = Tallies(), "2001:db8::/64"
    for address in ("2001:db8::1", "2001:db8::2"):
        tallies.add(kind(source=source_of(address)), address, "r", NOW)
    [found] = taken(tallies, NOW)
    assert (found.count, found.address) == (2, network)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        (None, None),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
    ],
)
def test_whom_an_address_belongs_to(address: str | None, source: str | None) -> None:
    assert source_of(address) == source
